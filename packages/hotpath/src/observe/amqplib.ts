import { contained } from '../trace/counts.js'
import { onModule } from '../trace/module-load.js'
import { type OpenSpan, recorder } from '../trace/recorder.js'
import { carriedBy, endingWith, finish, processing, sending } from './messages.js'
import { patchMethod } from './patch-method.js'

const WHERE = 'observe.amqplib'
/** Of what else has a `then` the first call may begin the work (a query of Knex): nobody but the app makes it. */
const { isPromise } = process.getBuiltinModule('node:util').types
const noting = (note: () => void): void => void contained(WHERE, note)

interface Published {
  readonly exchange?: unknown
  readonly routingKey?: unknown
  readonly headers?: object
}
interface Delivered {
  readonly fields?: {
    readonly exchange?: unknown
    readonly routingKey?: unknown
    readonly deliveryTag?: unknown
  }
  readonly properties?: { readonly headers?: unknown }
}

/** Of messages that the app has not acknowledged yet. */
const open = new WeakMap<object, OpenSpan>()

/** Of each channel, by delivery tag: those of them whose consumer gave no promise. All may be acknowledged by one call. */
const unpromised = new WeakMap<object, Map<number, OpenSpan>>()
/** A consumer may forget to acknowledge; the oldest are let go. */
const MAX_UNPROMISED = 1_000

/**
 * Messages of amqplib (0.10 and later), by promises and by callbacks: `sendMessage`, through which all are
 * published, and `dispatchMessage`, by which a consumer gets its own. A consumer's work is over when its
 * promise is, or when it acknowledges or rejects the message, whichever comes first;
 * without both (`noAck`), when its function returns.
 */
export function observeAmqplib(): void {
  onModule('/amqplib/lib/channel.js', exports => {
    for (const Class of Object.values(exports as object)) {
      const prototype: unknown = typeof Class === 'function' ? Class.prototype : undefined
      if (typeof prototype !== 'object' || prototype === null) continue
      patchMethod(prototype, 'sendMessage', publishing)
      patchMethod(prototype, 'dispatchMessage', dispatching)
    }
  })
  for (const model of ['channel', 'callback'])
    onModule(`/amqplib/lib/${model}_model.js`, exports => {
      const { Channel } = exports as { Channel?: { prototype: object } }
      if (Channel === undefined) return
      patchMethod(Channel.prototype, 'consume', consuming)
      patchMethod(Channel.prototype, 'reject', acknowledging(false))
      for (const name of ['ack', 'nack']) patchMethod(Channel.prototype, name, acknowledging(true))
      for (const name of ['ackAll', 'nackAll']) patchMethod(Channel.prototype, name, settling)
    })
}

type Method = Parameters<Parameters<typeof patchMethod>[2]>[0]

function publishing(original: Method): Method {
  return function sendMessage(fields, properties, content) {
    const span = recorder.enabled ? contained(WHERE, () => beginSending(fields)) : undefined
    if (span === undefined) return original.call(this, fields, properties, content)
    const carrying = contained(WHERE, () => carry(span, properties as Published)) ?? properties
    try {
      const result = original.call(this, fields, carrying, content)
      noting(() => finish(span, false))
      return result
    } catch (error) {
      noting(() => finish(span, true, error))
      throw error
    }
  }
}

/** The exchange, or the queue where there is none. The key of a route may be data: it stays here. */
function beginSending(fields: unknown): OpenSpan {
  const { exchange, routingKey } = fields as Published
  return sending('rabbitmq', String(exchange) === '' ? String(routingKey) : String(exchange))
}

/** The app's own headers stay as they are: what is sent inherits from them, which amqplib does as well. */
function carry(span: OpenSpan, properties: Published): Published {
  const [name, value] = carriedBy(span, properties.headers)
  const headers = Object.create(properties.headers ?? null) as Record<string, string>
  headers[name] = value
  return Object.assign(Object.create(Object.getPrototypeOf(properties) as object), properties, {
    headers,
  }) as Published
}

function dispatching(original: Method): Method {
  return function dispatchMessage(fields, message) {
    const delivered = message as Delivered | null
    const span =
      recorder.enabled && delivered !== null
        ? contained(WHERE, () => beginProcessing(delivered))
        : undefined
    if (span === undefined) return original.call(this, fields, message)
    open.set(delivered as object, span)
    let result: unknown
    try {
      result = recorder.runIn(span, () => original.call(this, fields, message))
    } catch (error) {
      noting(() => finish(span, true, error))
      throw error
    }
    if (isPromise(result)) return endingWith(span, result, WHERE)
    if (span.endMs < 0) noting(() => remember(this as object, delivered?.fields?.deliveryTag, span))
    return result
  }
}

function beginProcessing({ fields, properties }: Delivered): OpenSpan {
  const { exchange, routingKey } = fields ?? {}
  const from = String(exchange) === '' ? String(routingKey) : String(exchange)
  return processing('rabbitmq', from, properties?.headers)
}

function remember(channel: object, tag: unknown, span: OpenSpan): void {
  if (typeof tag !== 'number') return
  const known = unpromised.get(channel) ?? new Map<number, OpenSpan>()
  unpromised.set(channel, known.set(tag, span))
  const [oldest = tag] = known.keys()
  if (known.size > MAX_UNPROMISED) known.delete(oldest)
}

/** What is not to be acknowledged is over when its consumer returns, or its promise is. */
function consuming(original: Method): Method {
  return function (this: unknown, ...args) {
    const [, callback, options] = args
    const { noAck } = (options ?? {}) as { readonly noAck?: unknown }
    if (noAck === true && typeof callback === 'function')
      args[1] = function (this: unknown, message: unknown) {
        const result: unknown = callback.apply(this, arguments)
        if (!isPromise(result) && message !== null) noting(() => open.get(message as object)?.end())
        return result
      }
    return original.apply(this, args)
  }
}

/** @param mayBeAll Its second argument says that all before it are meant too. */
function acknowledging(mayBeAll: boolean): (original: Method) => Method {
  return original =>
    function (this: unknown, ...args) {
      const result = original.apply(this, args)
      const [message, isAll] = args
      noting(() => {
        if (typeof message !== 'object' || message === null) return
        open.get(message)?.end()
        const tag = Number((message as Delivered).fields?.deliveryTag)
        const known = unpromised.get(this as object)
        known?.delete(tag)
        if (mayBeAll && isAll) end(known, tag)
      })
      return result
    }
}

function settling(original: Method): Method {
  return function (this: unknown, ...args) {
    const result = original.apply(this, args)
    noting(() => end(unpromised.get(this as object), Number.POSITIVE_INFINITY))
    return result
  }
}

function end(known: Map<number, OpenSpan> | undefined, upTo: number): void {
  for (const [tag, span] of known ?? [])
    if (tag <= upTo) {
      span.end()
      known?.delete(tag)
    }
}
