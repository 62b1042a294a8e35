/** Targets that are remembered. */
const MOST = 10_000
/** Names of all of them together: about 10 MB. */
const MOST_NAMES = 200_000
/** Names of one target, over all its variants; with more it is purged. */
const MOST_OF_ONE = 5_000

/** What the CDN may hold of one target, in whichever variant. */
interface Sent {
  readonly names: Set<string>
  /** Lists that are in it. */
  readonly lists: WeakSet<readonly string[]>
}

/**
 * Which targets a CDN may hold, and what they were made of: for one that drops by path alone. Bounded:
 * what is forgotten is handed to `forgotten`, which has it purged, so that the CDN holds nothing that is
 * not known here.
 */
export class SentTargets {
  /** The one that was sent longest ago first. */
  private readonly targets = new Map<string, Sent>()
  private readonly byName = new Map<string, Set<string>>()
  private names = 0

  constructor(
    private readonly forgotten: (target: string) => void,
    private readonly most = MOST,
  ) {}

  get size(): number {
    return this.targets.size
  }

  add(target: string, names: readonly string[]): void {
    const before = this.targets.get(target)
    // A hit is given again and again.
    if (before?.lists.has(names) === true) return
    this.take(target)
    const isMuch = (before?.names.size ?? 0) + names.length > MOST_OF_ONE
    if (before !== undefined && isMuch) this.forgotten(target)
    const sent =
      before === undefined || isMuch ? { names: new Set<string>(), lists: new WeakSet() } : before
    for (const name of names) sent.names.add(name)
    sent.lists.add(names)
    this.targets.set(target, sent)
    this.names += sent.names.size
    for (const name of sent.names) {
      const known = this.byName.get(name)
      if (known === undefined) this.byName.set(name, new Set([target]))
      else known.add(target)
    }
    for (const [oldest] of this.targets) {
      if (this.targets.size <= this.most && this.names <= MOST_NAMES) return
      this.take(oldest)
      this.forgotten(oldest)
    }
  }

  /** The targets that were made of one of these; they are to be purged, and are not known any more. */
  of(names: readonly string[]): string[] {
    const found = new Set<string>()
    for (const name of names) for (const target of this.byName.get(name) ?? []) found.add(target)
    for (const target of found) this.take(target)
    return [...found]
  }

  all(): string[] {
    const found = [...this.targets.keys()]
    this.targets.clear()
    this.byName.clear()
    this.names = 0
    return found
  }

  private take(target: string): void {
    const { names } = this.targets.get(target) ?? {}
    if (names === undefined) return
    this.targets.delete(target)
    this.names -= names.size
    for (const name of names) {
      const known = this.byName.get(name)
      known?.delete(target)
      if (known?.size === 0) this.byName.delete(name)
    }
  }
}
