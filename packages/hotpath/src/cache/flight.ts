import { Computation } from './computation.js'
import type { Entry } from './entry.js'

/** What a flight came to: an entry, or a value that is not kept. */
export type Outcome = { readonly entry: Entry } | { readonly value: unknown }

/** A computation under way, which callers of its key may join. */
export class Flight {
  readonly computation: Computation
  /** Set once it runs. */
  outcome!: Promise<Outcome>
  /** What it gives must not be kept, nor joined any more: its key was deleted, or all was cleared. */
  dead = false
  /** A change may have been missed while it ran: what it gives goes to the store alone, which knows of it. */
  deaf = false
  /** Whether the store was asked, by when callers may have come who began after a change. */
  asked = false
  /** The versions of its tags at the store, once they are known. */
  ids: ReadonlyMap<string, string> | undefined
  /** What the store has of it that is in grace, for when the computation fails. */
  fallback: Entry | undefined
  /** What the store had of it that is to be computed anew. */
  aged: Entry | undefined
  /** Whether somebody else waits for it too. */
  joined = false
  #known = false
  #tell: (() => void) | undefined
  #told: Promise<void> | undefined

  constructor(
    readonly key: string,
    parent: Computation | undefined,
    readonly startedAt: number,
    /** The names of the tags that it has noted before it began. */
    readonly declared: readonly string[],
  ) {
    this.computation = new Computation(parent)
  }

  /** Its `ids` are known, or will not be. */
  know(): void {
    this.#known = true
    this.#tell?.()
  }

  whenKnown(): Promise<void> {
    this.#told ??= this.#known
      ? Promise.resolve()
      : new Promise(resolve => {
          this.#tell = resolve
        })
    return this.#told
  }

  /**
   * Whether a caller who comes now may have what it gives: nothing that it has read was changed since.
   * What takes longer than its `hardTimeout` is not waited for by further callers.
   */
  admits(now: number, hardMs: number): boolean {
    if (this.dead || !this.computation.isFresh()) return false
    return hardMs === 0 || now - this.startedAt < hardMs
  }
}
