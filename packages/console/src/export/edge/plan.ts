import { bytesOf, type Config, durationMs, type Rate, ratesOf } from 'hotpath/config'

type RouteConfig = NonNullable<Config['routes']>[string]
type LimitConfig = NonNullable<RouteConfig['limit']>

/** What an edge has no equivalent for, or only nearly. */
export interface Note {
  /** `GET /menu`; `*` stands for all others, '' for the whole config. */
  readonly route: string
  /** The key of the config: `limit.by`. */
  readonly key: string
  readonly text: string
}

/** One rate of a route, for clients of one kind. */
export interface EdgeRate {
  readonly rate: Rate
  /** So many may come at once before the rate holds them back. */
  readonly burst: number
  readonly by: 'ip' | 'key'
  /** Of `key`: the header, in lower case. */
  readonly header: string
}

/** What of a route an edge can do, whichever it is. */
export interface EdgeRoute {
  readonly name: string
  /** Undefined: any. */
  readonly method: string | undefined
  /** As the config has it: `/users/:id`; undefined: all others. */
  readonly path: string | undefined
  readonly rates: readonly EdgeRate[]
  /** It has a limit or a throttle of its own, whether an edge can have it or not: that of `*` is not its. */
  readonly limited: boolean
  /** Of all clients together. */
  readonly throttle: { readonly rate: Rate; readonly waiting: number } | undefined
  readonly concurrent: number | undefined
  readonly cache: EdgeCache | undefined
  readonly bodyBytes: number | undefined
}

export interface EdgeCache {
  readonly ttlMs: number
  readonly staleMs: number
  /** Request headers that are in the key. */
  readonly headers: readonly string[]
  /** Headers of a credential that change nothing. */
  readonly shared: readonly string[]
  readonly compress: boolean
}

/** A config as far as edges can know it. */
export interface EdgePlan {
  readonly service: string
  /** Named routes, those without a parameter first; then `*`. */
  readonly routes: readonly EdgeRoute[]
  /** Addresses of proxies that are believed, and the header. */
  readonly trust: { readonly blocks: readonly string[]; readonly header: string } | undefined
  readonly notes: readonly Note[]
}

/** What edges are told of a config, and what they cannot be told. */
export function edgePlan(config: Config): EdgePlan {
  const notes: Note[] = []
  const note = (route: string, key: string, text: string): void =>
    void notes.push({ route, key, text })
  const routes = Object.entries(config.routes ?? {})
    .map(([name, route]) => edgeRoute(name, route, note))
    .toSorted((a, b) => rank(a) - rank(b))
  if (config.shed !== undefined)
    note('', 'shed', 'an edge sees neither the event loop nor the memory of the app')
  return { service: config.service ?? 'app', routes, trust: trustOf(config, note), notes }
}

/** Of two that match the first one is taken, so the most general come last. */
const rank = ({ path }: EdgeRoute): number => {
  if (path === undefined) return 3
  // What only a router knows (`/files/*`) is taken for anything below.
  if (!/^[\w.~%:/-]*$/.test(path)) return 2
  return path.includes(':') ? 1 : 0
}

export type Noter = (route: string, key: string, text: string) => void

function edgeRoute(name: string, route: RouteConfig, note: Noter): EdgeRoute {
  const of: Noter = (_, key, text) => note(name, key, text)
  const [method, path] = name === '*' ? [undefined, undefined] : name.split(' ')
  if (route.priority !== undefined) of(name, 'priority', 'an edge takes all requests as equals')
  return {
    name,
    method,
    path,
    rates: ratesFor(route.limit, of),
    limited: [route.limit, route.throttle].some(each => each !== undefined && each.mode !== 'off'),
    throttle: throttleOf(route.throttle, of),
    concurrent: concurrentOf(route.concurrency, of),
    cache: cacheOf(route.cache, of),
    bodyBytes: route.bodyLimit === undefined ? undefined : bytesOf(route.bodyLimit),
  }
}

const isOff = ({ mode }: { readonly mode?: string }, key: string, of: Noter): boolean => {
  if (mode === 'shadow') of('', `${key}.mode`, 'an edge has no shadow mode: it is left out')
  return mode === 'off' || mode === 'shadow'
}

