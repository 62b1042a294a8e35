import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../clock.js'
import type { Config } from '../config.js'
import { PathMatch } from '../trace/path-match.js'
import type { ReachedTurn } from '../trace/reaching.js'
import type { LimitHost } from './host.js'
import { PlainTurn } from './plain-turn.js'
import { RouteLimit, type Turn } from './route-limit.js'
import type { LimitStage } from './stage.js'
import type { Identity, WhoSettings } from './who.js'

/** What is known of the routers of this process. */
export interface Routers {
  /** Whether one that asks when it reaches a route was given this template. */
  isAskingRoute(template: string): boolean
  /** How many they were given: whether one was may have changed. */
  askingRoutes(): number
}

/** Whom a request was charged to: to no limit twice, wherever on its way that is. */
const CHARGED = Symbol('hotpath.charged')
type Charged = ServerResponse & { [CHARGED]?: RouteLimit | RouteLimit[] }

/** One limit, and whether some router tells when its route is reached. */
interface Placed {
  readonly limit: RouteLimit
  readonly template: string
  told: boolean
  /** How many routes there were when that was asked last. */
  askedAt: number
}

/** The limits of a config, by route. */
export class RouteLimits implements LimitStage {
  private readonly byMethod = new Map<string, Map<string, Placed>>()
  private readonly paths = new Map<string, PathMatch<Placed>>()
  private readonly rest: Placed | undefined

  constructor(
    config: Config,
    private readonly host: LimitHost,
    private readonly routers: Routers,
    clock: Clock,
  ) {
    const { identify, trustProxy, ipv6Prefix } = config
    const settings: WhoSettings = { identify: identify as Identity, trustProxy, ipv6Prefix }
    for (const [route, { limit, throttle }] of Object.entries(config.routes ?? {})) {
      const isOff = (limit ?? OFF).mode === 'off' && (throttle ?? OFF).mode === 'off'
      if (isOff) continue
      const policies = {
        ...(limit === undefined ? {} : { limit }),
        ...(throttle === undefined ? {} : { throttle }),
      }
      const made = new RouteLimit(route, policies, host, settings, clock)
      const [method = '', template = ''] = route.split(' ')
      const placed = { limit: made, template, told: false, askedAt: -1 }
      if (route === '*') this.rest = placed
      else {
        const known = this.byMethod.get(method) ?? new Map<string, Placed>()
        this.byMethod.set(method, known.set(template, placed))
      }
    }
    for (const [method, known] of this.byMethod) this.paths.set(method, new PathMatch([...known]))
  }

  get isEmpty(): boolean {
    return this.byMethod.size === 0 && this.rest === undefined
  }

  atGate(request: IncomingMessage): RouteLimit | undefined {
    try {
      const { method = '', url = '' } = request
      const placed = this.candidate(method, url)
      if (placed === undefined)
        return this.routers.askingRoutes() === 0 ? this.rest?.limit : undefined
      const given = this.routers.askingRoutes()
      if (!placed.told && placed.askedAt !== given) {
        placed.askedAt = given
        placed.told = this.routers.isAskingRoute(placed.template)
      }
      return placed.told ? undefined : placed.limit
    } catch {
      this.host.caught('limit')
      return undefined
    }
  }

  hold(
    limit: RouteLimit,
    request: IncomingMessage,
    response: ServerResponse,
    go: () => void,
  ): boolean {
    return this.charge(limit, request, response, new PlainTurn(response, go))
  }

  readonly reached = (
    template: string,
    request: IncomingMessage,
    response: ServerResponse,
    turn: ReachedTurn,
  ): boolean => {
    const { method = '' } = request
    const placed = this.named(method, template)
    if (placed === undefined) return false
    placed.told = true
    return this.charge(placed.limit, request, response, turn)
  }

  readonly hit = (
    route: string,
    request: IncomingMessage,
    response: ServerResponse,
    go: () => void,
  ): boolean => {
    const placed = this.named(request.method ?? '', route.slice(route.indexOf(' ') + 1))
    return placed === undefined ? false : this.hold(placed.limit, request, response, go)
  }

  private charge(
    limit: RouteLimit,
    request: IncomingMessage,
    response: ServerResponse,
    turn: Turn,
  ): boolean {
    const before = (response as Charged)[CHARGED]
    if (before === undefined) (response as Charged)[CHARGED] = limit
    else {
      // A route that hands on to the next has not used up the limit of that one; of `*` there is one for all.
      const all = Array.isArray(before) ? before : [before]
      if (limit === this.rest?.limit || all.includes(limit)) return false
      ;(response as Charged)[CHARGED] = [...all, limit]
    }
    return limit.hold(request, response, turn, request)
  }

  /** HEAD reaches the handler of GET. */
  private named(method: string, template: string): Placed | undefined {
    const own = this.byMethod.get(method)?.get(template)
    if (own !== undefined) return own
    const asGet = method === 'HEAD' ? this.byMethod.get('GET')?.get(template) : undefined
    return asGet ?? this.rest
  }

  private candidate(method: string, url: string): Placed | undefined {
    const paths = this.paths.get(method)
    const asGet = method === 'HEAD' ? this.paths.get('GET') : undefined
    if (paths === undefined && asGet === undefined) return undefined
    for (const path of spellings(url)) {
      const found = paths?.candidate(path) ?? asGet?.candidate(path)
      if (found !== undefined) return found
    }
    return undefined
  }
}

const OFF = { mode: 'off' } as const

/**
 * The paths that some framework may see in a target: in its absolute form, with `..` in it, with a backslash or
 * a fragment, the URL of the WHATWG has another path than what was sent.
 */
function spellings(url: string): readonly string[] {
  if (url.charCodeAt(0) === 47 && !/[\\#]|(?:\/|%2f)(?:\.|%2e)/i.test(url)) return [url]
  const bare = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  const path = bare.startsWith('/') ? bare : `/${bare}`
  const whole = path.split('#')[0] ?? ''
  try {
    return [
      whole,
      new URL(whole, 'http://localhost').pathname,
      new URL(`http://localhost${whole}`).pathname,
    ]
  } catch {
    return [whole]
  }
}
