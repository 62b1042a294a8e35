import { isAddressBlock, isHttpUrl } from './config/addresses.js'
import {
  type InvalidationConfig,
  invalidationRule,
  STORE,
  type TableCacheConfig,
} from './config/caching.js'
import { type BudgetConfig, budgetRules } from './config/budgets.js'
import { type CdnConfig, cdnRule } from './config/cdn.js'
import {
  type CrowdConfig,
  crowdRules,
  type RouteCrowdConfig,
  routeCrowdRules,
} from './config/crowd.js'
import type { StatementCache } from './config/statement-cache.js'
import { DURATION, durationMs } from './config/duration.js'
import { type PoolConfig, poolRule } from './config/pool.js'
import { type ResponseCacheConfig, responseCacheRule } from './config/response-cache.js'
import { firstProblem, wrongValue } from './config/problems.js'
import { misplaced, type RoutePolicies, routePolicyRules } from './config/route-policies.js'
import { type Check, isRecord, isText, type Rule } from './config/rule.js'
import type { Problem } from './errors.js'

export type { InvalidationConfig, TableCacheConfig } from './config/caching.js'
export type { PoolConfig, ShareConfig } from './config/pool.js'
export { bytesOf } from './config/bytes.js'
export { durationMs } from './config/duration.js'
export { outsideTriggers } from './config/outside.js'
export { type Rate, ratesOf } from './config/rate.js'

/** Headers of the export, or a function that gives them when the first request was seen. */
export type ExportHeaders =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)

/** How many traces are kept. The histograms count every request and every statement regardless. */
export interface SampleConfig {
  /** Traces of one route a second that are neither new, slow nor failed. Default 0.5, dev 20. */
  readonly ordinaryPerSecond?: number
  /** Slow ones of one route a second. Default 2, dev 20. */
  readonly slowPerSecond?: number
  /** Failed ones of one route a second. Default 2, dev 20. */
  readonly errorsPerSecond?: number
  /** Of all routes together a second. Default 50, dev 200. */
  readonly tracesPerSecond?: number
  /** Spans of all kept traces together a second. Default 5,000, dev 20,000. */
  readonly spansPerSecond?: number
}

/** What `hotpath.config.{js,mjs,json,ts}` beside the app's package.json may say. All keys are optional. */
export interface Config extends CrowdConfig {
  /** Name of this service. Default: `name` of the app's package.json. */
  readonly service?: string
  /** Where telemetry goes: the base URL of an OTLP/HTTP receiver. Default `http://127.0.0.1:4318`. */
  readonly endpoint?: string
  readonly headers?: ExportHeaders
  /** How it is written. Default `http/json`; many backends take `http/protobuf` alone. */
  readonly protocol?: 'http/json' | 'http/protobuf'
  /** Hosts (addresses or CIDR blocks) whose `traceparent` is believed, besides loopback: `['10.0.0.0/8']`. */
  readonly trust?: readonly string[]
  readonly sample?: SampleConfig
  /** Call sites are given relative to this directory. Default: the directory of the app's package.json. */
  readonly callSites?: { readonly root?: string }
  /**
   * How long a process that ends waits for its last telemetry to be taken, in milliseconds. Default
   * 500, at most 10,000; it does not wait when nobody listens.
   */
  readonly exitMs?: number
  /**
   * False: Node's profiler never runs. Else, when the code of a route keeps the event loop again and again, it
   * runs for ten seconds at most, once a minute, to name the function: docs/recorder.md.
   */
  readonly profile?: boolean
  /**
   * The database is asked how it runs SELECTs that took 10 ms and more, over a connection of our own
   * (PostgreSQL, through pg): docs/findings.md, missing-index. Default false.
   */
  readonly explain?: boolean
  /** False: attached, but nothing is recorded. */
  readonly enabled?: boolean
  readonly pool?: PoolConfig
  /** What is done with the statements of pg, on all routes. */
  readonly queries?: QueriesConfig
  /** How processes tell each other what was written: docs/invalidation.md. Default: not at all. */
  readonly invalidation?: InvalidationConfig
  /** Caches in front of the app, which are told of writes: docs/cdn.md. */
  readonly cdn?: CdnConfig
  /** What differs on single routes: `{ 'GET /users': { queries: { batch: 'on' } } }`. `*`: on all others. */
  readonly routes?: Readonly<Record<string, RouteConfig>>
}