function ratesFor(limit: LimitConfig | undefined, of: Noter): EdgeRate[] {
  if (limit === undefined || isOff(limit, 'limit', of)) return []
  const by = limit.by ?? 'ip'
  if (by !== 'ip' && by !== 'key') {
    const who = by === 'user' ? 'who a user is' : 'what a function says'
    of('', 'limit.by', `only the app knows ${who}: the limit is left out`)
    return []
  }
  for (const key of ['tiers', 'plan', 'allow', 'deny', 'penalty', 'cost'] as const)
    if (limit[key] !== undefined)
      of(
        '',
        `limit.${key}`,
        'has no equivalent: one rate holds for all, each request counts as one',
      )
  if (limit.algorithm === 'sliding-window')
    of(
      '',
      'limit.algorithm',
      'becomes what the edge has: it may allow other requests at the end of a window',
    )
  return (ratesOf(limit.rate) ?? []).map((rate, at) => ({
    rate,
    burst: burstOf(limit, rate, at),
    by,
    header: (limit.keyHeader ?? 'x-api-key').toLowerCase(),
  }))
}

/** Bursts are given in the order of the rates as they are written, which `ratesOf` puts in order. */
function burstOf({ rate, burst }: LimitConfig, { text, count }: Rate, at: number): number {
  if (burst === undefined) return count
  if (typeof burst === 'number') return burst
  const written = [rate].flat().indexOf(text)
  return burst[written < 0 ? at : written] ?? count
}

function throttleOf(throttle: RouteConfig['throttle'], of: Noter): EdgeRoute['throttle'] {
  if (throttle === undefined || isOff(throttle, 'throttle', of)) return undefined
  const rate = ratesOf(throttle.rate)?.[0]
  if (rate === undefined) return undefined
  of('', 'throttle', 'clients do not take turns: all wait in one line')
  const maxMs = durationMs(throttle.maxDelay ?? '2s') ?? 2_000
  const fitting = Math.floor((rate.count * maxMs) / rate.periodMs)
  return { rate, waiting: Math.max(1, Math.min(throttle.queue ?? 1_000, fitting)) }
}

function concurrentOf(said: RouteConfig['concurrency'], of: Noter): number | undefined {
  if (said === undefined || said === 'exempt') return undefined
  const config = typeof said === 'object' ? said : { limit: said }
  if (isOff(config, 'concurrency', of)) return undefined
  if (typeof config.limit === 'number') {
    of('', 'concurrency.queue', 'nobody waits: who finds no place is refused at once')
    return config.limit
  }
  of(
    '',
    'concurrency',
    'an adaptive limit has no equivalent: give a number to have one at the edge',
  )
  return undefined
}

function cacheOf(cache: RouteConfig['cache'], of: Noter): EdgeCache | undefined {
  if (cache === undefined || isOff(cache, 'cache', of)) return undefined
  const { ttl, stale, key, shared = [], compress, tags } = cache
  if (key?.query !== undefined) of('', 'cache.key.query', 'the whole query is in the key')
  if (tags !== undefined)
    of(
      '',
      'cache.tags',
      'nothing drops an answer at the edge when something is written: it lives for its ttl',
    )
  return {
    ttlMs: durationMs(ttl) ?? 0,
    staleMs: stale === undefined ? 0 : (durationMs(stale) ?? 0),
    headers: (key?.headers ?? []).map(name => name.toLowerCase()),
    shared: shared.map(name => name.toLowerCase()),
    compress: compress !== false,
  }
}

const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

function trustOf({ trustProxy, ipv6Prefix }: Config, note: Noter): EdgePlan['trust'] {
  if (ipv6Prefix !== 128)
    note('', 'ipv6Prefix', 'an edge counts each address of IPv6 by itself, and not its network')
  if (trustProxy === undefined || trustProxy === false) return undefined
  const said =
    typeof trustProxy === 'object' && 'from' in trustProxy ? trustProxy : { from: trustProxy }
  const { from, header = 'x-forwarded-for' } = said as { from: unknown; header?: string }
  if (typeof from === 'number') {
    note('', 'trustProxy', 'a number of proxies says nothing of their addresses: name them')
    return undefined
  }
  if (header === 'forwarded') {
    note('', 'trustProxy.header', 'Forwarded is not read at the edge')
    return undefined
  }
  return { blocks: [from].flat().flatMap(block => NAMED[String(block)] ?? [String(block)]), header }
}
