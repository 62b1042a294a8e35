import type { IncomingMessage, ServerResponse } from 'node:http'
import { clock } from '../../clock.js'
import { checkPolicy } from '../../config.js'
import {
  type LimitConfig,
  limitRule,
  type ThrottleConfig,
  throttleRule,
} from '../../config/limit.js'
import type { RoutePolicies } from '../../config/route-policies.js'
import { HotpathError } from '../../errors.js'
import type { LimitCounter, LimitDetail, LimitHost } from '../../limit/host.js'
import { RouteLimit, type Turn } from '../../limit/route-limit.js'

type Key = string | number | undefined | null

/** Who asks, where functions are given the framework's request. */
interface Asked<Subject> {
  /**
   * `user` is who the app's own login, mounted before, has found: `user` of the request, or what holds it in this
   * framework, by its `id` or `sub`. Who has not logged in is counted by the address.
   */
  readonly by?: 'ip' | 'user' | 'key' | ((request: Subject) => Key | Promise<Key>)
}

/** `limit` of the config, as docs/limits.md has it. */
export interface MountLimit<Subject>
  extends Omit<LimitConfig, 'by' | 'plan' | 'cost'>,
    Asked<Subject> {
  readonly plan?: (request: Subject) => string | undefined
  readonly cost?: number | ((request: Subject) => number)
}

/** `throttle` of the config, as docs/limits.md has it. */
export interface MountThrottle<Subject> extends Omit<ThrottleConfig, 'by'>, Asked<Subject> {}

/** What one mount did so far: by name as in docs/limits.md, with the reason where there is one: `refused rate`. */
export interface LimitFigures {
  readonly counts: Readonly<Record<string, number>>
  /** Exceptions of ours, and of functions of the options, that were caught. */
  readonly errors: number
}

/** What a middleware of each framework is made of. */
export interface Mount<Subject, Figures> {
  /** False: it may go on at once; else `turn` says how, now or later. */
  hold(request: IncomingMessage, response: ServerResponse, turn: Turn, subject: Subject): boolean
  figures(): Figures
}

class MountHost implements LimitHost {
  errors = 0
  readonly counts: Record<string, number> = {}
  hand: () => void = () => {}

  caught(): void {
    this.errors++
  }

  count(name: LimitCounter, _route: string, { reason, key }: LimitDetail, n: number): void {
    if (key !== undefined) return
    const known = reason === undefined ? name : `${name} ${reason}`
    this.counts[known] = (this.counts[known] ?? 0) + n
  }

  beforeCounts(hand: () => void): void {
    this.hand = hand
  }
}

/** `limitRequests` and `throttleRequests` of all frameworks. */
export class LimitMount {
  readonly #host = new MountHost()
  readonly #limit: RouteLimit

  private constructor(policies: RoutePolicies) {
    this.#limit = new RouteLimit('mount', policies, this.#host, {}, clock)
  }

  /**
   * @param userOf What holds the user that the app has found.
   * @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE, HOTPATH_LIMIT_NAMESPACE
   */
  static limit<Subject>(options: MountLimit<Subject>, userOf: (s: Subject) => unknown): LimitMount {
    const wrong = checkPolicy(limitRule, options, 'limitRequests')
    if (wrong !== undefined) throw new HotpathError(wrong)
    if (options.store !== undefined && options.namespace === undefined)
      throw new HotpathError('HOTPATH_LIMIT_NAMESPACE')
    return new LimitMount({ limit: known(options, userOf) as LimitConfig })
  }

  /** @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE */
  static throttle<Subject>(
    options: MountThrottle<Subject>,
    userOf: (s: Subject) => unknown,
  ): LimitMount {
    const wrong = checkPolicy(throttleRule, options, 'throttleRequests')
    if (wrong !== undefined) throw new HotpathError(wrong)
    return new LimitMount({ throttle: known(options, userOf) as ThrottleConfig })
  }

  /** False: it may go on at once; else `turn` says how, now or later. */
  hold(request: IncomingMessage, response: ServerResponse, turn: Turn, subject: unknown): boolean {
    return this.#limit.hold(request, response, turn, subject)
  }

  figures(): LimitFigures {
    this.#host.hand()
    return { counts: { ...this.#host.counts }, errors: this.#host.errors }
  }
}

function known<Subject>(options: Asked<Subject>, userOf: (s: Subject) => unknown): object {
  if (options.by !== 'user') return options
  return { ...options, by: (subject: Subject) => idOf(userOf(subject)) }
}

function idOf(user: unknown): Key {
  if (typeof user === 'string' || typeof user === 'number') return user
  const { id, sub } = (user ?? {}) as { readonly id?: Key; readonly sub?: Key }
  return id ?? sub
}
