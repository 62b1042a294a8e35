import type { Attributes } from '../trace/attributes.js'
import type { RouteStats } from '../trace/routes.js'
import type { ActiveTrace } from '../trace/span.js'

/** What a statement's span is told of how it was answered. */
export interface StatementHandle {
  add(attributes: Attributes): void
}

/**
 * What the stages of statements need of the recorder. This folder is loaded as a bundle of its own,
 * so what has one instance in the process (the async context, the counters) is handed in.
 */
export interface Host {
  /** Comes true when the app has loaded the driver. */
  readonly driver: Promise<void>
  /** The trace of the request that the running code belongs to; undefined outside of one. */
  request(): ActiveTrace | undefined
  /** Runs `fn` outside of any trace: for statements of ours. */
  untraced<T>(fn: () => T): T
  /** A span and a count for a statement that no client of the driver sees. */
  begin(client: object, config: unknown, values: unknown): OpenStatement | undefined
  /** Tells the span of a query of the driver how it was answered. */
  mark(query: object, attributes: Attributes): void
  /** An exception of ours was caught. */
  caught(where: string): void
  /** Adds to a counter that leaves as `hotpath.batch.NAME`. */
  count(name: BatchCounter, route: string, reason: string, n: number): void
  /** Adds to a counter that leaves as `hotpath.NAME`. */
  tally(name: string, n: number, reason?: string): void
  /** `hand` is called before counters leave: for who counts much, and hands it on in lots. */
  beforeCounts(hand: () => void): void
  /** One line for the person who runs the app. */
  say(line: string): void
  now(): number
}

/** A statement that is answered without a client: ended by hand. */
export interface OpenStatement extends StatementHandle {
  succeed(rows: number): void
}

/** Counters of batching; docs/architecture.md says what they mean. */
export type BatchCounter =
  | 'batches'
  | 'keys'
  | 'served'
  | 'wasted'
  | 'fallbacks'
  | 'off'
  | 'shadow.batches'
  | 'shadow.gain_us'
  | 'shadow.differences'

/** What the trace's root is told to be on: the same object for the same route. */
export function routeOf(trace: ActiveTrace): RouteStats | undefined {
  return trace.root?.stats()
}

export function routeName(stats: RouteStats | undefined): string {
  return stats === undefined ? '' : `${stats.method} ${stats.template ?? ''}`.trim()
}
