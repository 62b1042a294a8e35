import type { Window } from './rule.js'

/** Why somebody is refused. */
export type Reason =
  /** They asked more often than the rate allows. */
  | 'rate'
  /** They were refused too often before. */
  | 'penalty'
  /** They are on the list. */
  | 'denied'
  /** The store is away, and `onStoreFailure` is `closed`. */
  | 'store'
  /** They would have had to wait longer than a throttle lets them, or behind too many. */
  | 'delay'

/** What became of one request: a refusal is a value, never an exception. */
export interface Decision {
  readonly allowed: boolean
  /** What the window has that is nearest to its end. */
  readonly limit: number
  /** How many more may come at once. */
  readonly remaining: number
  /** Until nothing of what was asked counts any more. */
  readonly resetMs: number
  /** Until asking again may help; 0 where it was allowed, Infinity where it never will. */
  readonly retryAfterMs: number
  /** Undefined where it was allowed. */
  readonly reason: Reason | undefined
  /** The rate that is nearest to its end, as it was written: `100/h`. */
  readonly rate: string
  /** The store did not answer: this process decided alone. */
  readonly alone: boolean
}

/** A class, so that all decisions have one shape. */
export class Decided implements Decision {
  constructor(
    readonly allowed: boolean,
    readonly limit: number,
    readonly remaining: number,
    readonly resetMs: number,
    readonly retryAfterMs: number,
    readonly reason: Reason | undefined,
    readonly rate: string,
    readonly alone: boolean,
  ) {}
}

/** Somebody on the list of those who are never limited. */
export const unlimited = ({ count, name }: Window): Decision =>
  new Decided(true, count, count, 0, 0, undefined, name, false)

/** Somebody on the list of those who are always refused. */
export const denied = ({ count, name }: Window): Decision =>
  new Decided(false, count, 0, 0, Number.POSITIVE_INFINITY, 'denied', name, false)
