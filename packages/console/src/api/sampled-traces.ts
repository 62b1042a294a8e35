import { setImmediate as nextTurn } from 'node:timers/promises'
import { seenIn } from '../diagnose/seen.js'
import { assemble } from '../intake/assemble.js'
import type { Trace } from '../model.js'
import type { SampledTrace, Store } from '../store/store.js'

/** Spans of all traces that are kept, and so of one sample. A span takes about a kilobyte. */
const keptSpans = 60_000
/** The recorder cuts a trace at as many spans. */
const spansPerTrace = 5_000
/** Spans that are read at once: they come in one message, which is unpacked at one go, 1,000 in 5 to 10 ms. */
const sliceSpans = 1_000

/** The sampled traces of a store; all who ask share them. */
export function sampledTraces(store: Store): SampledTraces {
  const known = ofStores.get(store)
  if (known) return known
  const made = new SampledTraces(store, keptSpans)
  ofStores.set(store, made)
  return made
}

const ofStores = new WeakMap<Store, SampledTraces>()

/**
 * Traces of samples, put in order and gone through, kept for the next question: from one to the next most of
 * a sample stays the same. The event loop has its turn between any two pieces of the work, so that other
 * answers do not wait for this one.
 */
export class SampledTraces {
  readonly #store: Pick<Store, 'spansOf'>
  readonly #most: number
  /** The one that was used longest ago first. */
  readonly #kept = new Map<string, Kept>()
  #spans = 0
  /** One sample after another: the second finds what the first has read. */
  #last: Promise<unknown> = Promise.resolve()

  /** Keeps traces of at most `most` spans together. */
  constructor(store: Pick<Store, 'spansOf'>, most: number) {
    this.#store = store
    this.#most = most
  }

  /** Spans that are kept. */
  get spans(): number {
    return this.#spans
  }

  /**
   * The traces of a sample, in its order. When they are too many spans together, those at its end are
   * left out; a trace that is gone from the store is left out too.
   */
  of(sample: readonly SampledTrace[]): Promise<Trace[]> {
    const traces = this.#last.then(() => this.#read(within(sample, this.#most)))
    this.#last = traces.catch(() => undefined)
    return traces
  }

  async #read(sample: readonly SampledTrace[]): Promise<Trace[]> {
    const found = new Map<string, Trace>()
    const lacking: SampledTrace[] = []
    for (const one of sample) {
      const kept = this.#kept.get(one.traceId)
      if (kept?.stored !== one.spans) lacking.push(one)
      else {
        this.#keep(one.traceId, kept)
        found.set(one.traceId, kept.trace)
      }
    }
    for (const slice of slices(lacking)) {
      const lists = await this.#store.spansOf(slice, spansPerTrace)
      for (const [i, { traceId, spans: stored }] of slice.entries()) {
        const spans = lists[i] ?? []
        if (spans.length === 0) continue
        await nextTurn()
        const trace = assemble(spans)
        await nextTurn()
        seenIn(trace)
        this.#keep(traceId, { trace, stored, spans: spans.length })
        found.set(traceId, trace)
      }
    }
    return sample.flatMap(({ traceId }) => found.get(traceId) ?? [])
  }

  #keep(traceId: string, kept: Kept): void {
    this.#drop(traceId)
    this.#kept.set(traceId, kept)
    this.#spans += kept.spans
    for (const oldest of this.#kept.keys()) {
      if (this.#spans <= this.#most) break
      this.#drop(oldest)
    }
  }

  #drop(traceId: string): void {
    this.#spans -= this.#kept.get(traceId)?.spans ?? 0
    this.#kept.delete(traceId)
  }
}

interface Kept {
  readonly trace: Trace
  /** Spans in the store when it was chosen; with more it is read again. */
  readonly stored: number
  readonly spans: number
}

const sizeOf = ({ spans }: SampledTrace): number => Math.min(spans, spansPerTrace)

/** The first of a sample that are together no more than so many spans. */
function within(sample: readonly SampledTrace[], most: number): readonly SampledTrace[] {
  let left = most
  const end = sample.findIndex(one => (left -= sizeOf(one)) < 0)
  return end < 0 ? sample : sample.slice(0, end)
}

/** In order of time: traces that stand near each other in the store are read at once. */
function slices(traces: readonly SampledTrace[]): SampledTrace[][] {
  const found: SampledTrace[][] = []
  let left = 0
  for (const one of [...traces].sort((a, b) => (a.fromNs < b.fromNs ? -1 : 1))) {
    left -= sizeOf(one)
    if (left < 0 || found.length === 0) {
      found.push([])
      left = sliceSpans - sizeOf(one)
    }
    found.at(-1)?.push(one)
  }
  return found
}
