/** A trace that ended so much before the newest point has all of its spans, as a rule. */
const settledNs = 600_000_000_000n
/** Then it is looked up again: for spans that came even later. */
const knownMs = 300_000

/**
 * What is known of traces that were settled when they were looked up. To find the spans of some traces
 * means to look at the ids of all spans, which is most of the time that lists and samples take.
 */
export class Settled<Value> {
  readonly #known = new Map<string, { readonly value: Value; readonly untilMs: number }>()
  readonly #most: number
  #size = 0

  /** Keeps values of `most` together, in the measure of `note`. */
  constructor(most: number) {
    this.#most = most
  }

  get(traceId: string, nowMs: number): Value | undefined {
    const known = this.#known.get(traceId)
    return known !== undefined && nowMs < known.untilMs ? known.value : undefined
  }

  /** `endNs` is of the trace, `newestNs` of the newest point in the store. */
  note(
    traceId: string,
    value: Value,
    size: number,
    times: { readonly endNs: bigint; readonly newestNs: bigint; readonly nowMs: number },
  ): void {
    if (times.endNs > times.newestNs - settledNs) return
    if (this.#size + size > this.#most) {
      this.#known.clear()
      this.#size = 0
    }
    if (size > this.#most) return
    this.#known.set(traceId, { value, untilMs: times.nowMs + knownMs })
    this.#size += size
  }
}