/** What is done with statements on their way to the database. Off unless it is asked for. */
export interface QueriesConfig {
  /**
   * A loop of single reads becomes a few statements. `shadow` measures what that would gain and
   * compares, and serves nothing; true is `on`, false is `off`.
   */
  readonly batch?: 'off' | 'shadow' | 'on' | boolean
  /** Equal reads within a request are answered once. */
  readonly memo?: boolean
  /** Milliseconds for which an answer that was fetched before may be given. Default 1,000. For all routes together. */
  readonly maxAgeMs?: number
  /**
   * Answers across requests, for all routes: of reads on the tables that are named, dropped by what is
   * written to them; or a cache of your own, asked before the database, told of answers and writes.
   */
  readonly cache?: TableCacheConfig | StatementCache
  /**
   * What statements read and write is noted, so that a write drops what `hotpath/cache` has made of what
   * it touches. On by itself where `cache` names tables.
   */
  readonly observe?: boolean
}

/** What holds for the requests of one route. */
export interface RouteConfig extends BudgetConfig, RoutePolicies, RouteCrowdConfig {
  readonly queries?: Omit<QueriesConfig, 'maxAgeMs' | 'cache' | 'observe'>
  /** Answers are kept and given again; on routes of GET, each by its name. */
  readonly cache?: ResponseCacheConfig
}

/**
 * Types the config while you write it; returns it as it is.
 *
 *     import { defineConfig } from 'hotpath'
 *     export default defineConfig({ service: 'coffee-shop' })
 */
export function defineConfig<const C extends Config>(config: C): C {
  return config
}

export type Checked =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problem: Problem }

const isNames: Check = value => Array.isArray(value) && value.length > 0 && value.every(isText)
const rate: Rule = {
  expected: 'a number from 0 up',
  check: value => typeof value === 'number' && value >= 0 && Number.isFinite(value),
}

const duration: Rule = { expected: DURATION, check: value => durationMs(value) !== undefined }
const count: Rule = {
  expected: 'a whole number from 1 up',
  check: value => Number.isSafeInteger(value) && (value as number) >= 1,
}
/** A process that is told to stop is killed by most supervisors after 10 s. */
export const MAX_EXIT_MS = 10_000
const batch: Rule = {
  expected: "'off', 'shadow', 'on', true or false",
  check: value => typeof value === 'boolean' || ['off', 'shadow', 'on'].includes(String(value)),
}
const mode: Rule = {
  expected: "'off', 'shadow' or 'on'",
  check: value => ['off', 'shadow', 'on'].includes(String(value)),
}
const cache: Rule = {
  expected: "an object with tables, such as { tables: ['menu'] }, or with ask, tell and wrote",
  check: value =>
    isRecord(value) &&
    ('tables' in (value as object) ||
      ['ask', 'tell', 'wrote'].every(
        name => typeof Reflect.get(value as object, name) === 'function',
      )),
  // Its own cache may be of any class.
  keysOf: value =>
    'ask' in value
      ? undefined
      : {
          tables: { expected: 'a list of names', check: isNames },
          ttl: duration,
          maxBytes: count,
          mode,
        },
}
const yesOrNo: Rule = { expected: 'true or false', check: value => typeof value === 'boolean' }

