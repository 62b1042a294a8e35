import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../clock.js'
import { durationMs } from '../config/duration.js'
import type { LimitConfig, ThrottleConfig } from '../config/limit.js'
import { rateOf } from '../config/rate.js'
import type { RoutePolicies } from '../config/route-policies.js'
import { Decided, type Decision } from './decision.js'
import type { LimitHost } from './host.js'
import { type Limiter, type LimitOptions, limit } from './limiter.js'
import { MOST_KEYS } from './memory-store.js'
import { type After, Pace } from './pace.js'
import { LaterStore, laterStoreOf } from './later-store.js'
import { type HeaderForm, limitFields, type Refusal, refusalOf } from './refusal.js'
import { type LimitRule, ruleOf } from './rule.js'
import type { LimitStore } from './store.js'
import { LimitTally } from './tally.js'
import { addressOf, type Client, identityOf, type Identity, type WhoSettings } from './who.js'

/** What a request can do where it is stopped: at the gate, in a router, at a mount by hand. */
export interface Turn {
  /** On to the handler; throws what that throws. */
  go(): void
  refuse(refusal: Refusal): void
  /** Headers of the answer that the handler will give. */
  tell(fields: readonly (readonly [string, string])[]): void
}

/** The app may replace the global timers; ours must be real. */
const { setTimeout, clearTimeout } = globalThis
const after: After = (ms, run) => {
  const timer = setTimeout(run, Math.ceil(ms))
  return () => clearTimeout(timer)
}

/** Says that a request waits because of us: it takes no place of `concurrency` meanwhile. */
const HELD = Symbol.for('hotpath.held')

/** Begins the key of who is not known: no header can, so nobody can spend in the name of an address. */
const UNKNOWN = '\0'
const DEFAULT_DELAY_MS = 2_000
const DEFAULT_QUEUE = 1_000

/** `limit` and `throttle` of one route. */
export class RouteLimit {
  readonly tally: LimitTally
  private readonly limit: Limiting | undefined
  private readonly throttle: Throttling | undefined

  constructor(
    /** `POST /orders`, as the recorder names the route. */
    readonly route: string,
    { limit: limits, throttle }: RoutePolicies,
    private readonly host: LimitHost,
    settings: WhoSettings,
    private readonly clock: Clock,
    private readonly wait: After = after,
  ) {
    if (limits !== undefined && limits.mode !== 'off')
      this.limit = new Limiting(route, limits, host, settings, clock)
    if (throttle !== undefined && throttle.mode !== 'off')
      this.throttle = new Throttling(throttle, settings, clock, this.wait, () =>
        host.caught('limit.config'),
      )
    this.tally = new LimitTally(host, route, () => this.limit?.forgotten() ?? 0)
  }

  /**
   * False: it may go on at once. True: `turn.go` or `turn.refuse` is, or will be, called, unless its client
   * leaves before. Never throws.
   *
   * @param subject What functions of the config are given: the framework's request.
   */
  hold(request: IncomingMessage, response: ServerResponse, turn: Turn, subject: unknown): boolean {
    try {
      const { limit: limiting } = this
      if (limiting === undefined) return this.pace(request, response, turn, subject)
      const decided = limiting.decide(request, subject)
      if (!(decided instanceof Promise))
        return this.decided(decided.decision, decided.key, request, response, turn, subject)
      decided.then(
        ({ decision, key }) => this.later(decision, key, request, response, turn, subject),
        () => this.failed(turn),
      )
      return true
    } catch {
      this.host.caught('limit')
      return false
    }
  }

  /** In a turn of its own: what the app throws is none of ours. */
  private later(
    decision: Decision,
    key: string,
    request: IncomingMessage,
    response: ServerResponse,
    turn: Turn,
    subject: unknown,
  ): void {
    try {
      if (!this.decided(decision, key, request, response, turn, subject))
        process.nextTick(() => turn.go())
    } catch {
      this.failed(turn)
    }
  }

  private failed(turn: Turn): void {
    this.host.caught('limit')
    process.nextTick(() => turn.go())
  }

  private decided(
    decision: Decision,
    key: string,
    request: IncomingMessage,
    response: ServerResponse,
    turn: Turn,
    subject: unknown,
  ): boolean {
    const { tally, limit: limiting } = this
    if (limiting === undefined) return false
    if (decision.alone) tally.alone++
    if (decision.allowed || limiting.isShadow) {
      if (decision.allowed) {
        if (this.throttle === undefined) tally.allowed++
      } else tally.refuse(decision.reason ?? 'rate', key, true)
      if (limiting.tellsAll) turn.tell(limiting.fields(decision))
      return this.throttle === undefined ? false : this.pace(request, response, turn, subject)
    }
    tally.refuse(decision.reason ?? 'rate', key, false)
    turn.refuse(limiting.refusal(decision))
    return true
  }

