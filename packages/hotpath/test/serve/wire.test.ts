import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { checkFastWay } from '../../dist/serve/fast-way.js'
import { clock } from '../../dist/clock.js'
import { CachedServer, type Handler, until } from './cached-server.js'

const bodies: Record<string, string> = {
  '/small': 'a'.repeat(1000),
  '/empty': '',
  '/letters': 'äöü ☕ \u{1f600}',
  '/large': 'b'.repeat(3_000_000),
  '/middle': 'c'.repeat(20_000),
}
const routes = Object.fromEntries(
  Object.keys(bodies).map(path => [`GET ${path}`, { ttl: '60s', maxBytes: 10_000_000 }]),
)
const handler: Handler = (request, response) => {
  response.setHeader('X-Text', 'ä'.normalize())
  response.setHeader('Link', ['<a>', '<b>'])
  response.end(bodies[request.url ?? ''])
}

/** The same bytes sent to a server that writes prepared buffers, and to one that uses ServerResponse. */
async function both(send: (server: CachedServer) => Promise<string>): Promise<[string, string]> {
  const answers: string[] = []
  for (const fast of [true, false]) {
    await using server = await CachedServer.start(handler, { routes, fast })
    for (const path of Object.keys(bodies)) await server.ask(path)
    const { runs } = server
    answers.push(
      (await send(server))
        .replaceAll(/^Date: .*$/gm, 'Date:')
        .replaceAll(/ttl=\d+/g, 'ttl')
        .replaceAll(/^Age: \d+/gm, 'Age'),
    )
    assert.equal(server.runs, runs, 'all of them are hits')
  }
  return answers as [string, string]
}

const get = (path: string, more = '', version = '1.1', method = 'GET') =>
  `${method} ${path} HTTP/${version}\r\nHost: a\r\n${more}\r\n`
const close = 'Connection: close\r\n'

describe('a hit on the wire', () => {
  test('this Node has the fast way', () => assert.equal(checkFastWay(clock), true))

  const cases: readonly (readonly [string, string])[] = [
    ...Object.keys(bodies).map(
      path => [`${path}, then the end`, get(path) + get('/small', close)] as const,
    ),
    ['HEAD', get('/small', '', '1.1', 'HEAD') + get('/small', close)],
    ['HTTP/1.0', get('/small', '', '1.0')],
    [
      'HTTP/1.0 that stays open',
      get('/small', 'Connection: keep-alive\r\n', '1.0') + get('/small', '', '1.0'),
    ],
    ['Connection: close', get('/small', close)],
    [
      'pipelined',
      [
        get('/small'),
        get('/large'),
        get('/middle'),
        get('/small'),
        get('/empty'),
        get('/small', close),
      ].join(''),
    ],
    [
      'pipelined behind a HEAD',
      get('/large', '', '1.1', 'HEAD') + get('/large') + get('/small', close),
    ],
  ]
  for (const [title, text] of cases)
    test(`${title}: byte by byte what ServerResponse writes`, async () => {
      const [fast, plain] = await both(server => askHost(server, text))
      assert.ok(plain.startsWith('HTTP/1.1 200 OK'))
      assert.equal(fast.length, plain.length)
      assert.ok(fast === plain, firstDifference(fast, plain))
    })

  test('a client that reads slowly gets all of it', async () => {
    const [fast, plain] = await both(async server => {
      const socket = connect(server.port, '127.0.0.1')
      socket.pause()
      await once(socket, 'connect')
      // Far more than the kernel takes: the rest waits in Node.
      socket.write(
        get('/large')
          .replace('Host: a', `Host: ${host(server)}`)
          .repeat(10),
      )
      socket.write(get('/small', close).replace('Host: a', `Host: ${host(server)}`))
      let text = ''
      for await (const chunk of socket) text += (chunk as Buffer).toString('latin1')
      return text
    })
    assert.ok(fast.length > 30_000_000)
    assert.ok(fast === plain)
  })

  test('ends with finish and close, with status and length, as any answer', async () => {
    const { subscribe, unsubscribe } = await import('node:diagnostics_channel')
    const seen: string[] = []
    const watch = (message: unknown) => {
      const { response } = message as { response: ServerResponse }
      response.once('finish', () =>
        seen.push(`finish ${response.statusCode} ${response.writableFinished}`),
      )
      response.once('close', () =>
        seen.push(`close ${response.statusCode} ${response.headersSent} ${response.writableEnded}`),
      )
    }
    for (const fast of [true, false]) {
      await using server = await CachedServer.start(handler, { routes, fast })
      await server.ask('/small')
      seen.length = 0
      subscribe('http.server.request.start', watch)
      await server.ask('/small')
      await until(() => seen.length === 2, 'both events')
      unsubscribe('http.server.request.start', watch)
      assert.deepEqual(seen, ['finish 200 true', 'close 200 true true'])
    }
  })

  test('on a connection that stays open for many', async () => {
    await using server = await CachedServer.start(handler, { routes })
    for (let n = 0; n < 300; n++) assert.equal((await server.ask('/small')).body, bodies['/small'])
    assert.equal(server.runs, 1)
  })
})

const host = (server: CachedServer) => `127.0.0.1:${server.port}`

const askHost = (server: CachedServer, text: string) =>
  server.raw(text.replaceAll('Host: a', `Host: ${host(server)}`))

function firstDifference(a: string, b: string): string {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  return `at ${at}: ${JSON.stringify(a.slice(at - 40, at + 40))} for ${JSON.stringify(b.slice(at - 40, at + 40))}`
}
