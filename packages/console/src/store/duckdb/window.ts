import type { DuckDBValue } from '@duckdb/node-api'
import type { Window } from '../store.js'

/** A window as parameters of a statement. Spans count by their start in [since, until), points by their end in (since, until]. */
export interface WindowParameters extends Record<string, DuckDBValue> {
  readonly since: bigint
  readonly until: bigint
  readonly service: string | null
}

export const farFuture = 2n ** 63n - 1n

export const windowParameters = (window: Window): WindowParameters => ({
  since: nanoseconds(window.sinceMs),
  until: window.untilMs === undefined ? farFuture : nanoseconds(window.untilMs),
  service: window.service ?? null,
})

/** Milliseconds, with or without a fraction, as the nanoseconds of a row; kept within 64 bits. */
export function nanoseconds(ms: number): bigint {
  const ns = BigInt(Math.round(ms)) * 1_000_000n
  return ns > farFuture ? farFuture : ns < -farFuture ? -farFuture : ns
}

/** SQL: the rows of `alias` that belong to the window. */
export const pointInWindow = (alias: string): string =>
  `${alias}.end_ns > $since and ${alias}.end_ns <= $until`
export const ofService = (alias: string): string =>
  `($service is null or ${alias}.service = $service)`
