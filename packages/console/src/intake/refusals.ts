import type { PartialSuccess } from './otlp/reply.js'

/** Spans or points of one request that were refused one by one, with the reasons. */
export class Refusals {
  readonly #what: 'spans' | 'points'
  readonly #reasons = new Map<string, number>()

  constructor(what: 'spans' | 'points') {
    this.#what = what
  }

  /** `reason` follows on the noun: 'without a start time'. */
  add(reason: string): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1)
  }

  get count(): number {
    let count = 0
    for (const each of this.#reasons.values()) count += each
    return count
  }

  partialSuccess(): PartialSuccess | undefined {
    if (this.#reasons.size === 0) return undefined
    const parts = [...this.#reasons]
      .slice(0, 10)
      .map(([reason, n]) => `${n} ${this.#what} ${reason}`)
    return { refused: this.count, reason: `Refused: ${parts.join('; ')}.` }
  }
}
