import { type ApiPath, pathsOf } from './aws-paths.js'
import type { EdgeRate, EdgeRoute, Noter } from './plan.js'

/** Quotas of a usage plan are of these. */
const QUOTAS: Readonly<Record<number, string>> = {
  86_400_000: 'DAY',
  604_800_000: 'WEEK',
  2_592_000_000: 'MONTH',
}
/** Lifetimes that the cache of a stage takes. */
const MOST_TTL_S = 3_600

export const isKeyed = ({ rates }: EdgeRoute): boolean => rates.some(({ by }) => by === 'key')

export const methodsOf = ({ method }: EdgeRoute): readonly string[] =>
  method === 'GET' ? ['GET', 'HEAD'] : [String(method)]

/** `/~1orders~1{id}`; the root is `/`. */
export const settingPath = (path: string): string =>
  path === '/' ? path : `/${path.replaceAll('~', '~0').replaceAll('/', '~1')}`

const perSecond = ({ rate }: Pick<EdgeRate, 'rate'>): number => (rate.count * 1_000) / rate.periodMs

/** Throttling by method is for all clients together, as a token bucket. */
export function methodSettings(
  route: EdgeRoute,
  paths: readonly string[],
  note: Noter,
): Record<string, unknown>[] {
  const { name, throttle, cache, rates } = route
  if (rates.some(({ by }) => by === 'ip'))
    note(
      name,
      'limit.by',
      'API Gateway knows no rate for each address: use a rate-based rule of AWS WAF',
    )
  if (route.concurrent !== undefined) note(name, 'concurrency', 'has no equivalent')
  if (route.bodyBytes !== undefined) note(name, 'bodyLimit', 'is 10 MB for all methods')
  if (throttle !== undefined)
    note(name, 'throttle', 'what is over the rate is refused, and does not wait')
  const seconds = cache === undefined ? 0 : Math.max(1, Math.round(cache.ttlMs / 1_000))
  if (cache !== undefined) {
    if (cache.staleMs > 0) note(name, 'cache.stale', 'no stale answers are given')
    if (seconds > MOST_TTL_S) note(name, 'cache.ttl', `is ${MOST_TTL_S} s at most`)
    note(
      name,
      'cache',
      'the query is in the key only where its parameters are named as cacheKeyParameters',
    )
  }
  const setting = {
    ...(throttle === undefined
      ? {}
      : { ThrottlingRateLimit: perSecond(throttle), ThrottlingBurstLimit: throttle.waiting }),
    ...(cache === undefined
      ? {}
      : { CachingEnabled: true, CacheTtlInSeconds: Math.min(seconds, MOST_TTL_S) }),
  }
  if (Object.keys(setting).length === 0) return []
  const HttpMethod = route.method ?? '*'
  return paths.map(ResourcePath => ({ ResourcePath, HttpMethod, ...setting }))
}

/**
 * Rates of clients with a key: one plan, with the rate of each method, that of `*` for all together, and a quota
 * where one is as long.
 */
export function usagePlan(
  keyed: readonly EdgeRoute[],
  paths: readonly ApiPath[],
  note: Noter,
): Readonly<Record<string, object>> {
  if (keyed.length === 0) return {}
  const throttle: Record<string, object> = {}
  let ofAll: object | undefined
  let quota: object | undefined
  for (const route of keyed) {
    const { name, rates } = route
    if (rates.some(({ header }) => header !== 'x-api-key'))
      note(name, 'limit.keyHeader', 'API Gateway reads x-api-key')
    const long = rates.find(({ rate }) => QUOTAS[rate.periodMs] !== undefined)
    const [short, ...more] = rates.filter(({ rate }) => QUOTAS[rate.periodMs] === undefined)
    if (long !== undefined)
      note(
        name,
        'limit.rate',
        quota === undefined
          ? `${long.rate.text} becomes a quota of all routes of the plan together`
          : `${long.rate.text} is left out: a plan has one quota`,
      )
    for (const { rate } of more)
      note(name, 'limit.rate', `${rate.text} is left out: API Gateway takes one beside a quota`)
    if (long !== undefined) quota ??= { Limit: long.rate.count, Period: QUOTAS[long.rate.periodMs] }
    if (short === undefined) continue
    const settings = { RateLimit: perSecond(short), BurstLimit: short.burst }
    if (route.path === undefined) {
      note(name, 'limit', 'a key has the rate for all routes of the plan together')
      ofAll = settings
    }
    for (const path of pathsOf(route, paths))
      for (const method of methodsOf(route)) throttle[`${path}/${method}`] ??= settings
  }
  return {
    UsagePlan: {
      Type: 'AWS::ApiGateway::UsagePlan',
      DependsOn: 'Stage',
      Properties: {
        ApiStages: [
          {
            ApiId: { Ref: 'Api' },
            Stage: 'live',
            ...(Object.keys(throttle).length === 0 ? {} : { Throttle: throttle }),
          },
        ],
        ...(ofAll === undefined ? {} : { Throttle: ofAll }),
        ...(quota === undefined ? {} : { Quota: quota }),
      },
    },
  }
}
