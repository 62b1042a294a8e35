import { pathPattern } from './path-pattern.js'
import type { EdgePlan, EdgeRate, EdgeRoute, Note } from './plan.js'

/** Where nginx listens, and where the app is. */
export interface NginxOptions {
  /** As `listen` has it: `80`, `127.0.0.1:8080`. */
  readonly listen: string
  /** `127.0.0.1:3000` */
  readonly upstream: string
  /** Where answers are kept. */
  readonly cachePath: string
}

/** What was written, and what could not be. */
export interface Exported {
  readonly text: string
  readonly notes: readonly Note[]
}

/** Of the types that we compress those that nginx has to be told of; text/html it compresses by itself. */
const TYPES =
  'application/javascript application/json application/problem+json application/xml image/svg+xml text/css text/csv text/javascript text/plain text/xml'

/** A key that all requests have: an empty one, as the name of a server may be, is not counted. */
const ALL = '$server_port'

/**
 * A part of nginx.conf for its `http` block that refuses, delays, keeps and compresses as the config says:
 * `limit_req` is a leaky bucket, which is GCRA with one request less in its burst.
 */
export function nginxConfig(plan: EdgePlan, options: NginxOptions): Exported {
  const notes = [...plan.notes]
  const others = plan.routes.find(({ path }) => path === undefined)
  const writer = new Writer(notes, others, plan.routes.length > 1)
  const caches = plan.routes.some(({ cache }) => cache !== undefined)
  // Of locations with the same pattern nginx takes the first, so the methods of a path are in one.
  const byPattern = new Map<string, EdgeRoute[]>()
  for (const route of plan.routes)
    byPattern.set(pattern(route), [...(byPattern.get(pattern(route)) ?? []), route])
  const locations = [...byPattern.values()].map(routes => writer.location(routes))
  const proxied = 'proxy_pass http://hotpath_app;'
  const text = `# Written by \`hotpath export nginx\` from the config of ${plan.service.replaceAll(/\s+/g, ' ')}: to be included in the http block.
${notes.map(note => `# not the same: ${said(note)}`).join('\n')}
upstream hotpath_app {
  server ${options.upstream};
  keepalive 32;
}

${writer.zones.join('\n')}
${caches ? `proxy_cache_path ${options.cachePath} levels=1:2 keys_zone=hotpath:10m max_size=256m inactive=${longest(plan)} use_temp_path=off;\n` : ''}
server {
  listen ${options.listen};
  # Node takes a body of any length, and nginx of 1 MB: where the config says nothing, any.
  client_max_body_size 0;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
${trust(plan)}${gzip(plan)}
  limit_req_status 429;
  limit_conn_status 503;
  error_page 429 = @hotpath_429;
  error_page 413 = @hotpath_413;
  location @hotpath_429 {
    internal;
    default_type application/problem+json;
    add_header Retry-After $hotpath_retry always;
    add_header Cache-Control no-store always;
    return 429 '{"type":"about:blank","title":"Too Many Requests","status":429}';
  }
  error_page 503 = @hotpath_503;
  location @hotpath_503 {
    internal;
    default_type application/problem+json;
    add_header Retry-After 1 always;
    add_header Cache-Control no-store always;
    return 503 '{"type":"about:blank","title":"Service Unavailable","status":503}';
  }
  location @hotpath_413 {
    internal;
    default_type application/problem+json;
    return 413 '{"type":"about:blank","title":"Content Too Large","status":413}';
  }

${locations.join('\n\n')}
${others !== undefined ? '' : `\n  location / {\n    ${proxied}\n  }\n`}}
`
  return { text: text.replace(/\n{3,}/g, '\n\n'), notes }
}

/** A note on one line. */
export const said = ({ route, key, text }: Note): string =>
  `${route === '' ? key : `${route}, ${key}`}: ${text}`

class Writer {
  readonly zones: string[] = []
  readonly #keys = new Set<string>()
  #count = 0

  /** Of `*`, which holds in all locations, for the methods that have nothing of their own. */
  readonly #shared: readonly string[]

  constructor(
    private readonly notes: Note[],
    private readonly others: EdgeRoute | undefined,
    /** There are other locations than that of `*`. */
    private readonly isShared: boolean,
  ) {
    this.#shared = others === undefined ? [] : this.#requests(others)
  }

  /** @param routes The methods of one path. */
  location(routes: readonly EdgeRoute[]): string {
    const [first] = routes as readonly [EdgeRoute]
    const named = routes.filter(route => route !== this.others)
    const lines = [
      ...named.flatMap(route => this.#requests(route)),
      ...this.#sharedFor(named),
      ...routes.flatMap(route => this.#connections(route)),
      ...uniqueCache(routes, this.notes),
      ...this.#body(routes),
    ]
    const own = routes.flatMap(({ rates }) => rates)
    const told = own.length > 0 ? own : (this.others?.rates ?? [])
    const waits = told.map(({ rate }) => Math.ceil(rate.periodMs / rate.count / 1_000))
    const seconds = Math.max(1, ...waits)
    const body = [`set $hotpath_retry ${seconds};`, ...lines, 'proxy_pass http://hotpath_app;']
    const names = routes.map(({ name }) => name).join(', ')
    return `  # ${names}\n  location ${pattern(first)} {\n${body.map(line => `    ${line}`).join('\n')}\n  }`
  }

  #sharedFor(named: readonly EdgeRoute[]): readonly string[] {
    if (this.#shared.length === 0 || !this.isShared) return this.#shared
    const methods = named.filter(({ limited }) => limited).map(methodsOf)
    if (methods.length === 0) return ['set $hotpath_others 1;', ...this.#shared]
    const name = `$hotpath_${++this.#count}`
    this.zones.push(
      `map $request_method ${name} {\n  default 1;\n  ~^(?:${methods.join('|')})$ "";\n}`,
    )
    return [`set $hotpath_others ${name};`, ...this.#shared]
  }

  #body(routes: readonly EdgeRoute[]): string[] {
    const most = this.others?.bodyBytes
    const bytes = routes.flatMap(route => route.bodyBytes ?? most ?? [])
    if (bytes.length === 0) return []
    for (const route of routes)
      if (route.bodyBytes !== undefined && route.method !== undefined)
        this.#note(route, 'bodyLimit', `the longest of ${route.path} holds for all its methods`)
    return [`client_max_body_size ${Math.max(...bytes)};`]
  }

  #note(route: EdgeRoute, key: string, text: string): void {
    this.notes.push({ route: route.name, key, text })
  }

  #requests(route: EdgeRoute): string[] {
    const lines: string[] = []
    for (const rate of route.rates) {
      const speed = this.#speed(route, 'limit.rate', rate.rate)
      if (speed === undefined) continue
      const zone = this.#zone('limit_req_zone', route, this.#key(rate), '10m', ` rate=${speed}`)
      lines.push(
        `limit_req zone=${zone}${rate.burst > 1 ? ` burst=${rate.burst - 1} nodelay` : ''};`,
      )
    }
    const { throttle } = route
    if (throttle === undefined) return lines
    const speed = this.#speed(route, 'throttle.rate', throttle.rate)
    if (speed === undefined) return lines
    const zone = this.#zone('limit_req_zone', route, ALL, '1m', ` rate=${speed}`)
    return [...lines, `limit_req zone=${zone} burst=${throttle.waiting};`]
  }

  #connections(route: EdgeRoute): string[] {
    if (route.concurrent === undefined) return []
    const zone = this.#zone('limit_conn_zone', route, ALL, '1m', '')
    return [`limit_conn ${zone} ${route.concurrent};`]
  }

  /** Who sends no key counts by its address, as in the app. */
  #key({ by, header }: EdgeRate): string {
    if (by === 'ip') return '$binary_remote_addr'
    const name = header.replaceAll('-', '_')
    const key = `$hotpath_key_${name}`
    if (!this.#keys.has(name))
      this.zones.push(
        `map $http_${name} ${key} {\n  default $http_${name};\n  "" $binary_remote_addr;\n}`,
      )
    this.#keys.add(name)
    return key
  }

  /** Keys that are empty are not counted: so a zone is of one method, or of those that have none of their own. */
  #zone(directive: string, route: EdgeRoute, key: string, size: string, more: string): string {
    const name = `hotpath_${++this.#count}`
    const isOthers = route.method === undefined && directive === 'limit_req_zone' && this.isShared
    const keyed = route.method === undefined && !isOthers ? key : `$${name}`
    if (isOthers) this.zones.push(`map $hotpath_others $${name} {\n  default "";\n  1 ${key};\n}`)
    else if (route.method !== undefined)
      this.zones.push(
        `map $request_method $${name} {\n  default "";\n  ~^(?:${methodsOf(route)})$ ${key};\n}`,
      )
    this.zones.push(`${directive} ${keyed} zone=${name}:${size}${more};`)
    return name
  }

  /** nginx knows whole requests a second or a minute. */
  #speed(
    route: EdgeRoute,
    key: string,
    { text, count, periodMs }: EdgeRate['rate'],
  ): string | undefined {
    const perSecond = (count * 1_000) / periodMs
    if (Number.isInteger(perSecond)) return `${perSecond}r/s`
    const perMinute = Math.floor(perSecond * 60 + 1e-9)
    if (perMinute < 1) {
      this.#note(
        route,
        key,
        `${text} is less than one a minute, which is the least that nginx knows: it is left out`,
      )
      return undefined
    }
    if (Math.abs(perMinute - perSecond * 60) > 1e-9)
      this.#note(route, key, `${text} becomes ${perMinute} a minute: nginx knows whole ones only`)
    return `${perMinute}r/m`
  }
}

