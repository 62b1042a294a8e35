import { countDropped } from './counts.js'
import type { OpenSpan } from './span.js'

/** Spans that wait for the worker: about 10 MB, four seconds of the most that is kept. */
const RING_SPANS = 20_000

/**
 * Ended spans of kept traces on their way to the worker. When it is full the oldest go, since what
 * happens now is what somebody looks for; they are counted.
 */
export class Ring {
  private entries: (readonly OpenSpan[])[] = []
  private held = 0

  constructor(private readonly capacity = RING_SPANS) {}

  get spans(): number {
    return this.held
  }

  push(spans: readonly OpenSpan[]): void {
    this.entries.push(spans)
    this.held += spans.length
    while (this.held > this.capacity) {
      const oldest = this.entries.shift()
      if (oldest === undefined) return
      this.held -= oldest.length
      countDropped('spans', 'ring', oldest.length)
    }
  }

  /** The oldest entries, whole, until they hold `spans` spans or more. */
  take(spans: number): OpenSpan[] {
    const taken: OpenSpan[] = []
    let entries = 0
    while (taken.length < spans && entries < this.entries.length) {
      for (const span of this.entries[entries] as readonly OpenSpan[]) taken.push(span)
      entries++
    }
    this.entries.splice(0, entries)
    this.held -= taken.length
    return taken
  }
}
