import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import type { Guest, Place, Places } from '../concurrency/places.js'
import type { Pressure } from '../concurrency/pressure.js'
import { limitBody, saysTooLong } from './body-limit.js'
import { type CrowdPolicies, type CrowdPolicy, priorityOf } from './crowd-policy.js'
import type { CrowdTally, Label } from './crowd-tally.js'
import { hasLeft, isOpenEnded, isStream, tellsLatency } from './open-ended.js'
import { refuse, type Why } from './refusal.js'
import type { ServerBounds } from './server-bounds.js'
import { type Emit, type RequestSpan, type Run, SERVED, type ServeStage, type Way } from './seam.js'

/** Where a response keeps the place that its request has, or those for which it waits. */
const PLACE = Symbol('hotpath.place')
const WAITS = Symbol('hotpath.waits')
type Placed = ServerResponse & { [PLACE]?: Place | undefined; [WAITS]?: Places | undefined }

/** Less is the turn of the event loop that others take as well. */
const LEAST_COUNTED_MS = 5

/**
 * Keeps the crowd off: sheds when the process is hard pressed, before anything else is done for a request, and
 * lets no more requests reach the app at once than it can serve. Between the two is the rest of the way: a hit
 * of the cache takes no place.
 */
export class Crowd implements ServeStage {
  constructor(
    private readonly policies: CrowdPolicies,
    private readonly tally: CrowdTally,
    /** Undefined: nothing is shed. */
    private readonly pressure: { readonly of: Pressure; readonly shadow: boolean } | undefined,
    private readonly now: () => number,
    private readonly caught: () => void,
    private readonly bounds?: ServerBounds | undefined,
    /** The rest of the way. */
    private readonly inner?: ServeStage | undefined,
  ) {}

  shed(request: IncomingMessage, response: ServerResponse, span: RequestSpan): boolean {
    try {
      const policy = this.policies.of(request.method ?? '', request.url ?? '')
      return this.#refuses(policy, request, response, span)
    } catch {
      this.caught()
      return false
    }
  }

  enter(
    request: IncomingMessage,
    response: ServerResponse,
    span: RequestSpan,
    emit: Emit,
    server: unknown,
  ): Way {
    this.bounds?.set(server)
    const at = this.#policyOf(request)
    if (at?.places === undefined) return this.inner?.enter(request, response, span, emit, server)
    // The rest of the way may hold a request up, or make one by itself: each goes through here on its way to the app.
    const { admit } = this
    const gated: Emit = function (this: unknown, type, asked, answer, ...more) {
      return admit(
        at,
        asked as IncomingMessage,
        answer as ServerResponse,
        span,
        answer === response,
        () => emit.call(this, type, asked, answer, ...more),
      )
    }
    const way = this.inner?.enter(request, response, span, gated, server)
    if (way === SERVED) return SERVED
    const admitted = (run: Run): boolean => admit(at, request, response, span, true, run)
    return way === undefined ? admitted : run => way(() => admitted(run))
  }

  enterUncached(
    request: IncomingMessage,
    response: ServerResponse,
    span: RequestSpan,
    server: unknown,
  ): Way {
    this.bounds?.set(server)
    const at = this.#policyOf(request)
    if (at?.places === undefined) return undefined
    return run => this.admit(at, request, response, span, true, run)
  }

  connected(session: ServerHttp2Session): void {
    try {
      this.bounds?.connected(session)
    } catch {
      this.caught()
    }
  }

  closed(response: ServerResponse): void {
    this.inner?.closed(response)
    try {
      this.#leave(response)
    } catch {
      this.caught()
    }
  }

