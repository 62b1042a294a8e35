import type { Config, QueriesConfig } from '../config.js'
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

/** `queries` of the config, and what single routes say otherwise. */
export class Policies {
  /** On all routes that say nothing else. */
  readonly general: Policy
  /** Answers across requests; undefined: nobody has any. */
  readonly cache: StatementCache | undefined
  private readonly routes: ReadonlyMap<string, Policy>
  private readonly known = new WeakMap<RouteStats, Policy>()

  constructor(config: Config, environment: Readonly<Record<string, string | undefined>>) {
    const killed = /^(?:off|0|false)$/i.test(environment['HOTPATH_BATCH'] ?? '')
    const none: Policy = { batch: 'off', memo: false, maxAgeMs: MAX_AGE_MS }
    this.general = killed ? none : over(none, config.queries)
    this.cache = killed ? undefined : config.queries?.cache
    this.routes = new Map(
      Object.entries(config.routes ?? {}).map(([route, { queries }]) => [
        route,
        killed ? none : over(this.general, queries),
      ]),
    )
  }

  /** Whether any statement may be touched at all. */
  get any(): boolean {
    if (this.cache !== undefined) return true
    return [this.general, ...this.routes.values()].some(
      ({ batch, memo }) => batch !== 'off' || memo,
    )
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

function over(before: Policy, queries: QueriesConfig | undefined): Policy {
  const { batch, memo, maxAgeMs } = queries ?? {}
  return {
    batch:
      batch === undefined ? before.batch : batch === true ? 'on' : batch === false ? 'off' : batch,
    memo: memo ?? before.memo,
    maxAgeMs: maxAgeMs ?? before.maxAgeMs,
  }
}
