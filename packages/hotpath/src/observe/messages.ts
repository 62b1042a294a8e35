import type { Attributes } from '../trace/attributes.js'
import { contained } from '../trace/counts.js'
import { keeper } from '../trace/keeper.js'
import { injection, OWN_HEADER, parseTraceparent, STANDARD_HEADER } from '../trace/propagation.js'
import { recorder } from '../trace/recorder.js'
import { ActiveTrace, OpenSpan } from '../trace/span.js'
import { takeSite } from '../trace/site.js'
import { errorType } from './outgoing.js'

export type MessagingSystem = 'rabbitmq' | 'bullmq'

/** Destinations that are told apart: an app may have a queue for each of its users. */
const MAX_DESTINATIONS = 300
const destinations = new Map<string, string>()

/** `orders`, `user.?` for `user.4711`: the name of a queue or an exchange, without what looks like an id. */
function destinationOf(name: string): string {
  const known = destinations.get(name)
  if (known !== undefined) return known
  const template = name
    .slice(0, 200)
    .replace(/^amq\.gen-.*$/, 'amq.gen')
    // To whom an answer goes: a token for each who asks.
    .replace(/^(amq\.rabbitmq\.reply-to)\..*$/, '$1')
    .replace(/[^\s.:/_-]*(?:\d|@|%)[^\s.:/_-]*/g, '?')
  if (destinations.size >= MAX_DESTINATIONS) return '_OTHER'
  destinations.set(name, template)
  return template
}

function attributesOf(system: MessagingSystem, type: string, destination: string): Attributes {
  return {
    'messaging.system': system,
    'messaging.operation.type': type,
    'messaging.destination.name': destination,
  }
}

/** A message, or several at once, are handed over: `send orders`, below who does it. */
export function sending(system: MessagingSystem, to: string): OpenSpan {
  const destination = destinationOf(to)
  const attributes = attributesOf(system, 'send', destination)
  const span = recorder.startSpan('producer', `send ${destination}`, attributes)
  takeSite(span)
  return span
}

/** What a message carries, so that who takes it can name its sender. */
export function carriedBy(span: OpenSpan, headers: object | undefined): readonly [string, string] {
  return injection(span, headers !== undefined && STANDARD_HEADER in headers)
}

/**
 * A message is taken: `process orders`, a trace of its own that links to the sender's. A queue may hold a
 * message for days, and many may be taken at once, so it is no part of the sender's trace.
 *
 * @param carried Headers of the message, or what else holds them.
 */
export function processing(system: MessagingSystem, from: string, carried: unknown): OpenSpan {
  const destination = destinationOf(from)
  const trace = new ActiveTrace(keeper)
  const headers = (typeof carried === 'object' && carried !== null ? carried : {}) as Record<
    string,
    unknown
  >
  const parent = headers[OWN_HEADER] ?? headers[STANDARD_HEADER]
  if (parent !== undefined) trace.link = parseTraceparent(String(parent))
  const attributes = attributesOf(system, 'process', destination)
  return trace.begin(
    new OpenSpan(trace, undefined, 'consumer', `process ${destination}`, attributes),
  )
}

/** Its work is over, well or not. */
export function finish(span: OpenSpan, failed: boolean, error?: unknown): void {
  if (failed) span.end('error', { 'error.type': errorType(error) })
  else span.end()
}

/**
 * Ends a span with a promise; what is given back is the promise to be used: one beside it would take a
 * rejection for handled.
 *
 * @param where An exception of ours is counted under it.
 */
export function endingWith(
  span: OpenSpan,
  result: PromiseLike<unknown>,
  where: string,
): PromiseLike<unknown> {
  return result.then(
    value => {
      contained(where, () => finish(span, false))
      return value
    },
    (error: unknown) => {
      contained(where, () => finish(span, true, error))
      throw error
    },
  )
}

export const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
