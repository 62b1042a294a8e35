import { DURATION, durationMs } from './duration.js'
import { isRecord, type Rule } from './rule.js'

/** What is done with database connections. Durations are text: `'500ms'`, `'5s'`, `'30m'`. */
export interface PoolConfig {
  /** A connection that a caller of `pool.connect` keeps longer is reported, with the caller's stack. */
  readonly leakAfter?: string
  /** Callers that may wait for a connection of one pool; the next is refused at once. Default: any number. */
  readonly maxWaiting?: number
  /** Connections of pools that set no lifetime are replaced when they are this old. Default: never. */
  readonly lifetime?: string
  /** Clients that are opened and ended within a request share connections. */
  readonly share?: boolean | ShareConfig
}

/** How many connections wait for the next request, and how long. */
export interface ShareConfig {
  /** Idle connections of one set of connection options. Default 10. */
  readonly max?: number
  /** How long one stays idle before it is closed. Default `'10s'`. */
  readonly idle?: string
}

const duration: Rule = { expected: DURATION, check: value => durationMs(value) !== undefined }
const count: Rule = {
  expected: 'a whole number from 1 up',
  check: value => Number.isSafeInteger(value) && (value as number) >= 1,
}

/** `pool` of the config. */
export const poolRule: Rule = {
  expected: 'an object',
  check: isRecord,
  keys: {
    leakAfter: duration,
    maxWaiting: count,
    lifetime: duration,
    share: {
      expected: 'true, false or an object',
      check: value => typeof value === 'boolean' || isRecord(value),
      keys: { max: count, idle: duration },
    },
  },
}
