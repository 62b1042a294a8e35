import type { Computation } from '../cache/computation.js'

/** A key that computations asked for. What is read for it is read by each of them. */
export class Ask {
  #callers: Computation[] = []
  #load: Computation | undefined

  constructor(readonly key: unknown) {}

  isFor(caller: Computation): void {
    if (this.#load === undefined) this.#callers.push(caller)
    else this.#load.feeds(caller)
  }

  /** Its batch goes out now. Told at once, so that nobody who comes after a change joins a caller of before. */
  isLoadedBy(load: Computation): void {
    this.#load = load
    for (const caller of this.#callers) load.feeds(caller)
    this.#callers = []
  }
}
