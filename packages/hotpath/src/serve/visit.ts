import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Found } from './answer-store.js'
import type { Entry } from './entry.js'
import type { Facts } from './facts.js'
import type { Flight } from './flight.js'
import { fieldsNow } from './for-cdn.js'
import type { Host } from './host.js'
import type { Inputs } from './inputs.js'
import type { CachePolicy } from './policy.js'
import { replayOf } from './replay.js'
import type { Emit, RequestSpan } from './seam.js'
import type { Given } from './send.js'
import type { ResponseCache } from './stage.js'

/** A request that the app answers. */
export interface Making {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly span: RequestSpan
  readonly policy: CachePolicy
  readonly facts: Facts
  /** Nobody waits for it. */
  readonly unasked?: boolean
  /** What was read so far, where the request is watched already. */
  readonly watched?: Inputs
}

/** A request on its way in, and what can be done with it where it is: at the gate, or at a mount by hand. */
export interface Visit extends Making {
  /** Hands it to the app; throws what the app throws. */
  pass(): boolean
  /** Answers it. */
  send(entry: Entry, nowMs: number, given: Given): void
  /** Prepares to make its answer anew, for which no client waits, and gives what begins it. */
  remake(flight: Flight): (found?: Found) => void
}

/** A request at the gate: below the app, which has not seen it yet. */
export class GateVisit implements Visit {
  constructor(
    private readonly host: Host,
    private readonly cache: ResponseCache,
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly span: RequestSpan,
    readonly policy: CachePolicy,
    readonly facts: Facts,
    private readonly emit: Emit,
    private readonly server: unknown,
  ) {}

  pass(): boolean {
    const { emit, server, request, response, span } = this
    return this.host.within(span, () => emit.call(server, 'request', request, response))
  }

  send(entry: Entry, nowMs: number, given: Given): void {
    const { request, response, policy, facts, cache } = this
    const fields = fieldsNow(cache.cdn, cache.clock.now(), request, response, policy, entry)
    cache.sender.send(request, response, entry, nowMs, given, facts.conditional, fields)
  }

  remake(flight: Flight): (found?: Found) => void {
    const { emit, server, policy, facts, cache } = this
    const { request, response } = replayOf(this.request, this.response)
    return found =>
      this.host.background(`refresh ${policy.route}`, request, response, (span, run) => {
        const making = { request, response, span, policy, facts, unasked: true }
        const way = cache.make(making, flight, found)
        way(() => run(() => emit.call(server, 'request', request, response)))
      })
  }
}
