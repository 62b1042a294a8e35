import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refused } from '../concurrency/places.js'
import type { ShedReason } from '../concurrency/pressure.js'
import { isOrdinary, keepAliveLine, writeWhole } from './send.js'

/** Why a request is answered without the app. */
export type Why = Refused | ShedReason | 'body'

interface Problem {
  readonly status: 503
  readonly fields: readonly (readonly [string, string])[]
  readonly body: string
}

/** What the client is told (RFC 9457): no figure of the process is in it. */
const DETAILS: Readonly<Record<Why, string>> = {
  full: 'As many requests as can be served are under way, and as many wait as may.',
  waited: 'No place became free in time.',
  displaced: 'No place became free, and newer or more important requests came.',
  'loop-delay': 'The server has more to do than it can do in time.',
  memory: 'The server is short of memory.',
  'queue-time': 'Requests wait too long already.',
  body: 'The body is longer than this server takes here.',
}

const bodies = Object.fromEntries(
  Object.entries(DETAILS).map(([why, detail]) => {
    const [status, title] =
      why === 'body' ? [413, 'Content Too Large'] : [503, 'Service Unavailable']
    return [why, Buffer.from(JSON.stringify({ type: 'about:blank', title, status, detail }))]
  }),
) as Readonly<Record<Why, Buffer>>

/** Bytes of whole answers, by reason, Retry-After and how long the connection is kept, for one second. */
const prepared = new Map<string, Buffer>()
let second = -1

/** Of this Node, as `checkFastWay` has found. */
export const refusing = { fast: false }

/** A shorter body is read and let go; a longer one is not waited for: the connection ends. */
const MOST_DUMPED = 65_536

/** They come back after 1, 2 or 3 s in turn: not all at once. */
let turn = 0

/** Answers 503, or 413 for a body, as problem details. Does nothing where an answer is on its way. */
export function refuse(request: IncomingMessage, response: ServerResponse, why: Why): void {
  if (response.headersSent || response.destroyed) return
  if (refusing.fast && why !== 'body' && isOrdinary(request, response)) {
    // In a storm this is most of what is done: it costs a third of what `writeHead` and `end` cost.
    response.statusCode = 503
    writeWhole(response, wholeOf(response, why))
    return
  }
  const body = bodies[why]
  const fields = [
    'Content-Type',
    'application/problem+json',
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-store',
  ]
  if (why !== 'body') fields.push('Retry-After', String(retryAfter()))
  if (why === 'body' || isLong(request)) fields.push('Connection', 'close')
  response.writeHead(why === 'body' ? 413 : 503, fields)
  response.end(body)
}

/** The same for who writes answers by the means of a framework. */
export const problemOf = (why: Refused): Problem => ({
  status: 503,
  fields: [
    ['Content-Type', 'application/problem+json'],
    ['Cache-Control', 'no-store'],
    ['Retry-After', String(retryAfter())],
  ],
  body: String(bodies[why]),
})

function wholeOf(response: ServerResponse, why: Why): Buffer {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second || prepared.size > 100) {
    prepared.clear()
    second = now
  }
  const after = retryAfter()
  const keep = keepAliveLine(response)
  const key = `${why} ${after} ${keep}`
  let whole = prepared.get(key)
  if (whole === undefined) {
    const body = bodies[why]
    const head =
      'HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n' +
      `Content-Length: ${body.length}\r\nCache-Control: no-store\r\nRetry-After: ${after}\r\n` +
      `Date: ${new Date().toUTCString()}\r\nConnection: keep-alive\r\n${keep}\r\n`
    whole = Buffer.concat([Buffer.from(head, 'latin1'), body])
    prepared.set(key, whole)
  }
  return whole
}

const retryAfter = (): number => 1 + (turn++ % 3)

function isLong({ headers, complete }: IncomingMessage): boolean {
  if (complete) return false
  if (headers['transfer-encoding'] !== undefined) return true
  return Number(headers['content-length'] ?? 0) > MOST_DUMPED
}
