import { IncomingMessage, ServerResponse } from 'node:http'
import { rawHeadersOf } from './raw-headers.js'
import { Kind, kindOf } from './request-fields.js'
import { SilentSocket } from './silent-socket.js'

/** A request that nobody sent, and the response that nobody reads. */
export interface Replayed {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * The same request again, on a socket that takes everything: to make an answer anew while its client
 * has the old one. Of the classes that the server uses; without validators, which would be answered 304.
 */
export function replayOf(
  original: IncomingMessage,
  originalResponse: ServerResponse,
  url = original.url,
): Replayed {
  const socket = new SilentSocket(original.socket)
  const request: IncomingMessage = Reflect.construct(classOf(original, IncomingMessage), [socket])
  const rawHeaders = rawHeadersOf(original)
  const kept: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const kind = kindOf(rawHeaders[at] as string)
    if (kind === Kind.Condition || kind === Kind.CacheControl || kind === Kind.Length) continue
    kept.push(rawHeaders[at] as string, rawHeaders[at + 1] as string)
  }
  const headers: IncomingMessage['headers'] = { ...original.headers }
  for (const name of Object.keys(headers)) {
    const kind = kindOf(name)
    if (kind === Kind.Condition || kind === Kind.CacheControl || kind === Kind.Length)
      delete headers[name]
  }
  Object.assign(request, {
    method: 'GET',
    url,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    rawHeaders: kept,
    headers,
    complete: true,
  })
  request.push(null)
  const response: ServerResponse = Reflect.construct(classOf(originalResponse, ServerResponse), [
    request,
  ])
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => {
    response.detachSocket(socket)
    response.emit('close')
    socket.destroy()
  })
  return { request, response }
}

type Class = new (...args: never[]) => object

/** A server may have been given classes of its own; what an app has put over one request is not one. */
function classOf(instance: object, otherwise: Class): Class {
  const { constructor } = Object.getPrototypeOf(instance) as { constructor?: unknown }
  return typeof constructor === 'function' && Object.hasOwn(constructor, 'prototype')
    ? (constructor as Class)
    : otherwise
}
