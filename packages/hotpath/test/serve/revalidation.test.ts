import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import { get as getTls } from 'node:https'
import { Socket } from 'node:net'
import { describe, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { certificate } from './certificate.js'
import { CachedServer, Door, type Handler, until } from './cached-server.js'

const routes = { 'GET /menu': { ttl: '10s', stale: '100s' } }
type Fields = Readonly<Record<string, string>>

const numbered = (fields: Fields = {}): Handler => {
  let n = 0
  return (_, response) => void response.writeHead(200, fields).end(`answer ${++n}`)
}

describe('RFC 5861: stale-while-revalidate', () => {
  test('the old answer at once, one request behind it, then the new one', async () => {
    const door = new Door()
    let n = 0
    await using server = await CachedServer.start(
      async (_, response) => {
        n++
        if (n > 1) await door.pass()
        response.end(`answer ${n}`)
      },
      { routes },
    )
    await server.ask('/menu')
    server.advance(11)
    for (let times = 0; times < 5; times++) {
      const old = await server.ask('/menu')
      assert.equal(old.body, 'answer 1')
      assert.match(old.cacheStatus, /hit; ttl=-/)
    }
    await until(() => door.waiting === 1, 'the refresh')
    assert.equal(server.runs, 2)
    door.open()
    await until(async () => (await server.ask('/menu')).body === 'answer 2', 'the new answer')
    assert.equal(server.runs, 2)
  })

  test('a refresh whose handler throws leaves the old answer, and the process', async () => {
    let n = 0
    await using server = await CachedServer.start(
      (_, response) => {
        if (++n > 1) throw new Error('no')
        response.end('answer')
      },
      { routes },
    )
    await server.ask('/menu')
    server.advance(11)
    for (let times = 1; times < 4; times++) {
      assert.equal((await server.ask('/menu')).body, 'answer')
      await until(() => server.caught.length === times, 'the refresh')
    }
  })

  for (const secure of [false, true])
    test(`what the handler asks of its socket is there behind the client too${secure ? ', with TLS' : ''}`, async () => {
      const said: unknown[][] = []
      const failed: unknown[] = []
      const look = (request: IncomingMessage) => {
        const socket = request.socket as TLSSocket
        socket.setTimeout(1000).setNoDelay().setKeepAlive(true)
        for (const name in socket) void Reflect.get(socket, name)
        return [
          socket.address(),
          socket.remoteAddress,
          socket.remoteFamily,
          socket.localPort,
          socket.readyState,
          socket.pending,
          socket instanceof Socket,
          socket.encrypted,
          socket.authorized,
          ...(secure
            ? [
                socket.getProtocol(),
                socket.getCipher(),
                socket.getPeerCertificate(),
                socket.exportKeyingMaterial !== undefined,
              ]
            : []),
        ]
      }
      await using server = await CachedServer.start(
        async (request, response) => {
          await Promise.resolve()
          try {
            said.push(look(request))
          } catch (error) {
            failed.push(error)
          }
          response.end('menu')
        },
        secure ? { routes, tls: certificate() } : { routes },
      )
      const ask = () =>
        new Promise(resolve => {
          const options = { port: server.port, host: '127.0.0.1', path: '/menu', agent: false }
          const answered = (response: IncomingMessage) => response.resume().once('end', resolve)
          if (secure) getTls({ ...options, rejectUnauthorized: false }, answered)
          else get(options, answered)
        })
      await ask()
      server.advance(11)
      await ask()
      await until(() => said.length + failed.length === 2, 'the refresh')
      assert.deepEqual(failed, [])
      assert.deepEqual(said[1], said[0])
    })

  test('after the window the app is asked, and waited for', async () => {
    await using server = await CachedServer.start(numbered(), { routes })
    await server.ask('/menu')
    server.advance(111)
    assert.equal((await server.ask('/menu')).body, 'answer 2')
  })

  for (const directive of [
    'must-revalidate',
    'proxy-revalidate',
    's-maxage=5',
    'stale-while-revalidate=0, stale-if-error=0',
  ])
    test(`not with ${directive}`, async () => {
      const fields = { 'cache-control': `max-age=5, ${directive}` }
      await using server = await CachedServer.start(numbered(fields), { routes })
      await server.ask('/menu')
      server.advance(11)
      assert.equal((await server.ask('/menu')).body, 'answer 2')
    })

  test('as the app says, where the config says nothing', async () => {
    const fields = { 'cache-control': 'max-age=5, stale-while-revalidate=10' }
    await using server = await CachedServer.start(numbered(fields), {
      routes: { 'GET /menu': { ttl: '10s' } },
    })
    await server.ask('/menu')
    server.advance(14)
    assert.equal((await server.ask('/menu')).body, 'answer 1')
    await until(async () => (await server.ask('/menu')).body === 'answer 2', 'the new answer')
    server.advance(16)
    assert.equal((await server.ask('/menu')).body, 'answer 3')
  })
})

describe('RFC 5861: stale-if-error', () => {
  const failing = (fields: Fields): Handler => {
    let n = 0
    return (_, response) =>
      void (++n > 1
        ? response.writeHead(503).end('down')
        : response.writeHead(200, fields).end('answer'))
  }

  test('the old answer while the app fails, in the window', async () => {
    const fields = { 'cache-control': 'max-age=5, stale-while-revalidate=0, stale-if-error=60' }
    await using server = await CachedServer.start(failing(fields), { routes })
    await server.ask('/menu')
    server.advance(20)
    const old = await server.ask('/menu')
    assert.equal(old.body, 'answer')
    assert.equal(old.age, '20')
    server.advance(60)
    assert.equal((await server.ask('/menu')).body, 'down')
  })

  test('the new one where the app does not fail', async () => {
    const fields = { 'cache-control': 'max-age=5, stale-while-revalidate=0, stale-if-error=60' }
    await using server = await CachedServer.start(numbered(fields), { routes })
    await server.ask('/menu')
    server.advance(20)
    assert.equal((await server.ask('/menu')).body, 'answer 2')
    assert.equal(server.runs, 2)
  })

  test('in the window of the config the old one stays when a refresh fails', async () => {
    await using server = await CachedServer.start(failing({}), { routes })
    await server.ask('/menu')
    server.advance(50)
    await server.ask('/menu')
    await until(() => server.counted('refused status') === 1, 'the refresh')
    assert.equal((await server.ask('/menu')).body, 'answer')
  })
})

describe('RFC 9110, 13: conditional requests', () => {
  const etag = '"v1"'
  const lastModified = 'Wed, 01 Jan 2025 00:00:00 GMT'
  const cases: readonly (readonly [string, Fields, Fields, number])[] = [
    ['the same entity tag', { etag }, { 'if-none-match': etag }, 304],
    ['one of several', { etag }, { 'if-none-match': '"a,b", W/"v1"' }, 304],
    ['any', { etag }, { 'if-none-match': '*' }, 304],
    ['a weak one is as good', { etag: 'W/"v1"' }, { 'if-none-match': etag }, 304],
    ['another', { etag }, { 'if-none-match': '"v2"' }, 200],
    ['a part of one', { etag }, { 'if-none-match': '"v1-1", v1' }, 200],
    [
      'not modified since',
      { 'last-modified': lastModified },
      { 'if-modified-since': lastModified },
      304,
    ],
    [
      'modified since',
      { 'last-modified': lastModified },
      { 'if-modified-since': 'Tue, 31 Dec 2024 23:59:59 GMT' },
      200,
    ],
    [
      'a date that is none',
      { 'last-modified': lastModified },
      { 'if-modified-since': 'yesterday' },
      200,
    ],
    [
      'the entity tag decides, not the date',
      { etag, 'last-modified': lastModified },
      { 'if-none-match': '"v2"', 'if-modified-since': lastModified },
      200,
    ],
  ]
  for (const [title, fields, headers, status] of cases)
    test(`${title}: ${status}`, async () => {
      await using server = await CachedServer.start(
        numbered({
          ...fields,
          'cache-control': 'max-age=9',
          vary: 'x-a',
          'content-type': 'text/plain',
          expires: lastModified,
        }),
        { routes },
      )
      await server.ask('/menu')
      const answer = await server.ask('/menu', headers)
      assert.equal(answer.status, status)
      assert.match(answer.cacheStatus, /hit/)
      assert.equal(answer.body, status === 304 ? '' : 'answer 1')
      for (const name of ['cache-control', 'date', 'expires', 'vary'])
        assert.ok(answer.headers.has(name), name)
      if (fields['etag']) assert.equal(answer.headers.get('etag'), fields['etag'])
      assert.equal(answer.headers.has('content-type'), status === 200)
    })

  test('of what is no 200 are answered in full', async () => {
    await using server = await CachedServer.start(
      (_, response) => response.writeHead(404, { etag }).end('none'),
      { routes },
    )
    await server.ask('/menu')
    const answer = await server.ask('/menu', { 'if-none-match': etag })
    assert.equal(answer.status, 404)
    assert.match(answer.cacheStatus, /hit/)
  })

  test('an answer without validators has got a strong entity tag', async () => {
    await using server = await CachedServer.start(numbered(), { routes })
    await server.ask('/menu')
    const made = (await server.ask('/menu')).headers.get('etag') ?? ''
    assert.match(made, /^"[\w-]{22}"$/)
    assert.equal((await server.ask('/menu', { 'if-none-match': made })).status, 304)
  })

  test('what the app answers to a condition is not kept for others', async () => {
    await using server = await CachedServer.start(
      (request, response) =>
        void (request.headers['if-none-match']
          ? response.writeHead(304).end()
          : response.end('whole')),
      { routes },
    )
    assert.equal((await server.ask('/menu', { 'if-none-match': '"a"' })).status, 304)
    assert.equal((await server.ask('/menu')).body, 'whole')
  })

  for (const header of ['range', 'if-match', 'if-unmodified-since', 'if-range'])
    test(`${header} is the app's`, async () => {
      await using server = await CachedServer.start(numbered(), { routes })
      await server.ask('/menu')
      assert.equal((await server.ask('/menu', { [header]: 'bytes=0-1' })).body, 'answer 2')
    })
})

describe('RFC 9111, 4.4: what a write makes old', () => {
  const app = (status: number, fields: Fields = {}): Handler => {
    let n = 0
    return (request, response) =>
      void (request.method === 'GET'
        ? response.end(`answer ${++n}`)
        : response.writeHead(status, fields).end())
  }
  const both = { 'GET /menu': { ttl: '60s' }, 'GET /other': { ttl: '60s' } }
  const cases: readonly (readonly [string, string, number, Fields, string, boolean])[] = [
    ['POST', 'POST', 200, {}, '/menu', true],
    ['PUT that made something', 'PUT', 201, {}, '/menu', true],
    ['DELETE', 'DELETE', 204, {}, '/menu', true],
    ['PATCH that redirects', 'PATCH', 303, { location: '/x' }, '/menu', true],
    ['a method that nobody knows', 'PURGE', 200, {}, '/menu', true],
    ['not a write that failed', 'POST', 400, {}, '/menu', false],
    ['nor one that the app could not do', 'POST', 500, {}, '/menu', false],
    ['not a safe method', 'OPTIONS', 200, {}, '/menu', false],
    ['what Location names', 'POST', 201, { location: '/other' }, '/other', true],
    ['what Content-Location names', 'POST', 200, { 'content-location': 'other' }, '/other', true],
    [
      'not what Location names on another host',
      'POST',
      201,
      { location: 'http://b.example/other' },
      '/other',
      false,
    ],
  ]
  for (const [title, method, status, fields, path, dropped] of cases)
    test(title, async () => {
      await using server = await CachedServer.start(app(status, fields), { routes: both })
      await server.ask(path)
      assert.equal((await server.ask(path)).body, 'answer 1')
      await server.ask('/menu', {}, method)
      assert.equal((await server.ask(path)).body, dropped ? 'answer 2' : 'answer 1')
    })

  test('also by a query in which `;` may end a parameter', async () => {
    await using server = await CachedServer.start(app(200), {
      routes: { 'GET /menu': { ttl: '60s', key: { query: { ignore: ['b'] } } } },
    })
    await server.ask('/menu?a=1')
    await server.ask('/menu?a=1;b=2', {}, 'POST')
    assert.equal((await server.ask('/menu?a=1')).body, 'answer 2')
  })

  test('all variants of it, and an answer that was begun before it is not kept', async () => {
    const door = new Door()
    door.open()
    let n = 0
    await using server = await CachedServer.start(
      async (request, response) => {
        if (request.method === 'POST') return response.end()
        const read = ++n
        response.setHeader('vary', 'x-a')
        await door.pass()
        return response.end(`answer ${read}`)
      },
      { routes },
    )
    await server.ask('/menu', { 'x-a': '1' })
    await server.ask('/menu', { 'x-a': '2' })
    await server.ask('/menu', {}, 'POST')
    door.shut()
    const late = server.ask('/menu', { 'x-a': '1' })
    await until(() => door.waiting === 1, 'the answer under way')
    await server.ask('/menu', {}, 'POST')
    door.open()
    assert.equal((await late).body, 'answer 3')
    assert.equal((await server.ask('/menu', { 'x-a': '1' })).body, 'answer 4')
    assert.equal((await server.ask('/menu', { 'x-a': '2' })).body, 'answer 5')
  })
})
