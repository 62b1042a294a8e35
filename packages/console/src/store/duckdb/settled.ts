/** A trace that ended so much before the newest point has all of its spans, as a rule. */
const settledNs = 600_000_000_000n
/** Then it is looked up again: for spans that came even later. */
const knownMs = 300_000

/** Between which times spans were looked for. */
export interface Looked {
  readonly fromNs: bigint
  readonly toNs: bigint
}

/**
 * What is known of traces that were settled when they were looked up. To find the spans of some traces
 * means to look at the ids of all spans, which is most of the time that lists and samples take.
 */
export class Settled<Value> {
  readonly #known = new Map<
    string,
    { readonly value: Value; readonly looked: Looked; readonly untilMs: number }
  >()
  readonly #most: number
  #size = 0

  /** Keeps values of `most` together, in the measure of `note`. */
  constructor(most: number) {
    this.#most = most
  }

  /** What was found where at least `looked` was looked at. */
  get(traceId: string, looked: Looked, nowMs: number): Value | undefined {
    const known = this.#known.get(traceId)
    if (known === undefined || nowMs >= known.untilMs) return undefined
    const { fromNs, toNs } = known.looked
    return fromNs <= looked.fromNs && toNs >= looked.toNs ? known.value : undefined
  }

  /** `endNs` is of the trace, `newestNs` of the newest point in the store, which may be ahead of the clock. */
  note(
    traceId: string,
    value: Value,
    size: number,
    times: Looked & { readonly endNs: bigint; readonly newestNs: bigint; readonly nowMs: number },
  ): void {
    const { fromNs, toNs, endNs, newestNs, nowMs } = times
    const clockNs = BigInt(nowMs) * 1_000_000n
    if (endNs > (newestNs < clockNs ? newestNs : clockNs) - settledNs) return
    if (this.#size + size > this.#most) this.clear()
    if (size > this.#most) return
    this.#known.set(traceId, { value, looked: { fromNs, toNs }, untilMs: nowMs + knownMs })
    this.#size += size
  }

  /** Spans were dropped. */
  clear(): void {
    this.#known.clear()
    this.#size = 0
  }
}