  private pace(
    request: IncomingMessage,
    response: ServerResponse,
    turn: Turn,
    subject: unknown,
  ): boolean {
    const { throttle, tally, clock } = this
    if (throttle === undefined) return false
    const { pace } = throttle
    const key = throttle.client(request, subject)
    const refuse = (): void => {
      tally.refuse('delay', key, false)
      turn.refuse(throttle.refusal())
    }
    const sinceMs = clock.now()
    // Called by the timer of whoever came first: each goes on in the async context in which it came, and in a turn
    // of its own, since what the app throws is none of ours.
    let later = (run: () => void): void => run()
    const waiter = {
      client: key,
      sinceMs,
      left: false,
      go: () => {
        response.removeListener('close', leave)
        tally.allowed++
        tally.delay(clock.now() - sinceMs)
        later(() => turn.go())
      },
      late: () => {
        response.removeListener('close', leave)
        later(refuse)
      },
      isGone: () => response.destroyed || request.socket?.destroyed === true,
    }
    const leave = (): void => pace.leave(waiter)
    if (throttle.isShadow) {
      if (!throttle.wouldPass()) tally.refuse('delay', key, true)
      tally.allowed++
      return false
    }
    const place = pace.enter(waiter)
    if (place === 'waiting') {
      Reflect.set(response, HELD, true)
      response.once('close', leave)
      later = AsyncResource.bind((run: () => void) => process.nextTick(run))
    } else if (place === 'full') refuse()
    else tally.allowed++
    return place !== 'free'
  }
}

interface KeyedDecision {
  readonly decision: Decision
  readonly key: string
}

class Limiting {
  readonly isShadow: boolean
  readonly tellsAll: boolean
  private limiter: Limiter
  private readonly rule: LimitRule
  private readonly identity: Identity | undefined
  private readonly form: HeaderForm | undefined

  constructor(
    private readonly route: string,
    private readonly config: LimitConfig,
    private readonly host: LimitHost,
    private readonly settings: WhoSettings,
    clock: Clock,
  ) {
    const { by = 'ip', keyHeader, store, headers = 'refused', headerForm = 'draft-10' } = config
    this.isShadow = config.mode === 'shadow'
    this.tellsAll = headers === 'always'
    this.form = headers === 'off' ? undefined : headerForm
    this.rule = ruleOf(config)
    const known = { ...settings, ...(keyHeader === undefined ? {} : { keyHeader }) }
    if (by !== 'ip') this.identity = identityOf(by, known, () => host.caught('limit.config'))
    const shared = typeof store === 'function' ? laterStoreOf(store) : store
    this.limiter = this.make(shared as LimitStore | undefined, clock)
    if (shared instanceof LaterStore) void shared.made.catch(() => this.goAlone(clock))
  }

  decide(request: IncomingMessage, subject: unknown): KeyedDecision | Promise<KeyedDecision> {
    const { identity } = this
    if (identity === undefined)
      return this.take(addressOf(request, this.settings), request, subject)
    const asked = typeof this.config.by === 'function' ? subject : request
    const who = identity(asked as IncomingMessage)
    if (who instanceof Promise)
      return who.then(
        known => this.take(known, request, subject),
        () => this.take(undefined, request, subject),
      )
    return this.take(who, request, subject)
  }

  fields(decision: Decision): [string, string][] {
    return this.form === undefined ? [] : limitFields(decision, this.rule, this.form)
  }

  refusal(decision: Decision): Refusal {
    return refusalOf(decision, this.rule, this.form)
  }

  forgotten(): number {
    return this.limiter.forgotten
  }

  private take(
    who: string | Client | undefined,
    request: IncomingMessage,
    subject: unknown,
  ): KeyedDecision | Promise<KeyedDecision> {
    const { cost, plan: planOf } = this.config
    const told = typeof who === 'object' ? who.key : who
    const key =
      told === undefined || told === '' ? UNKNOWN + addressOf(request, this.settings) : told
    const { limiter } = this
    const said = typeof who === 'object' ? who.plan : undefined
    const isPlain = cost === undefined && planOf === undefined && said === undefined
    const decision = isPlain
      ? limiter.take(key)
      : limiter.take(key, {
          cost: typeof cost === 'function' ? this.costOf(cost, subject) : (cost ?? 1),
          plan: said ?? this.ask(planOf, subject),
        })
    if (decision instanceof Promise) return decision.then(made => ({ decision: made, key }))
    return { decision, key }
  }

