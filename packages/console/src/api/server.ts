import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { ConsoleError } from '../errors.js'
import type { Intake, Signal } from '../intake/intake.js'
import { encodingOf } from '../intake/body.js'
import { limits } from '../intake/otlp/malformed.js'
import { refused, type Reply } from '../intake/otlp/reply.js'
import { version } from '../version.js'
import { withBody } from './http-body.js'
import { hostAllowed, tokenAllowed, type Guard } from './http-guard.js'
import { Page } from './page.js'

export interface Answering extends Guard {
  readonly intake: Intake
  /** Answers `GET /api/PATH`; a `ConsoleError` becomes its status. */
  readonly answer: (path: string, query: URLSearchParams) => Promise<unknown>
  /** Answers `GET /metrics` in the form that an Accept header asks for. */
  readonly metrics: (accept: string | undefined) => { readonly type: string; readonly text: string }
  /** Told of errors that are faults of ours. */
  readonly onFault: (error: unknown) => void
}

interface Serving extends Answering {
  readonly page: Page
}

export interface ListeningServer {
  readonly url: string
  /** Answers from now on; what came before has waited. */
  answerWith(answering: Answering): void
  /** Answers what was asked, takes nothing new, frees the port. */
  close(): Promise<void>
}

/** Sent with every answer, so that a second console can tell who holds its port. */
export const serverName = `hotpath-console/${version}`

/** How long a close waits for answers under way; not at all for those that never began. */
const closeMs = 5_000

/**
 * Takes the port. Rejects with the error of `listen`, such as EADDRINUSE: so that is known before a store
 * is opened for nothing.
 */
export async function listen(port: number, host: string): Promise<ListeningServer> {
  let patienceMs = 0
  let resolve: ((serving: Serving) => void) | undefined
  const serving = new Promise<Serving>(taken => (resolve = taken))
  const server = createServer(
    {
      // A client that sends its request byte by byte holds a socket for this long, no more.
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
      // Senders export every 1 to 10 s and should find their connection open.
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16 * 1024,
    },
    (request, response) => void serving.then(options => serve(request, response, options)),
  )
  server.maxConnections = 1_000
  server.listen(port, host)
  await once(server, 'listening')
  const { port: taken } = server.address() as AddressInfo
  const name = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${name}:${taken}`,
    answerWith: answering => {
      resolve?.({ ...answering, page: new Page() })
      patienceMs = closeMs
    },
    close: () => close(server, patienceMs),
  }
}

async function close(server: Server, patienceMs: number): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), patienceMs)
  await closed
  clearTimeout(timer)
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: Serving,
): Promise<void> {
  try {
    const reply = await route(request, options)
    if (reply !== undefined) send(request, response, reply)
  } catch (error) {
    options.onFault(error)
    send(request, response, refusedJson(500, 'INTERNAL', 'The console failed at this request.'))
  }
}

/** The reply, or undefined when the client has gone. */
async function route(request: IncomingMessage, options: Serving): Promise<Reply | undefined> {
  // Only path and query are looked at, so the base is any.
  const url = parseUrl(request.url ?? '/')
  const otlp = url?.pathname.startsWith('/v1/') === true
  const refuse = (status: number, code: string, message: string, headers = {}): Reply =>
    otlp
      ? refused(status, message, encodingOf(request.headers['content-type']) ?? 'json', headers)
      : refusedJson(status, code, message, headers)
  if (url === undefined) return refuse(400, 'BAD_URL', 'The URL cannot be read.')
  if (!hostAllowed(request, options))
    return refuse(
      403,
      'HOST',
      'The Host header names another machine. Ask by the address of the console, or list the name under `hosts` in hotpath.console.config.',
    )
  const { pathname } = url
  if (pathname === '/healthz') return plain(200, 'ok\n')
  const reads = request.method === 'GET' || request.method === 'HEAD'
  const page = reads
    ? options.page.reply(pathname, String(request.headers['accept-encoding'] ?? ''))
    : undefined
  if (page !== undefined) return page
  if (!tokenAllowed(request, options))
    return refuse(
      401,
      'TOKEN',
      'This console needs its token: send `Authorization: Bearer TOKEN`.',
      {
        'www-authenticate': 'Bearer',
      },
    )
  if (pathname === '/v1/traces' || pathname === '/v1/metrics') {
    if (request.method !== 'POST')
      return refuse(405, 'METHOD', 'OTLP is sent with POST.', { allow: 'POST' })
    return takeOtlp(request, pathname === '/v1/traces' ? 'traces' : 'metrics', options, refuse)
  }
  if (otlp)
    return refuse(
      404,
      'NOT_FOUND',
      'Hotpath takes /v1/traces and /v1/metrics, nothing else of OTLP.',
    )
  if (!reads) return refuse(405, 'METHOD', 'Ask with GET.', { allow: 'GET, HEAD' })
  if (pathname === '/metrics') return metricsReply(options.metrics(request.headers.accept))
  if (pathname.startsWith('/api/')) return ask(pathname.slice('/api/'.length), url, options)
  return refuse(
    404,
    'NOT_FOUND',
    'There is nothing here. The page is at /, its answers below /api/.',
  )
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text, 'http://console')
  } catch {
    return undefined
  }
}

async function takeOtlp(
  request: IncomingMessage,
  signal: Signal,
  { intake }: Answering,
  refuse: (status: number, code: string, message: string, headers?: object) => Reply,
): Promise<Reply | undefined> {
  const { 'content-type': contentType, 'content-encoding': contentEncoding } = request.headers
  const result = await withBody(request, limits.bodyBytes, body =>
    intake.take(signal, { contentType, contentEncoding, body }),
  )
  if (result === 'aborted') return undefined
  // The rest of the body is not read, so the connection cannot be used again.
  if (result === 'too large')
    return refuse(413, 'TOO_LARGE', `A body may have ${limits.bodyBytes} bytes.`, {
      connection: 'close',
    })
  if (result === 'busy')
    return refuse(503, 'BUSY', 'Too much is being sent at the moment. Send this again.', {
      connection: 'close',
      'retry-after': '1',
    })
  return result
}

async function ask(path: string, url: URL, options: Answering): Promise<Reply> {
  try {
    const answer = await options.answer(path, url.searchParams)
    return json(200, answer)
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error
    return refusedJson(error.httpStatus, error.code, error.message)
  }
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (response.headersSent) return
  response.writeHead(reply.status, {
    'content-length': reply.body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    server: serverName,
    ...reply.headers,
  })
  response.end(request.method === 'HEAD' ? undefined : reply.body)
}

const json = (status: number, value: unknown, headers: object = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: Buffer.from(JSON.stringify(value)),
})

/** A refusal of anything but OTLP: `{"error":{"code":"...","message":"..."}}`. */
const refusedJson = (status: number, code: string, message: string, headers: object = {}): Reply =>
  json(status, { error: { code, message } }, headers)

const metricsReply = ({ type, text }: { type: string; text: string }): Reply => ({
  status: 200,
  headers: { 'content-type': type, vary: 'accept' },
  body: Buffer.from(text),
})

const plain = (status: number, text: string): Reply => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: Buffer.from(text),
})