  #policyOf({ method = '', url = '' }: IncomingMessage): CrowdPolicy | undefined {
    try {
      return this.policies.of(method, url)
    } catch {
      this.caught()
      return undefined
    }
  }

  #refuses(
    policy: CrowdPolicy,
    request: IncomingMessage,
    response: ServerResponse,
    span: RequestSpan,
  ): boolean {
    const { pressure, tally } = this
    const { bodyLimit } = policy
    if (pressure !== undefined && !policy.exempt) {
      const priority = priorityOf(policy, request.method ?? '', request.url ?? '')
      const why = pressure.of.refuses(priority, this.now())
      if (why !== undefined) {
        tally.add(
          pressure.shadow ? 'shed.shadow.refused' : 'shed.refused',
          labelOf(policy, span),
          why,
        )
        if (!pressure.shadow) {
          this.#send(policy, request, response, span, why)
          return true
        }
      }
    }
    if (bodyLimit === undefined) return false
    const tooLong = (): void => {
      tally.add('body.refused', labelOf(policy, span))
      this.#send(policy, request, response, span, 'body')
    }
    if (!saysTooLong(request, bodyLimit)) {
      limitBody(request, bodyLimit, tooLong)
      return false
    }
    tooLong()
    return true
  }

  /** Runs what reaches the app, now or once there is a place. Throws what the app throws. */
  readonly admit = (
    policy: CrowdPolicy,
    request: IncomingMessage,
    response: ServerResponse,
    span: RequestSpan,
    /** False: nobody sent it, and the gate does not tell of its end. */
    isSent: boolean,
    run: Run,
  ): boolean => {
    let place: Place | undefined
    try {
      const { places } = policy
      if (places === undefined || (response as Placed)[PLACE] !== undefined) return run()
      const keep = (taken: Place): void => {
        ;(response as Placed)[PLACE] = taken
        if (!isSent) response.once('close', () => this.#leave(response))
      }
      let context: AsyncResource | undefined
      let isRefused = false
      const count = (what: 'queued' | 'refused', why?: string): void =>
        this.tally.add(`concurrency.${what}`, labelOf(policy, span), why)
      const guest: Guest = {
        // What is made in the background has time.
        priority: isSent ? priorityOf(policy, request.method ?? '', request.url ?? '') : 3,
        route: () => span.stats(),
        label: () => labelOf(policy, span),
        enter: (taken, waitedMs) => {
          if (waitedMs >= LEAST_COUNTED_MS) count('queued')
          ;(response as Placed)[WAITS] = undefined
          keep(taken)
          try {
            context?.runInAsyncScope(run)
          } finally {
            this.#ran(response, taken)
          }
        },
        refuse: why => {
          isRefused = true
          count('refused', why)
          this.#send(policy, request, response, span, why)
        },
        isGone: () => response.destroyed || hasLeft(request),
        isOpenEnded: (nowMs, begunMs) => isOpenEnded(request, response, nowMs - begunMs),
      }
      place = places.ask(guest)
      if (place === undefined) {
        if (isRefused) return true
        // In the async context of the request, whoever gives the place back.
        context = new AsyncResource('hotpath.place')
        ;(response as Placed)[WAITS] = places
        return true
      }
      keep(place)
    } catch {
      this.caught()
    }
    if (place === undefined) return run()
    try {
      return run()
    } finally {
      this.#ran(response, place)
    }
  }

  /** The handler has run to where it waits: an event-stream may have begun. */
  #ran(response: ServerResponse, place: Place): void {
    try {
      place.ran()
      if (response.headersSent && isStream(response)) this.#leave(response)
    } catch {
      this.caught()
    }
  }

  #send(
    { label }: CrowdPolicy,
    request: IncomingMessage,
    response: ServerResponse,
    { trace }: RequestSpan,
    why: Why,
  ): void {
    // No router has seen it, so nobody else says of which route it is.
    if (label?.template !== undefined) trace.route ??= label.template
    refuse(request, response, why)
  }

  #leave(response: ServerResponse): void {
    ;(response as Placed)[WAITS]?.gone()
    const place = (response as Placed)[PLACE]
    if (place === undefined) return
    ;(response as Placed)[PLACE] = undefined
    place.leave(tellsLatency(response))
  }
}

/** The route that a refusal counts for: as the config names it, else as its path looks like. */
const labelOf = ({ label }: CrowdPolicy, span: RequestSpan): Label => label ?? span.stats()
