import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../clock.js'
import type { RoutePolicies } from '../config/route-policies.js'
import type { Told } from './asker.js'
import type { Decision } from './decision.js'
import type { LimitHost } from './host.js'
import { Limiting } from './limiting.js'
import type { After } from './pace.js'
import type { Refusal } from './refusal.js'
import { LimitTally } from './tally.js'
import { Throttling } from './throttling.js'
import type { WhoSettings } from './who.js'

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
      const who = limiting.asker.who(request, subject)
      if (!(who instanceof Promise)) return this.charge(who, request, response, turn, subject)
      this.whenKnown(who, turn, told => this.charge(told, request, response, turn, subject))
      return true
    } catch {
      this.host.caught('limit')
      return false
    }
  }

  private charge(
    who: Told,
    request: IncomingMessage,
    response: ServerResponse,
    turn: Turn,
    subject: unknown,
  ): boolean {
    const { limit: limiting } = this
    if (limiting === undefined) return false
    const key = limiting.asker.keyOf(who, request)
    if (this.throttle === undefined && limiting.passes(key, who)) {
      this.tally.allowed++
      return false
    }
    const decided = limiting.decide(key, who, subject)
    if (!(decided instanceof Promise))
      return this.decided(decided, key, request, response, turn, subject)
    decided.then(
      decision =>
        this.inTurn(turn, () => this.decided(decision, key, request, response, turn, subject)),
      () => this.failed(turn),
    )
    return true
  }

  private whenKnown(who: Promise<Told>, turn: Turn, isHeld: (told: Told) => boolean): void {
    const known = (told: Told): void => this.inTurn(turn, () => isHeld(told))
    who.then(known, () => known(undefined))
  }

  /** Goes on in a turn of its own: what the app throws is none of ours. */
  private inTurn(turn: Turn, isHeld: () => boolean): void {
    try {
      if (!isHeld()) process.nextTick(() => turn.go())
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
    const { throttle } = this
    if (throttle === undefined) return false
    const { asker } = throttle
    const who = asker.who(request, subject)
    if (!(who instanceof Promise))
      return this.stand(throttle, asker.keyOf(who, request), request, response, turn)
    this.whenKnown(
      who,
      turn,
      told =>
        hasLeft(request, response) ||
        this.stand(throttle, asker.keyOf(told, request), request, response, turn),
    )
    return true
  }

  private stand(
    throttle: Throttling,
    key: string,
    request: IncomingMessage,
    response: ServerResponse,
    turn: Turn,
  ): boolean {
    const { tally, clock } = this
    const { pace } = throttle
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
      isGone: () => hasLeft(request, response),
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

const hasLeft = (request: IncomingMessage, response: ServerResponse): boolean =>
  response.destroyed || request.socket?.destroyed === true
