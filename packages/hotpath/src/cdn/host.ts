/** What the purges need of the recorder, of which there is one in the process. */
export interface CdnHost {
  /** An exception of ours was caught. */
  caught(where: string): void
  /** Adds to a counter that leaves as `hotpath.cdn.NAME`, by the name of the driver. */
  countCdn(name: CdnCounter, driver: string, n: number): void
  /** One line for the person who runs the app. */
  say(line: string): void
}

/** Counters of purges; docs/architecture.md says what they mean. */
export type CdnCounter = 'purged' | 'calls' | 'failures' | 'given_up' | 'lost'

/** Time, and what waits for it: a test hands in its own. */
export interface Timing {
  /** Milliseconds, monotonic. */
  now(): number
  /** Calls `fn` in so many milliseconds, and does not keep the process alive for it. Returns what takes it back. */
  after(ms: number, fn: () => void): () => void
}
