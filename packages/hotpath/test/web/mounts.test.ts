import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Memory } from '../../dist/serve/memory.js'
import { until } from '../serve/cached-server.js'
import { frameworks, listen, type Listening, type Route, startApp } from './frameworks.js'

const require = createRequire(import.meta.url)

interface Got {
  readonly status: number
  readonly body: string
  readonly headers: Headers
  /** The answer came from the cache. */
  readonly hit: boolean
}

async function get(
  app: Listening,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Got> {
  const response = await fetch(app.url + path, { headers, method })
  const hit = response.headers.get('cache-status')?.includes('hit') === true
  return { status: response.status, body: await response.text(), headers: response.headers, hit }
}

/** Asks until the route has earned that it serves. */
const learn = (app: Listening, path: string, headers: Record<string, string> = {}): Promise<void> =>
  until(async () => (await get(app, path, headers)).hit, `a hit of ${path}`)

const policy = { ttl: '10m' }

/** A route that always says the same, and counts how often it was asked. */
function counted(path: string, more: Partial<Route> = {}): Route & { runs: number } {
  const route = {
    path,
    policy,
    runs: 0,
    async handle(asked: Parameters<Route['handle']>[0]) {
      route.runs++
      return more.handle?.(asked) ?? { body: `answer of ${path}` }
    },
  }
  return Object.assign(route, more, { handle: route.handle })
}

for (const framework of frameworks)
  describe(`cacheResponses mounted in ${framework}`, () => {
    test('a route is served without its handler once it has earned it, and middleware before it runs', async () => {
      const menu = counted('/menu')
      await using app = await startApp(framework, [menu])
      const own = await get(app, '/menu')
      assert.equal(own.hit, false)
      await learn(app, '/menu')
      const { runs } = menu
      const hits = [await get(app, '/menu'), await get(app, '/menu')]
      for (const hit of hits) {
        assert.ok(hit.hit)
        assert.equal(hit.body, own.body)
        assert.equal(hit.headers.get('content-type'), own.headers.get('content-type'))
        assert.equal(hit.headers.get('content-length'), String(own.body.length))
        assert.match(hit.headers.get('age') ?? '', /^\d+$/)
      }
      const visits = hits.map(({ headers }) => headers.get('x-request-id'))
      assert.ok(visits.every(Boolean))
      assert.notEqual(visits[0], visits[1], 'middleware before the mount ran for each')
      assert.equal(menu.runs, runs)
      const figures = app.figures('/menu')
      assert.deepEqual(figures.serves, ['GET /menu'])
      assert.equal(figures.errors, 0)
      assert.equal(figures.counts['hits'], 3)
      assert.ok((figures.counts['shadow.hits'] ?? 0) >= 20)
    })

    test('nothing is served before 20 answers in a row were equal', async () => {
      let n = 0
      const random = counted('/random', { handle: () => ({ body: `answer ${++n}` }) })
      await using app = await startApp(framework, [random])
      for (let asked = 0; asked < 40; asked++)
        assert.equal((await get(app, '/random')).body, `answer ${asked + 1}`)
      assert.deepEqual(app.figures('/random').serves, [])
    })

    test('each variant of Vary is kept by itself', async () => {
      const menu = counted('/menu', {
        handle: ({ header }) => ({
          headers: { vary: 'x-flavour' },
          body: `flavour ${header('x-flavour')}`,
        }),
      })
      await using app = await startApp(framework, [menu])
      await learn(app, '/menu', { 'x-flavour': 'plain' })
      assert.equal((await get(app, '/menu', { 'x-flavour': 'sweet' })).body, 'flavour sweet')
      const again = await get(app, '/menu', { 'x-flavour': 'sweet' })
      assert.equal(again.body, 'flavour sweet')
      assert.ok(again.hit)
      assert.equal((await get(app, '/menu', { 'x-flavour': 'plain' })).body, 'flavour plain')
    })

    test('a header that middleware before the mount has read is in the key', async () => {
      const here = counted('/here', { handle: ({ region }) => ({ body: `<${region.length}>` }) })
      await using app = await startApp(framework, [here])
      await learn(app, '/here', { 'x-region': 'eu' })
      assert.equal((await get(app, '/here', { 'x-region': 'asia' })).body, '<4>')
      assert.equal((await get(app, '/here', { 'x-region': 'eu' })).body, '<2>')
    })

    test("one user's answer is never given to another, nor what is declared private", async () => {
      const me = counted('/me', { handle: ({ header }) => ({ body: `user ${header('cookie')}` }) })
      const own = counted('/own', {
        handle: () => ({ headers: { 'cache-control': 'private' }, body: 'mine' }),
      })
      await using app = await startApp(framework, [me, own])
      await learn(app, '/me')
      for (const cookie of ['ann', 'bob', 'ann']) {
        const { hit, body } = await get(app, '/me', { cookie })
        assert.equal(body, `user ${cookie}`)
        assert.equal(hit, false)
      }
      for (let n = 0; n < 30; n++) assert.equal((await get(app, '/own')).hit, false)
      assert.equal(app.figures('/me').counts['passed credential'], 3)
      assert.equal(app.figures('/own').counts['refused private'], 30)
    })

    test('who has it already is told 304, and HEAD is answered from GET', async () => {
      const menu = counted('/menu')
      await using app = await startApp(framework, [menu])
      await learn(app, '/menu')
      const { headers } = await get(app, '/menu')
      const etag = headers.get('etag') ?? ''
      const { runs } = menu
      const same = await get(app, '/menu', { 'if-none-match': etag })
      assert.equal(same.status, 304)
      assert.equal(same.body, '')
      assert.equal(same.headers.get('etag'), etag)
      const other = await get(app, '/menu', { 'if-none-match': '"another"' })
      assert.equal(other.status, 200)
      const head = await get(app, '/menu', {}, 'HEAD')
      assert.equal(head.body, '')
      assert.ok(head.hit)
      assert.equal(head.headers.get('content-length'), headers.get('content-length'))
      assert.equal(menu.runs, runs)
    })

    test('event-streams and long answers pass by, whole', async () => {
      const large = 'x'.repeat(5_000)
      const events = counted('/events', {
        handle: () => ({
          headers: { 'content-type': 'text/event-stream' },
          body: Readable.from([Buffer.from('data: 1\n\n'), Buffer.from('data: 2\n\n')]),
        }),
      })
      const long = counted('/long', {
        policy: { ttl: '10m', maxBytes: 4_000 },
        handle: () => ({ body: Readable.from([Buffer.from(large), Buffer.from(large)]) }),
      })
      await using app = await startApp(framework, [events, long])
      for (let n = 0; n < 25; n++) {
        assert.equal((await get(app, '/events')).body, 'data: 1\n\ndata: 2\n\n')
        assert.equal((await get(app, '/long')).body, large + large)
      }
      assert.equal(events.runs, 25)
      assert.equal(long.runs, 25)
      const reasons = [app.figures('/events').counts, app.figures('/long').counts]
      assert.deepEqual(
        reasons.map(counts => Object.keys(counts).filter(name => name.startsWith('refused'))),
        [['refused stream'], ['refused large']],
      )
    })

    test('an unsafe request to the target drops its answer', async () => {
      const written = counted('/written')
      await using app = await startApp(framework, [written])
      await learn(app, '/written')
      assert.equal((await fetch(`${app.url}/written`, { method: 'POST' })).status, 201)
      assert.equal((await get(app, '/written')).hit, false)
      assert.ok((await get(app, '/written')).hit)
    })

    test('a stale answer is given at once, and made anew by a request that nobody sent', async () => {
      const menu = counted('/menu', { policy: { ttl: '300ms', stale: '10m' } })
      await using app = await startApp(framework, [menu])
      await learn(app, '/menu')
      const { runs } = menu
      await until(async () => {
        assert.ok((await get(app, '/menu')).hit)
        return menu.runs > runs
      }, 'the refresh')
    })

    test('many at once run the handler once', async () => {
      let open = (): void => {}
      const menu = counted('/menu', {
        policy: { ttl: '10m', tags: ['mounted menu'] },
        handle: async () => {
          await gate
          return { body: 'the menu' }
        },
      })
      let gate: Promise<void> = Promise.resolve()
      await using app = await startApp(framework, [menu])
      await learn(app, '/menu')
      const { cache } = await import('../../dist/cache/index.js')
      await cache.invalidate(['mounted menu'])
      gate = new Promise(resolve => (open = resolve))
      const { runs } = menu
      const first = get(app, '/menu')
      await until(() => menu.runs === runs + 1, 'the first request')
      const others = Array.from({ length: 20 }, () => get(app, '/menu'))
      let arrived = 0
      app.server.on('request', () => arrived++)
      const last = get(app, '/menu')
      await until(() => arrived > 0, 'the last request')
      open()
      for (const { body } of await Promise.all([first, ...others, last]))
        assert.equal(body, 'the menu')
      assert.ok((app.figures('/menu').counts['coalesced'] ?? 0) >= 1)
      assert.ok(menu.runs < runs + 22)
    })

    test('an exception of ours is counted, and the app answers', async t => {
      const menu = counted('/menu')
      await using app = await startApp(framework, [menu])
      const { errors } = app.figures('/menu')
      t.mock.method(Memory.prototype, 'slot', () => {
        throw new Error('of ours')
      })
      const { status, body } = await get(app, '/menu')
      assert.equal(status, 200)
      assert.equal(body, 'answer of /menu')
      assert.ok(app.figures('/menu').errors > errors)
    })
  })

for (const name of ['express4', 'express'])
  test(`${name}: what middleware before the mount compresses is kept as it went over the wire`, async () => {
    const express = require(name)
    const { cacheResponses } = await import('../../dist/web/express.js')
    const app = express()
    app.use((_: unknown, response: ServerResponse, next: () => void) => {
      const { end } = response
      // As the middleware in use: bytes change below who writes them.
      const compressed = (body: string): unknown => {
        if (response.hasHeader('content-encoding')) return Reflect.apply(end, response, [body])
        response.removeHeader('content-length')
        response.setHeader('content-encoding', 'gzip')
        response.setHeader('vary', 'accept-encoding')
        return Reflect.apply(end, response, [gzipSync(body)])
      }
      Reflect.set(response, 'end', compressed)
      next()
    })
    const handle = (_: unknown, response: { send(body: string): void }) => response.send('the menu')
    app.get('/menu', cacheResponses({ ttl: '10m' }), handle)
    await using server = await listen(createServer(app))
    await learn(server, '/menu')
    const { body, headers } = await get(server, '/menu')
    assert.equal(body, 'the menu')
    assert.equal(headers.get('content-encoding'), 'gzip')
  })

test('a request of HTTP/2 passes by', async () => {
  const { cacheResponses } = await import('../../dist/web/express.js')
  const mount = cacheResponses({ ttl: '10m' })
  let runs = 0
  // Express itself does not speak HTTP/2: the mount is reached as an adapter would.
  const server = createHttp2Server((request, response) => {
    mount(request as never, response as never, () => response.end(`answer ${++runs}`))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  try {
    for (let n = 1; n <= 25; n++) {
      const stream = session.request({ ':path': '/menu' })
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      assert.equal(String(Buffer.concat(chunks)), `answer ${n}`)
    }
    assert.deepEqual(mount.figures(), { serves: [], counts: {}, errors: 0 })
  } finally {
    session.close()
    await new Promise(resolve => server.close(resolve))
  }
})

test('a policy that is none is refused where it is mounted', async () => {
  const { cacheResponses } = await import('../../dist/web/express.js')
  assert.throws(() => cacheResponses({ ttl: 'soon' }), {
    code: 'HOTPATH_CONFIG_VALUE',
    message: /cacheResponses: "policy\.ttl" must be/,
  })
  assert.throws(() => cacheResponses({ ttl: '1s', stail: '1s' } as { ttl: string }), {
    code: 'HOTPATH_CONFIG_KEY',
    message: /Did you mean "policy\.stale"/,
  })
  // Nobody would purge what a CDN keeps of it.
  assert.throws(() => cacheResponses({ ttl: '1s', cdn: { ttl: '1h' } } as { ttl: string }), {
    code: 'HOTPATH_CONFIG_KEY',
    message: /"policy\.cdn".*A mount tells CDNs nothing/,
  })
})
