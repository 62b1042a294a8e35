import { type Exported, said } from './nginx.js'
import { pathPattern } from './path-pattern.js'
import type { EdgePlan, EdgeRate, EdgeRoute, Note } from './plan.js'
import { yaml } from './yaml.js'

/** The windows that Kong's `rate-limiting` knows. */
const WINDOWS: Readonly<Record<number, string>> = {
  1_000: 'second',
  60_000: 'minute',
  3_600_000: 'hour',
  86_400_000: 'day',
}
/** Methods of a route that is of GET: HEAD reaches its handler too. */
const methodsOf = ({ method }: EdgeRoute): string[] | undefined =>
  method === undefined ? undefined : method === 'GET' ? ['GET', 'HEAD'] : [method]

type Plugin = Readonly<{ name: string; config: Readonly<Record<string, unknown>> }>

/** A declarative configuration for Kong 3 (`_format_version: "3.0"`), for `kong config db_import` or decK. */
export function kongConfig(plan: EdgePlan, upstream: string): Exported {
  const notes = [...plan.notes]
  const names = new Set<string>()
  const routes = plan.routes.map((route, at) => ({
    name: nameOf(route, names),
    methods: methodsOf(route),
    // A tilde begins a regular expression; of several the one with the higher priority is taken.
    paths: [route.path === undefined ? '/' : `~${kongPattern(route.path)}`],
    regex_priority: route.path === undefined ? undefined : plan.routes.length - at,
    strip_path: false,
    preserve_host: true,
    plugins: pluginsOf(route, notes),
  }))
  const others = plan.routes.some(({ path }) => path === undefined)
  const rest = { name: 'others', paths: ['/'], strip_path: false, preserve_host: true }
  const service = {
    name: slug(plan.service),
    url: upstream,
    routes: others ? routes : [...routes, rest],
  }
  if (plan.trust !== undefined)
    notes.push({
      route: '',
      key: 'trustProxy',
      text: `belongs into kong.conf: trusted_ips = ${plan.trust.blocks.join(',')}, real_ip_header = X-Forwarded-For, real_ip_recursive = on`,
    })
  const head = [
    '# Written by `hotpath export kong`.',
    ...notes.map(note => `# not the same: ${said(note)}`),
  ]
  const data = { _format_version: '3.0', _transform: true, services: [service] }
  return { text: `${head.join('\n')}\n${yaml(data).trimStart()}`, notes }
}

const slug = (text: string): string =>
  text.replaceAll(/[^\w.~-]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'app'
/** No two routes may have one name: `GET /a/b` and `GET /a-b` would. */
function nameOf({ name }: EdgeRoute, names: Set<string>): string {
  const plain = name === '*' ? 'others' : slug(name)
  let unique = plain
  for (let n = 2; names.has(unique); n++) unique = `${plain}-${n}`
  names.add(unique)
  return unique
}

/** Kong's router begins at the start by itself, asks for a slash there, and minds capitals. */
function kongPattern(path: string): string {
  const pattern = pathPattern(path)
  // The slash of the root is not one that may be missing.
  if (pattern === '^/?$') return '/$'
  if (pattern === '^(?:/.*)?$') return '/'
  return `/(?i)${pattern.slice('^/'.length)}`
}

function pluginsOf(route: EdgeRoute, notes: Note[]): Plugin[] {
  const note = (key: string, text: string): void =>
    void notes.push({ route: route.name, key, text })
  const plugins = [...limiting(route, note), ...throttling(route, note)]
  if (route.concurrent !== undefined)
    note('concurrency', 'Kong counts no connections: it is left out')
  if (route.bodyBytes !== undefined)
    plugins.push({
      name: 'request-size-limiting',
      config: {
        allowed_payload_size: route.bodyBytes,
        size_unit: 'bytes',
        require_content_length: false,
      },
    })
  const { cache } = route
  if (cache === undefined) return plugins
  if (cache.staleMs > 0) note('cache.stale', 'Kong gives no stale answers')
  const credentials = ['authorization', 'cookie'].filter(
    name => !cache.shared.includes(name) && !cache.headers.includes(name),
  )
  if (credentials.length > 0)
    note(
      'cache',
      `requests with ${credentials.join(' or ')} would be given what others were: the header is put in the key`,
    )
  if (cache.compress)
    note('cache.compress', 'gzip of Kong is set for all routes in kong.conf: nginx_proxy_gzip = on')
  plugins.push({
    name: 'proxy-cache',
    config: {
      strategy: 'memory',
      memory: { dictionary_name: 'kong_db_cache' },
      cache_ttl: Math.max(1, Math.round(cache.ttlMs / 1_000)),
      cache_control: false,
      request_method: ['GET', 'HEAD'],
      response_code: [200, 301, 404],
      content_type: [
        'application/json',
        'application/json; charset=utf-8',
        'text/html',
        'text/html; charset=utf-8',
        'text/plain',
      ],
      vary_headers: [...cache.headers, ...credentials],
    },
  })
  return plugins
}

type Noter = (key: string, text: string) => void

/** All windows of one kind of client are one plugin: Kong takes one of a name for each route. */
function limiting({ rates }: EdgeRoute, note: Noter): Plugin[] {
  const [first] = rates
  if (first === undefined) return []
  const windows: Record<string, number> = {}
  for (const { rate, burst } of rates) {
    const window = WINDOWS[rate.periodMs]
    if (window === undefined)
      note(
        'limit.rate',
        `${rate.text}: Kong has windows of a second, minute, hour and day only: it is left out`,
      )
    else windows[window] = rate.count
    if (burst < rate.count)
      note('limit.burst', 'Kong counts in fixed windows: all of one may come at once')
  }
  if (Object.keys(windows).length === 0) return []
  note('limit', 'Kong counts in fixed windows: across the border of two there may be twice as many')
  return [
    {
      name: 'rate-limiting',
      config: {
        ...windows,
        policy: 'local',
        ...whoOf(first),
        error_code: 429,
        fault_tolerant: true,
        hide_client_headers: false,
      },
    },
  ]
}

const whoOf = ({ by, header }: EdgeRate): Readonly<Record<string, string>> =>
  by === 'ip' ? { limit_by: 'ip' } : { limit_by: 'header', header_name: header }

function throttling({ throttle, rates }: EdgeRoute, note: Noter): Plugin[] {
  if (throttle === undefined) return []
  const window = WINDOWS[throttle.rate.periodMs]
  if (window === undefined || rates.length > 0) {
    note('throttle', 'beside a limit, or in another window, it has no equivalent: it is left out')
    return []
  }
  note('throttle', 'Kong refuses what is over the rate, and does not make it wait')
  const config = {
    [window]: throttle.rate.count,
    policy: 'local',
    limit_by: 'service',
    error_code: 429,
  }
  return [{ name: 'rate-limiting', config }]
}
