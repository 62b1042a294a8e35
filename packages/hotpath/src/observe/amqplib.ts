import { contained } from '../trace/counts.js'
import { onModule } from '../trace/module-load.js'
import { type OpenSpan, recorder } from '../trace/recorder.js'
import { carriedBy, endingWith, finish, isPromise, processing, sending } from './messages.js'
import { patchMethod } from './patch-method.js'

const WHERE = 'observe.amqplib'
const noting = (note: () => void): void => void contained(WHERE, note)

interface Published {
  readonly exchange?: unknown
  readonly routingKey?: unknown
  readonly headers?: object
}
interface Delivered {
  readonly fields?: { readonly exchange?: unknown; readonly routingKey?: unknown }
  readonly properties?: { readonly headers?: unknown }
}

/** Of messages that the app has not acknowledged yet. */
const open = new WeakMap<object, OpenSpan>()

/**
 * Messages of amqplib (0.10 and later), by promises and by callbacks: `sendMessage`, through which all are
 * published, and `dispatchMessage`, by which a consumer gets its own. A consumer's work is over when its
 * promise is, or when it acknowledges or rejects the message, whichever comes first.
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
      for (const name of ['ack', 'nack', 'reject'])
        if (Channel !== undefined) patchMethod(Channel.prototype, name, acknowledging)
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
    return isPromise(result) ? endingWith(span, result, WHERE) : result
  }
}

function beginProcessing({ fields, properties }: Delivered): OpenSpan {
  const { exchange, routingKey } = fields ?? {}
  const from = String(exchange) === '' ? String(routingKey) : String(exchange)
  return processing('rabbitmq', from, properties?.headers)
}

function acknowledging(original: Method): Method {
  return function (this: unknown, ...args) {
    const result = original.apply(this, args)
    const message = args[0]
    if (typeof message === 'object' && message !== null) noting(() => open.get(message)?.end())
    return result
  }
}
