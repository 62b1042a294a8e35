import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Clock } from '../clock.js'
import { type Entry, ONE_BUFFER } from './entry.js'
import { fieldsOf304, isNotModified } from './conditional.js'

/** How an answer came about, for Cache-Status (RFC 9211). */
export type Given = 'hit' | 'collapsed'

/** Fields of node:http's own that the prepared buffer leans on; `checkFastWay` tells whether they do. */
interface Inner {
  _header: string | null
  _headerSent: boolean
  _keepAliveTimeout: number
  _maxRequestsPerSocket: number
  shouldKeepAlive: boolean
  finished: boolean
  readonly outputData: readonly unknown[]
  readonly socket: { readonly _httpMessage?: unknown; readonly _hadError?: boolean } | null
  _send(data: Buffer, encoding: string, callback: () => void): boolean
  _finish(): void
}

const SINGLE = finishesByItself()

/** Writes kept answers. */
export class Sender {
  /** Whether this Node writes what we prepare as it writes its own: found out at the start. */
  fast = false
  /** Whether `end` writes twice, as before Node 24: one write in its place is a tenth of a hit. */
  single = SINGLE
  private second = -1
  private date = ''

  constructor(private readonly clock: Clock) {}

  /** Answers a request with an entry. The response ends as any does, with `finish` and `close`. */
  send(
    request: IncomingMessage,
    response: ServerResponse,
    entry: Entry,
    nowMs: number,
    given: Given,
    conditional: boolean,
    /** Its own, with what CDNs are told. */
    told: readonly string[] = entry.fields,
  ): void {
    if (conditional && isNotModified(request, entry)) {
      response.writeHead(304, [...fieldsOf304(told), ...ownFields(entry, nowMs, given)])
      response.end()
      return
    }
    if (this.fast && given === 'hit' && entry.status === 200 && isOrdinary(request, response)) {
      this.sendPrepared(response, entry, nowMs, told)
      return
    }
    const fields = [...told, ...ownFields(entry, nowMs, given)]
    response.writeHead(entry.status, entry.reason, fields)
    // Of a HEAD Node sends no body.
    response.end(entry.body)
  }

  /**
   * As `response.end` writes a body whose head has been sent: what is handed to it is head and body in one
   * buffer. Order, back-pressure and the events are Node's own.
   */
  private sendPrepared(
    response: ServerResponse,
    entry: Entry,
    nowMs: number,
    fields: readonly string[],
  ): void {
    const inner = response as unknown as Inner
    const second = Math.floor(nowMs / 1000)
    const age = Math.floor(entry.ageMs(nowMs) / 1000)
    const keepAliveMs = inner._keepAliveTimeout
    response.statusCode = entry.status
    if (entry.body.length > ONE_BUFFER) {
      inner._header = this.head(entry, fields, nowMs, response)
      response.end(entry.body)
      return
    }
    let { prepared } = entry
    if (
      prepared === undefined ||
      prepared.fields !== fields ||
      prepared.second !== second ||
      prepared.age !== age ||
      prepared.keepAliveMs !== keepAliveMs
    ) {
      const head = Buffer.from(this.head(entry, fields, nowMs, response), 'latin1')
      prepared = { bytes: Buffer.concat([head, entry.body]), fields, second, age, keepAliveMs }
      entry.prepared = prepared
    }
    writeWhole(response, prepared.bytes, this.single)
  }

  /** The head as Node writes it. */
  private head(
    entry: Entry,
    fields: readonly string[],
    nowMs: number,
    response: ServerResponse,
  ): string {
    let head = `HTTP/1.1 ${entry.status} ${entry.reason}\r\n`
    for (let at = 0; at < fields.length; at += 2) head += `${fields[at]}: ${fields[at + 1]}\r\n`
    const own = ownFields(entry, nowMs, 'hit')
    for (let at = 0; at < own.length; at += 2) head += `${own[at]}: ${own[at + 1]}\r\n`
    head += `Date: ${this.dateOf(nowMs)}\r\nConnection: keep-alive\r\n`
    return `${head}${keepAliveLine(response)}\r\n`
  }

  private dateOf(nowMs: number): string {
    const second = Math.floor(nowMs / 1000)
    if (second !== this.second) {
      this.second = second
      this.date = new Date(this.clock.origin + nowMs).toUTCString()
    }
    return this.date
  }
}

/**
 * Writes head and body as one buffer. Order, back-pressure and the events are Node's own; to be called only
 * where `checkFastWay` has found that they are.
 */
export function writeWhole(response: ServerResponse, bytes: Buffer, single = SINGLE): void {
  const inner = response as unknown as Inner
  // Not '': Node would write a head of its own.
  inner._header = ' '
  inner._headerSent = true
  const { socket } = inner
  // While answers before it are on their way it waits in their queue.
  if (!single || socket?._httpMessage !== response || inner.outputData.length > 0) {
    response.end(bytes)
    return
  }
  // What `end` does, but for a second, empty write with the callback: that makes a `writev` of it.
  inner._send(bytes, 'latin1', () => {
    if (socket._hadError !== true) response.emit('finish')
  })
  inner.finished = true
  if (inner.outputData.length === 0) inner._finish()
}

/** For how long Node keeps this connection, as its own heads say it. */
export function keepAliveLine(response: ServerResponse): string {
  const { _keepAliveTimeout } = response as unknown as Inner
  const seconds = Math.floor(_keepAliveTimeout / 1000)
  return _keepAliveTimeout ? `Keep-Alive: timeout=${seconds}\r\n` : ''
}

/** Age (RFC 9111, 5.1) and Cache-Status. */
export function ownFields(entry: Entry, nowMs: number, given: Given): string[] {
  const ageMs = entry.ageMs(nowMs)
  const ttl = Math.floor((entry.lifetime.freshMs - ageMs) / 1000)
  const how = given === 'hit' ? `hotpath; hit; ttl=${ttl}` : 'hotpath; fwd=miss; collapsed'
  return ['Age', String(Math.max(0, Math.floor(ageMs / 1000))), 'Cache-Status', how]
}

/** Before Node 24 a response is finished when its parts say so; since then, when `end` has noted it. */
function finishesByItself(): boolean {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  ;(response as unknown as Inner).finished = true
  return response.writableFinished
}

/** A GET over HTTP/1.1 that stays open, on a response that nobody has touched. */
export function isOrdinary(request: IncomingMessage, response: ServerResponse): boolean {
  const inner = response as unknown as Inner
  return (
    request.method === 'GET' &&
    request.httpVersionMajor === 1 &&
    request.httpVersionMinor === 1 &&
    inner.shouldKeepAlive &&
    inner._header === null &&
    !(inner._maxRequestsPerSocket > 0) &&
    response.sendDate &&
    response.getHeaderNames().length === 0
  )
}
