/** More tags than this in one transaction: it is all of its database. */
const MOST = 10_000

/** What one transaction has written so far, by tags: they change when it is over. */
export class Pending {
  /** Some may be there twice. */
  names: readonly string[]
  /** The same list, once it is our own. */
  private own: string[] | undefined
  /** Something writes of which neither beginning nor end is seen: see `Transactions`. */
  unseen = false

  /**
   * @param everything It cannot be told, and not even in which database.
   * @param ddl Tables, types or functions were changed.
   */
  constructor(
    names: readonly string[],
    public everything = false,
    public ddl = false,
  ) {
    this.names = names
  }

  /** What came after it in the same transaction. */
  add(more: Pending): void {
    this.everything ||= more.everything
    this.ddl ||= more.ddl
    this.unseen ||= more.unseen
    if (this.everything) return
    this.own ??= [...this.names]
    for (const name of more.names) this.own.push(name)
    if (this.own.length > MOST) {
      // A loop over the same rows is few tags, many times.
      this.own = [...new Set(this.own)]
      if (this.own.length > MOST / 2) this.everything = true
    }
    this.names = this.own
  }
}
