import type { BatchRows } from '../encode.js'
import { lowWord, type SpanTable } from '../span-table.js'
import { traceDigits, traceNumbers } from './ids.js'

/** A filter of 128 kB: nearly all spans that are written are of no trace that is followed. */
const bits = 2 ** 20
/** With more bits set too many spans would pass it. */
const mostSet = bits / 8

/** Between which times spans were looked for. */
export interface Looked {
  readonly fromNs: bigint
  readonly toNs: bigint
}

/** A trace that is being looked up, or was. */
export interface Following<Value> {
  readonly traceId: string
  readonly looked: Looked
  known?: { readonly value: Value; readonly size: number }
}

/**
 * What is known of traces, until a span of theirs is written. To find the spans of some traces means to look
 * at the ids of all spans, which is most of the time that lists and samples take.
 */
export class Followed<Value> {
  readonly #traces = new Map<string, Following<Value>>()
  readonly #bits = new Uint32Array(bits / 32)
  readonly #most: number
  #size = 0
  #set = 0

  /** Keeps values of `most` together, in the measure of `note`. */
  constructor(most: number) {
    this.#most = most
  }

  /** What was found where at least `looked` was looked at. */
  get(traceId: string, looked: Looked): Value | undefined {
    const known = this.#traces.get(traceId)
    if (known === undefined) return undefined
    const { fromNs, toNs } = known.looked
    return fromNs <= looked.fromNs && toNs >= looked.toNs ? known.known?.value : undefined
  }

  /** To be called before a trace is looked up: what is written of it from now on may not be in what is found. */
  follow(traceId: string, looked: Looked): Following<Value> {
    this.#drop(traceId)
    if (this.#set >= mostSet) this.clear()
    const following: Following<Value> = { traceId, looked }
    this.#traces.set(traceId, following)
    const bit = Number(BigInt.asUintN(32, traceNumbers(traceId)[1])) % bits
    const [at, mask] = [bit >>> 5, 1 << (bit & 31)]
    if (((this.#bits[at] as number) & mask) === 0) this.#set++
    this.#bits[at] = (this.#bits[at] as number) | mask
    return following
  }

  /** Keeps what was found, unless a span of the trace was written meanwhile. */
  note(following: Following<Value>, value: Value, size: number): void {
    const { traceId } = following
    if (this.#traces.get(traceId) !== following) return
    if (size > this.#most) {
      this.#drop(traceId)
      return
    }
    for (const oldest of this.#traces.keys()) {
      if (this.#size + size <= this.#most) break
      if (oldest !== traceId) this.#drop(oldest)
    }
    following.known = { value, size }
    this.#size += size
  }

  /** To be told of batches after the try to commit them, and before anybody is told that they are written. */
  written(batches: readonly BatchRows[]): void {
    if (this.#traces.size === 0) return
    for (const { spans } of batches) this.#writtenSpans(spans)
  }

  /** Spans may be gone. */
  clear(): void {
    this.#traces.clear()
    this.#bits.fill(0)
    this.#size = 0
    this.#set = 0
  }

  /** By the lower words of the lower halves of ids, which are random: a bigint for each span would take longer. */
  #writtenSpans({ count, ids }: SpanTable): void {
    const words = new Uint32Array(ids.buffer, ids.byteOffset, 8 * count)
    for (let row = 0; row < count; row++) {
      const bit = (words[8 * row + 2 + lowWord] as number) % bits
      if (((this.#bits[bit >>> 5] as number) & (1 << (bit & 31))) === 0) continue
      this.#drop(traceDigits(ids[4 * row] as bigint, ids[4 * row + 1] as bigint))
    }
  }

  #drop(traceId: string): void {
    this.#size -= this.#traces.get(traceId)?.known?.size ?? 0
    this.#traces.delete(traceId)
  }
}
