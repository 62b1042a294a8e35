import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CdnHost } from '../cdn/host.js'
import type { Gauge } from '../trace/gauges.js'
import type { RequestSpan, Run } from './seam.js'

/**
 * What the request's way needs of the recorder. This folder is loaded as a bundle of its own, so what
 * has one instance in the process (the async context, the counters) is handed in.
 */
export interface Host extends CdnHost {
  /** Adds to a counter that leaves as `hotpath.cache.NAME`. */
  count(name: CacheCounter, route: string, reason: string, n: number): void
  /** The same of a counter by its whole name. */
  countAs(name: string, route: string, reason: string, n: number): void
  /** Figures that are read with each delivery of metrics. */
  gauges(read: () => readonly Gauge[]): void
  /**
   * Limits, where there are any: true, if they have taken the request that is about to be given a kept answer, and
   * call `go` once it may be.
   */
  readonly hold?:
    | ((
        route: string,
        request: IncomingMessage,
        response: ServerResponse,
        go: () => void,
      ) => boolean)
    | undefined
  /** Calls `hand` before counters leave the process. */
  beforeCounts(hand: () => void): void
  /** Runs `fn` as part of this request. */
  within<T>(span: RequestSpan, fn: () => T): T
  /** Runs a request that nobody sent as work of its own, and gives its span. */
  background(
    name: string,
    request: IncomingMessage,
    response: ServerResponse,
    begin: (span: RequestSpan, run: (emit: Run) => boolean) => void,
  ): void
}

/** Counters of cached answers; docs/architecture.md says what they mean. */
export type CacheCounter =
  | 'hits'
  | 'stale'
  | 'coalesced'
  | 'fills'
  | 'unseen'
  | 'shared'
  | 'passed'
  | 'refused'
  | 'invalidated'
  | 'evicted'
  | 'shadow.hits'
  | 'shadow.differences'