const rules: Readonly<Record<keyof Config, Rule>> = {
  service: { expected: 'a name', check: isText },
  endpoint: { expected: 'a URL such as http://127.0.0.1:4318', check: isHttpUrl },
  headers: {
    expected: 'an object of strings, or a function that returns one',
    check: value =>
      typeof value === 'function' ||
      (isRecord(value) &&
        Object.values(value as object).every(header => typeof header === 'string')),
  },
  protocol: {
    expected: 'http/json or http/protobuf',
    check: value => value === 'http/json' || value === 'http/protobuf',
  },
  trust: {
    expected: 'a list of addresses or blocks such as 10.0.0.0/8',
    check: value => Array.isArray(value) && value.every(isAddressBlock),
  },
  sample: {
    expected: 'an object',
    check: isRecord,
    keys: {
      ordinaryPerSecond: rate,
      slowPerSecond: rate,
      errorsPerSecond: rate,
      tracesPerSecond: rate,
      spansPerSecond: rate,
    },
  },
  callSites: {
    expected: 'an object',
    check: isRecord,
    keys: { root: { expected: 'a directory', check: isText } },
  },
  exitMs: {
    expected: 'milliseconds, from 0 to 10000',
    check: value => typeof value === 'number' && value >= 0 && value <= MAX_EXIT_MS,
  },
  profile: yesOrNo,
  explain: yesOrNo,
  enabled: yesOrNo,
  pool: poolRule,
  queries: {
    expected: 'an object',
    check: isRecord,
    keys: {
      batch,
      memo: yesOrNo,
      cache,
      observe: yesOrNo,
      maxAgeMs: {
        expected: 'a number of milliseconds from 1 to 60,000',
        check: value => typeof value === 'number' && value >= 1 && value <= 60_000,
      },
    },
  },
  invalidation: invalidationRule,
  cdn: cdnRule,
  ...crowdRules,
  routes: {
    expected: "an object with keys such as 'GET /users'",
    check: value =>
      isRecord(value) &&
      Object.keys(value as object).every(key => key === '*' || /^[A-Z]+ \/\S*$/.test(key)),
    each: {
      expected: 'an object',
      check: isRecord,
      keys: {
        queries: { expected: 'an object', check: isRecord, keys: { batch, memo: yesOrNo } },
        cache: responseCacheRule,
        ...routePolicyRules,
        ...budgetRules,
        ...routeCrowdRules,
      },
    },
  },
}

/**
 * Checks what a config file exports. Never throws: a misspelt key or a wrong value is a `problem`
 * that names file, key and what was expected.
 */
export function checkConfig(value: unknown, file: string): Checked {
  if (!isRecord(value)) return refuse(file, 'default export', 'an object', value)
  const wrong = firstProblem(value as Record<string, unknown>, rules, file)
  if (wrong !== undefined) return { ok: false, problem: wrong }
  const config = value as Config
  const { invalidation } = config
  if (invalidation?.mode === 'strict' && invalidation.store === undefined)
    return refuse(file, 'invalidation.store', STORE, undefined)
  for (const [route, policies] of Object.entries(config.routes ?? {})) {
    const amiss = misplaced(policies, config)
    if (amiss !== undefined)
      return refuse(file, `routes.${route}.${amiss.key}`, amiss.expected, amiss.got)
    const { cache } = policies
    if (cache === undefined) continue
    const { cdn } = cache
    if (cdn !== undefined && config.cdn === undefined)
      return refuse(
        file,
        `routes.${route}.cache.cdn`,
        'beside a "cdn" of the config, which says who is purged',
        cdn,
      )
    if (route.startsWith('GET ')) continue
    const expected = "under a route of GET by its name, such as 'GET /menu'"
    return refuse(file, `routes.${route}.cache`, expected, route)
  }
  return { ok: true, config }
}

/**
 * Checks the policy of one route, as `routes['GET /menu'].cache` has it; undefined: nothing is wrong.
 *
 *     checkResponseCache({ ttl: '30s' }, 'cacheResponses') // undefined
 */
export function checkResponseCache(value: unknown, where: string): Problem | undefined {
  return checkPolicy(responseCacheRule, value, where)
}

/** The same by any rule of a policy. */
export function checkPolicy(rule: Rule, value: unknown, where: string): Problem | undefined {
  return firstProblem({ policy: value }, { policy: rule }, where)
}

function refuse(file: string, key: string, expected: string, got: unknown): Checked {
  return { ok: false, problem: wrongValue(file, key, expected, got) }
}