const methodsOf = ({ method }: EdgeRoute): string =>
  method === 'GET' ? 'GET|HEAD' : String(method)

/** A location keeps answers of GET and HEAD alone, in one way. */
function uniqueCache(routes: readonly EdgeRoute[], notes: Note[]): string[] {
  const route = routes.find(({ cache }) => cache !== undefined)
  return route === undefined ? [] : cacheLines(route, notes)
}

/** All spellings that a router may take for this path. */
function pattern({ path }: EdgeRoute): string {
  return path === undefined ? '/' : `~* "${pathPattern(path).replaceAll('"', '\\"')}"`
}

function cacheLines(route: EdgeRoute, notes: Note[]): string[] {
  const { cache } = route
  if (cache === undefined) return []
  const note = (key: string, text: string): void =>
    void notes.push({ route: route.name, key, text })
  note('cache.ttl', 'an answer that says a longer life itself lives for that')
  const stale = cache.staleMs > 0
  if (stale)
    note('cache.stale', 'a stale answer is given while a new one is made, however old it is')
  const credentials = ['authorization', 'cookie'].filter(
    name => !cache.shared.includes(name) && !cache.headers.includes(name),
  )
  const variables = credentials.map(name => `$http_${name}`).join(' ')
  const headers = cache.headers.map(name => `|$http_${name.replaceAll('-', '_')}`).join('')
  return [
    'proxy_cache hotpath;',
    `proxy_cache_key "$scheme$host$request_uri${headers}";`,
    `proxy_cache_valid 200 203 301 404 410 ${Math.max(1, Math.round(cache.ttlMs / 1_000))}s;`,
    ...(variables === ''
      ? []
      : [`proxy_cache_bypass ${variables};`, `proxy_no_cache ${variables};`]),
    ...(stale
      ? ['proxy_cache_use_stale updating error timeout;', 'proxy_cache_background_update on;']
      : []),
    'proxy_cache_lock on;',
    'add_header X-Cache-Status $upstream_cache_status always;',
  ]
}

function gzip({ routes }: EdgePlan): string {
  if (!routes.some(({ cache }) => cache?.compress === true)) return ''
  return `  gzip on;\n  gzip_vary on;\n  gzip_min_length 1024;\n  gzip_proxied any;\n  gzip_types ${TYPES};\n`
}

function trust({ trust: said }: EdgePlan): string {
  if (said === undefined) return ''
  const blocks = said.blocks.map(block => `  set_real_ip_from ${block};\n`).join('')
  return `${blocks}  real_ip_header X-Forwarded-For;\n  real_ip_recursive on;\n`
}

/** So long nginx keeps what nobody asks for. */
function longest({ routes }: EdgePlan): string {
  const most = Math.max(
    ...routes.map(({ cache }) => (cache === undefined ? 0 : cache.ttlMs + cache.staleMs)),
  )
  return `${Math.max(1, Math.ceil(most / 1_000))}s`
}
