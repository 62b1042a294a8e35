import type { IncomingMessage } from 'node:http'
import { BYTES, bytesOf } from './bytes.js'
import { DURATION, durationMs } from './duration.js'
import { isRecord, type Rule } from './rule.js'
import { ipv6PrefixRule, type TrustProxy, trustProxyRule } from './trust-proxy.js'

/** What makes one request worth more than another when not all can be served: `critical` goes last. */
export type Priority = 'critical' | 'high' | 'normal' | 'low'
export const PRIORITIES: readonly Priority[] = ['critical', 'high', 'normal', 'low']

/** How many requests of a route may be under way at once: docs/concurrency.md. */
export interface ConcurrencyConfig {
  /** A number, or `adaptive`, the default: as many as do not make each other slow. */
  readonly limit?: 'adaptive' | number
  /** Of an adaptive limit the least. Default 2. */
  readonly min?: number
  /** Of an adaptive limit the most. Default 1,000. */
  readonly max?: number
  /** How many may wait for a place. Default: twice the limit, at least 100. */
  readonly queue?: number
  /** How long one may wait; once many do, much less. Default `'100ms'`. */
  readonly queueTime?: string
  /** `shadow` refuses nobody, and counts who would have been. Default `on`. */
  readonly mode?: 'off' | 'shadow' | 'on'
}

/** When a process takes no more requests, the least important first: docs/concurrency.md. */
export interface ShedConfig {
  /** The delay of the event loop that must not be reached: `'200ms'`. */
  readonly loopDelay?: string
  /** Memory that must not be reached: `'512mb'`, or a part of what the process may have: `'85%'`. */
  readonly memory?: string
  /** The time that requests wait for a place of `concurrency` that must not be reached. */
  readonly queueTime?: string
  readonly mode?: 'off' | 'shadow' | 'on'
}

/** What Node has for slow clients of HTTP/1, for HTTP/2 as well: docs/concurrency.md. */
export interface ServerConfig {
  /** How long a head may take to arrive. Default Node's, `'60s'`. */
  readonly headersTimeout?: string
  /** How long a whole request may take to arrive. Default Node's, `'5m'`. */
  readonly requestTimeout?: string
  /** How long a connection stays open between two requests. Default Node's, `'5s'`. */
  readonly keepAliveTimeout?: string
  /** Connections at once; more are closed. Default: any number. */
  readonly maxConnections?: number
}

/** What of one route concerns the crowd, besides limits. */
export interface RouteCrowdConfig {
  /** How many at once. `exempt`: any number, and they are never shed. */
  readonly concurrency?: 'adaptive' | 'exempt' | number | ConcurrencyConfig
  /** Who goes first when not all can. Default `normal`; paths of health checks `critical`. */
  readonly priority?: Priority
  /** A longer body is refused with 413: `'1mb'`. Default: any length, as in Node. */
  readonly bodyLimit?: string
}

/** What of the whole process concerns the crowd. */
export interface CrowdConfig {
  /** Who a request is of, for `by: 'user'`: `jwt({ jwks })` or `verified(fn)` of hotpath/identity. */
  readonly identify?: (request: IncomingMessage) => unknown
  /** Which proxies are believed when they tell the client's address: docs/identity.md. Default: none. */
  readonly trustProxy?: TrustProxy
  /** How many bits of an IPv6 address tell one client. Default 64. */
  readonly ipv6Prefix?: number
  readonly shed?: ShedConfig
  readonly server?: ServerConfig
}

const duration: Rule = { expected: DURATION, check: value => durationMs(value) !== undefined }
const count = (least: number): Rule => ({
  expected: `a whole number from ${least} up`,
  check: value => Number.isSafeInteger(value) && (value as number) >= least,
})
const mode: Rule = {
  expected: "'off', 'shadow' or 'on'",
  check: value => ['off', 'shadow', 'on'].includes(String(value)),
}
const isLimit = (value: unknown): boolean =>
  value === 'adaptive' || (Number.isSafeInteger(value) && (value as number) >= 1)

/** `'85%'` is 0.85; undefined for what is no part. */
export function partOf(value: unknown): number | undefined {
  const part = Number(/^(\d{1,2})%$/.exec(String(value))?.[1]) / 100
  return part > 0 ? part : undefined
}

const concurrencyKeys: Readonly<Record<keyof ConcurrencyConfig, Rule>> = {
  limit: { expected: "'adaptive' or a whole number from 1 up", check: isLimit },
  min: count(1),
  max: count(1),
  queue: count(0),
  queueTime: duration,
  mode,
}
const none: Rule = {
  expected: 'left out: it bounds an adaptive limit, and "limit" is a number',
  check: () => false,
}
const concurrency: Rule = {
  expected:
    "'adaptive', 'exempt', a whole number from 1 up, or an object with limit, min, max, queue",
  check: value =>
    value === 'exempt' || isLimit(value) || (isRecord(value) && bounds(value as ConcurrencyConfig)),
  keysOf: value => {
    if (!isRecord(value)) return undefined
    const isNumber = typeof (value as ConcurrencyConfig).limit === 'number'
    return isNumber ? { ...concurrencyKeys, min: none, max: none } : concurrencyKeys
  },
}

/** Not the other way round. */
const bounds = ({ min = 1, max = Number.POSITIVE_INFINITY }: ConcurrencyConfig): boolean =>
  !(min > max)

export const routeCrowdRules: Readonly<Record<keyof RouteCrowdConfig, Rule>> = {
  concurrency,
  priority: {
    expected: "'critical', 'high', 'normal' or 'low'",
    check: value => PRIORITIES.includes(value as Priority),
  },
  bodyLimit: { expected: BYTES, check: value => bytesOf(value) !== undefined },
}

export const crowdRules: Readonly<Record<keyof CrowdConfig, Rule>> = {
  identify: {
    expected:
      'what jwt() or verified() of hotpath/identity gives: a function that verifies who it is',
    check: value =>
      typeof value === 'function' && Reflect.get(value, Symbol.for('hotpath.verifies')) === true,
  },
  trustProxy: trustProxyRule,
  ipv6Prefix: ipv6PrefixRule,
  shed: {
    expected: "an object such as { loopDelay: '200ms' }",
    check: isRecord,
    keys: {
      loopDelay: duration,
      memory: {
        expected: `${BYTES}, or a part such as '85%'`,
        check: value => (bytesOf(value) ?? partOf(value)) !== undefined,
      },
      queueTime: duration,
      mode,
    },
  },
  server: {
    expected: "an object such as { headersTimeout: '10s' }",
    check: isRecord,
    keys: {
      headersTimeout: duration,
      requestTimeout: duration,
      keepAliveTimeout: duration,
      maxConnections: count(1),
    },
  },
}