  private costOf(cost: (request: IncomingMessage) => number, subject: unknown): number {
    try {
      const given = cost(subject as IncomingMessage)
      if (given >= 0 && Number.isFinite(given)) return given
    } catch {
      // Told below, as a cost that is none is.
    }
    this.host.caught('limit.config')
    return 1
  }

  /** What a function of the config says; undefined when it throws. */
  private ask<T>(
    fn: ((request: IncomingMessage) => T) | undefined,
    subject: unknown,
  ): T | undefined {
    try {
      return fn?.(subject as IncomingMessage)
    } catch {
      this.host.caught('limit.config')
      return undefined
    }
  }

  /** Of a list that the app asks by a function: when that throws, the key is not on it. */
  private contained(isListed: (key: string) => boolean): (key: string) => boolean {
    return key => {
      try {
        return isListed(key)
      } catch {
        this.host.caught('limit.config')
        return false
      }
    }
  }

  private make(store: LimitStore | undefined, clock: Clock): Limiter {
    const { by: _by, keyHeader: _key, plan: _plan, cost: _cost, mode: _mode, ...rest } = this.config
    const { headers: _headers, headerForm: _form, store: _store, namespace, ...rule } = rest
    const options = { ...rule, namespace: namespace ?? this.route, clock }
    const { allow, deny } = options
    const listed = {
      ...(typeof allow === 'function' ? { allow: this.contained(allow) } : {}),
      ...(typeof deny === 'function' ? { deny: this.contained(deny) } : {}),
    }
    return limit({
      ...options,
      ...listed,
      ...(store === undefined ? {} : { store }),
    } as LimitOptions & {
      store: LimitStore
    })
  }

  /** The store cannot be made: this process counts alone, and says so. */
  private goAlone(clock: Clock): void {
    this.host.caught('limit.store')
    process.emitWarning(
      `The store of the limit of "${this.route}" could not be made: this process limits alone.`,
      { code: 'HOTPATH_LIMIT_STORE' },
    )
    this.limiter = this.make(undefined, clock)
  }
}

class Throttling {
  readonly pace: Pace
  readonly isShadow: boolean
  private readonly identity: Identity
  private readonly asksSubject: boolean
  private readonly shadow: Limiter

  constructor(
    {
      rate,
      burst = 1,
      maxDelay,
      queue = DEFAULT_QUEUE,
      by = 'ip',
      keyHeader,
      mode,
    }: ThrottleConfig,
    private readonly settings: WhoSettings,
    clock: Clock,
    wait: After,
    /** A function of the config has thrown. */
    failed: () => void,
  ) {
    const { count, periodMs } = rateOf(rate) ?? { count: 1, periodMs: 1000 }
    const intervalMs = periodMs / count
    const maxDelayMs = maxDelay === undefined ? DEFAULT_DELAY_MS : (durationMs(maxDelay) ?? 0)
    this.isShadow = mode === 'shadow'
    this.asksSubject = typeof by === 'function'
    this.pace = new Pace({ intervalMs, burst, maxDelayMs, queue }, clock, wait)
    const known = { ...settings, ...(keyHeader === undefined ? {} : { keyHeader }) }
    this.identity = identityOf(by, known, failed)
    // What may wait is what may come at once beyond the burst.
    const room = burst + Math.min(queue, Math.floor(maxDelayMs / intervalMs))
    this.shadow = limit({ rate, burst: room, maxKeys: MOST_KEYS, clock }) as Limiter
  }

  client(request: IncomingMessage, subject: unknown): string {
    const who = this.identity(this.asksSubject ? (subject as IncomingMessage) : request)
    // Who has to be waited for takes turns by their address.
    const key = who instanceof Promise ? undefined : typeof who === 'object' ? who.key : who
    return key ?? UNKNOWN + addressOf(request, this.settings)
  }

  /** Whether somebody who comes now would have been let through, now or later. */
  wouldPass(): boolean {
    const decision = this.shadow.take('all')
    return decision instanceof Promise || decision.allowed
  }

  refusal(): Refusal {
    const { retryMs } = this.pace
    const decision = new Decided(false, 0, 0, retryMs, retryMs, 'delay', '', false)
    return refusalOf(decision, undefined, undefined)
  }
}
