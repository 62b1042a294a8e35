import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { CollectedSpan } from './collector.js'
import { observe, type Observation } from './observed.js'

interface Expected {
  /** What the app's own code got. */
  readonly outcome: string
  readonly spans: readonly (readonly [
    name: string,
    status?: number | undefined,
    errorType?: string,
  ])[]
  /** The header that carries our trace; undefined where none can. */
  readonly header?: 'traceparent' | 'hotpath-traceparent'
}

const GET = 'GET /users/:id'
const ok: Expected = { outcome: 'hello', spans: [[GET, 200]], header: 'traceparent' }
const posted: Expected = { ...ok, spans: [['POST /users/:id', 200]] }

const calls: Readonly<Record<string, Expected>> = {
  'get-string': ok,
  'get-url': ok,
  'get-url-options': ok,
  'get-required': ok,
  'options-only': ok,
  'request-post': posted,
  'headers-flat': ok,
  'headers-flat-traceparent': { ...ok, header: 'hotpath-traceparent' },
  'headers-pairs': ok,
  expect: posted,
  'own-traceparent': { ...ok, header: 'hotpath-traceparent' },
  agent: ok,
  refused: { outcome: 'failed ECONNREFUSED', spans: [[GET, undefined, 'ECONNREFUSED']] },
  broken: { outcome: 'failed ECONNRESET', spans: [['GET /broken/:id', 200, 'ECONNRESET']] },
  missing: { outcome: 'hello', spans: [['GET /missing/:id', 404, '404']] },
  abort: { outcome: 'failed ECONNRESET', spans: [['GET /slow/:id', undefined, 'ECONNRESET']] },
  timeout: { outcome: 'failed MY_TIMEOUT', spans: [['GET /slow/:id', undefined, 'MY_TIMEOUT']] },
  'wrapped-answer': ok,
  unheard: { ...ok, outcome: 'closed' },
  'bad-options': { outcome: 'threw ERR_SOCKET_BAD_PORT', spans: [] },
  fetch: ok,
  'fetch-post': posted,
  'fetch-own-traceparent': { ...ok, header: 'hotpath-traceparent' },
  'fetch-redirect': {
    ...ok,
    spans: [
      ['GET /moved/:id', 302],
      [GET, 200],
    ],
  },
  'fetch-refused': { outcome: 'failed ECONNREFUSED', spans: [[GET, undefined, 'ECONNREFUSED']] },
  'fetch-abort': {
    outcome: 'failed AbortError',
    spans: [['GET /slow/:id', undefined, 'AbortError']],
  },
}

describe('outgoing calls', () => {
  const received: { readonly call: string; readonly headers: IncomingHttpHeaders }[] = []
  const outcomes = new Map<string, string>()
  let current = ''
  let server: Server
  let observation: Observation

  before(async () => {
    server = createServer((request, response) => {
      received.push({ call: current, headers: request.headers })
      const path = request.url ?? ''
      if (path.startsWith('/slow')) return
      if (path.startsWith('/broken')) {
        response.writeHead(200, { 'content-length': 100 }).write('he')
        setImmediate(() => response.destroy())
        return
      }
      if (path.startsWith('/moved')) response.writeHead(302, { location: '/users/42' }).end()
      else response.writeHead(path.startsWith('/missing') ? 404 : 200).end('hello')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    observation = await observe(
      'outgoing.mjs',
      async app => {
        for (current of Object.keys(calls)) {
          outcomes.set(current, await (await fetch(`${app.url}/${current}`)).text())
        }
      },
      { UPSTREAM: `http://127.0.0.1:${port}`, CLOSED: String(await closedPort()) },
    )
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  const spansOf = (call: string): CollectedSpan[] => {
    const { spans } = observation
    const names = Object.keys(calls)
    const servers = spans.filter(span => span.kind === 2).sort(byStart)
    const request = servers[names.indexOf(call)]
    return spans.filter(span => span.kind === 3 && span.traceId === request?.traceId).sort(byStart)
  }

  for (const [call, expected] of Object.entries(calls)) {
    test(call, () => {
      assert.equal(outcomes.get(call), expected.outcome)
      const spans = spansOf(call)
      const seen = spans.map(({ name, attributes }) => [
        name,
        attributes['http.response.status_code'],
        attributes['error.type'],
      ])
      assert.deepEqual(
        seen,
        expected.spans.map(([name, status, type]) => [name, status, type]),
      )
      if (expected.header === undefined) return
      const got = received.filter(one => one.call === call)
      for (const [index, { headers }] of got.entries()) {
        const [, traceId, spanId]: string[] = String(headers[expected.header]).split('-')
        assert.deepEqual([traceId, spanId], [spans[index]?.traceId, spans[index]?.spanId])
        // One header of each name: a second would have been joined with a comma.
        assert.doesNotMatch(String(headers['traceparent']), /,/)
      }
    })
  }

  test('address and port are told, path and query as they were are not', () => {
    for (const { attributes } of observation.spans.filter(span => span.kind === 3)) {
      assert.equal(attributes['server.address'], '127.0.0.1')
      assert.equal(typeof attributes['server.port'], 'number')
    }
    assert.doesNotMatch(
      JSON.stringify(observation.spans.map(span => span.attributes)),
      /s3cr3t|\/42/,
    )
  })

  test('the line that makes the call is told', () => {
    for (const call of ['get-string', 'request-post', 'headers-flat', 'fetch']) {
      const [span] = spansOf(call)
      assert.equal(span?.attributes['code.file.path'], 'test/apps/outgoing.mjs', call)
      assert.ok(Number(span?.attributes['code.line.number']) > 10, call)
    }
  })

  test('nothing of ours threw, and the app ended as without us', () => {
    assert.deepEqual([observation.errors, observation.code], [[], 0])
  })
})

const byStart = (a: CollectedSpan, b: CollectedSpan): number => (a.startNs < b.startNs ? -1 : 1)

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
