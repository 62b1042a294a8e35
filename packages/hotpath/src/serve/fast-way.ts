import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Clock } from '../clock.js'
import { Entry } from './entry.js'
import { Sender } from './send.js'

/**
 * Whether the prepared buffer of a hit is, on this Node, byte by byte what `writeHead` and `end` write,
 * with the same events. It leans on fields of node:http's own: another Node may have others, and then
 * hits go the public way, at the speed of a bare handler.
 */
export function checkFastWay(clock: Clock): boolean {
  const nowMs = clock.now()
  const ways = [false, true].map(fast => {
    const sender = new Sender(clock)
    sender.fast = fast
    return written(sender, nowMs)
  })
  const [slow = '', fast = ''] = ways
  return slow !== '' && withoutDate(slow) === withoutDate(fast)
}

/** Node keeps the date of its own answers for up to a second. */
const withoutDate = (text: string): string => text.replace(/^Date: .*$/m, 'Date:')

function written(sender: Sender, nowMs: number): string {
  let text = ''
  const socket = new Socket()
  socket._write = (chunk: Buffer, _encoding, done) => {
    text += String(chunk)
    done()
  }
  Object.assign(socket, { _writev: undefined })
  const request = new IncomingMessage(socket)
  Object.assign(request, {
    method: 'GET',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    httpVersion: '1.1',
  })
  const response = new ServerResponse(request)
  Object.assign(response, {
    shouldKeepAlive: true,
    _keepAliveTimeout: 5000,
    _maxRequestsPerSocket: 0,
  })
  response.assignSocket(socket)
  const head = { status: 200, reason: 'OK', fields: ['X-A', 'a', 'Link', 'b', 'Link', 'c'] }
  const freshMs = 9000
  const lifetime = {
    ageMs: 2000,
    freshMs,
    revalidateMs: freshMs,
    errorMs: freshMs,
    explicitMs: undefined,
    vary: [],
  }
  const reading = { noted: new Map(), statements: 0 }
  const body = Buffer.from('body')
  const entry = new Entry(head, body, lifetime, reading, undefined, nowMs, () => 'tag')
  sender.send(request, response, entry, nowMs, 'hit', false)
  const ended = response.writableEnded && response.headersSent && response.statusCode === 200
  response.detachSocket(socket)
  socket.destroy()
  return ended ? text : ''
}
