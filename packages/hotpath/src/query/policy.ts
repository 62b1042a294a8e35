import type { Config, QueriesConfig } from '../config.js'
import { durationMs } from '../config/duration.js'
import type { StatementCache } from '../config/statement-cache.js'
import type { RouteStats } from '../trace/routes.js'
import { routeName } from './host.js'

export type Mode = 'off' | 'shadow' | 'on'

/** What holds for the statements of one route. */
export interface Policy {
  readonly batch: Mode
  readonly memo: boolean
  readonly maxAgeMs: number
}

/** Answers that were fetched ahead are given for this long at most. */
const MAX_AGE_MS = 1_000

/** Some route keeps its answers: they depend on what its statements read. */
function keepsResponses({ routes = {} }: Config): boolean {
  return Object.values(routes).some(route => Boolean(Reflect.get(route, 'cache')))
}

/** What is read and written is noted: something that is kept depends on it. */
export const observes = (config: Config): boolean =>
  config.queries?.observe === true ||
  config.invalidation?.mode === 'strict' ||
  (config.queries?.cache !== undefined && 'tables' in config.queries.cache) ||
  keepsResponses(config)

/** `queries: { cache: { tables } }` with what it does not say filled in. */
export interface TableCacheSettings {
  /** Nothing is given: what would have been is compared with what the database answers. */
  readonly shadow: boolean
  readonly tables: readonly string[]
  readonly ttlMs: number
  readonly maxBytes: number
}

/** `queries` of the config, and what single routes say otherwise. */
export class Policies {
  /** On all routes that say nothing else. */
  readonly general: Policy
  /** Answers across requests; undefined: nobody has any. */
  readonly cache: StatementCache | TableCacheSettings | undefined
  /** What is read and written is noted: for a cache of results, of functions or of responses, and for strict mode. */
  readonly observes: boolean
  /** Some route keeps its answers. */
  readonly keepsResponses: boolean
  private readonly routes: ReadonlyMap<string, Policy>
  private readonly known = new WeakMap<RouteStats, Policy>()

  constructor(config: Config, environment: Readonly<Record<string, string | undefined>>) {
    const killed = /^(?:off|0|false)$/i.test(environment['HOTPATH_BATCH'] ?? '')
    const none: Policy = { batch: 'off', memo: false, maxAgeMs: MAX_AGE_MS }
    this.general = killed ? none : over(none, config.queries)
    this.cache = killed ? undefined : cacheOf(config.queries?.cache)
    this.keepsResponses = keepsResponses(config)
    this.observes =
      config.queries?.observe === true ||
      config.invalidation?.mode === 'strict' ||
      this.tables !== undefined ||
      this.keepsResponses
    this.routes = new Map(
      Object.entries(config.routes ?? {}).map(([route, { queries }]) => [
        route,
        killed ? none : over(this.general, queries),
      ]),
    )
  }

  /** Whether any statement may be touched at all. */
  get any(): boolean {
    if (this.cache !== undefined || this.observes) return true
    return [this.general, ...this.routes.values()].some(
      ({ batch, memo }) => batch !== 'off' || memo,
    )
  }

  /** Whether any statement may be fetched ahead. */
  get batches(): boolean {
    return [this.general, ...this.routes.values()].some(({ batch }) => batch === 'on')
  }

  /** The tables of which results are kept, where the config names them. */
  get tables(): TableCacheSettings | undefined {
    return this.cache === undefined || 'ask' in this.cache ? undefined : this.cache
  }

  /** Whether it matters which route it is. */
  get byRoute(): boolean {
    return this.routes.size > 0
  }

  get maxAgeMs(): number {
    return this.general.maxAgeMs
  }

  of(route: RouteStats | undefined): Policy {
    if (route === undefined) return this.general
    const known = this.known.get(route)
    if (known !== undefined) return known
    const policy = this.routes.get(routeName(route)) ?? this.routes.get('*') ?? this.general
    this.known.set(route, policy)
    return policy
  }
}

/** A write from outside is not heard of: so long its readers may be late. */
const TTL_MS = 60_000
const MAX_BYTES = 64 * 1024 * 1024

function cacheOf(cache: QueriesConfig['cache']): StatementCache | TableCacheSettings | undefined {
  if (cache === undefined || 'ask' in cache) return cache
  const { tables, ttl, maxBytes, mode = 'on' } = cache
  if (mode === 'off') return undefined
  return {
    shadow: mode === 'shadow',
    tables,
    ttlMs: (ttl === undefined ? undefined : durationMs(ttl)) ?? TTL_MS,
    maxBytes: maxBytes ?? MAX_BYTES,
  }
}

function over(before: Policy, queries: QueriesConfig | undefined): Policy {
  const { batch, memo, maxAgeMs } = queries ?? {}
  return {
    batch:
      batch === undefined ? before.batch : batch === true ? 'on' : batch === false ? 'off' : batch,
    memo: memo ?? before.memo,
    maxAgeMs: maxAgeMs ?? before.maxAgeMs,
  }
}
