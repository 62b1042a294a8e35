/** What limits need of whoever counts: the recorder, or a mount by hand. */
export interface LimitHost {
  /** Counts an exception of ours, or of a function of the config. */
  caught(where: string): void
  /** Adds to a counter that leaves as `hotpath.limit.NAME`. */
  count(name: LimitCounter, route: string, detail: LimitDetail, n: number): void
  /** Calls `hand` before counters leave the process. */
  beforeCounts(hand: () => void): void
}

export interface LimitDetail {
  readonly reason?: string
  /** Of a client, keyed with what lives and dies with the process. */
  readonly key?: string
}

/** docs/architecture.md says what they mean. */
export type LimitCounter =
  | 'allowed'
  | 'delayed'
  | 'delay_us'
  | 'refused'
  | 'shadow.refused'
  | 'alone'
  | 'forgotten'
  | 'key.refused'
