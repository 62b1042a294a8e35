import { PRIORITIES } from '../config/crowd.js'

/** Somebody who waits. */
export interface Waiting {
  /** 0 is `critical`. */
  readonly priority: number
  readonly sinceMs: number
}

/** Those who wait for a place, at most so many, by priority and within one in the order of their coming. */
export class Line<W extends Waiting> {
  readonly #byPriority: W[][] = PRIORITIES.map(() => [])
  length = 0

  /** Of those who wait; 4: nobody does. */
  get mostImportant(): number {
    const at = this.#byPriority.findIndex(list => list.length > 0)
    return at < 0 ? PRIORITIES.length : at
  }

  add(waiting: W): void {
    this.#byPriority[waiting.priority]?.push(waiting)
    this.length++
  }

  /**
   * The most important one: that which came first, or `newest`, that which came last.
   * @param most Of no less importance than this; -1: none.
   */
  take(newest: boolean, most: number): W | undefined {
    for (const [priority, list] of this.#byPriority.entries()) {
      if (priority > most) return undefined
      if (list.length === 0) continue
      this.length--
      return newest ? list.pop() : list.shift()
    }
    return undefined
  }

  /** Who has to go for somebody of this priority: the oldest of the least important; undefined: nobody. */
  displace(priority: number, orEqual: boolean): W | undefined {
    for (let of = this.#byPriority.length - 1; of >= priority + (orEqual ? 0 : 1); of--) {
      const gone = this.#byPriority[of]?.shift()
      if (gone === undefined) continue
      this.length--
      return gone
    }
    return undefined
  }

  /** All who came before this time, and have waited for too long. */
  expired(beforeMs: number): W[] {
    const gone: W[] = []
    for (const list of this.#byPriority)
      while (list.length > 0 && (list[0] as W).sinceMs < beforeMs) gone.push(list.shift() as W)
    this.length -= gone.length
    return gone
  }

  /** Those whose clients are gone. */
  drop(isGone: (waiting: W) => boolean): void {
    this.length = 0
    for (const [priority, list] of this.#byPriority.entries()) {
      const left = list.filter(waiting => !isGone(waiting))
      this.#byPriority[priority] = left
      this.length += left.length
    }
  }
}
