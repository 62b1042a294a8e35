import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { asked as ask, comes, Door, until } from './cached-server.js'
import { CrowdServer } from './crowd-server.js'

/** An answer that is still going on. */
const open = (url: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, resolve).on('error', reject)
  })

describe('concurrency', () => {
  test('lets so many in at once, some wait, and the others are told when to come back', async () => {
    const door = new Door()
    await using server = await CrowdServer.start(
      async (_, response) => {
        await door.pass()
        response.end('served')
      },
      { routes: { 'GET /slow': { concurrency: { limit: 2, queue: 1, queueTime: '10s' } } } },
    )
    const first = [ask(`${server.url}/slow`), ask(`${server.url}/slow`)]
    await until(() => door.waiting === 2, 'two in the handler')
    const third = ask(`${server.url}/slow`)
    await until(() => server.gauge('waiting', 'GET /slow') === 1, 'one that waits', {
      'it was let in': () => server.runs.length > 2,
    })
    const fourth = await comes(ask(`${server.url}/slow`), 'a refusal', {
      'it was let in': () => server.runs.length > 2,
      'it waits': () => (server.gauge('waiting', 'GET /slow') ?? 0) > 1,
    })
    assert.equal(fourth.status, 503)
    assert.equal(fourth.headers.get('content-type'), 'application/problem+json')
    assert.match(fourth.headers.get('retry-after') ?? '', /^[123]$/)
    assert.equal(fourth.headers.get('cache-control'), 'no-store')
    assert.deepEqual(await fourth.json(), {
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      detail: 'As many requests as can be served are under way, and as many wait as may.',
    })
    assert.equal(server.gauge('in_flight', 'GET /slow'), 2)
    assert.equal(server.runs.length, 2)
    // Another route has none of it.
    door.open()
    assert.equal((await ask(`${server.url}/other`)).status, 200)
    for (const answer of [...first, third]) assert.equal((await answer).status, 200)
    assert.equal(server.counted()['concurrency.refused full GET /slow'], 1)
    assert.deepEqual(server.caught, [])
    await until(() => server.gauge('in_flight', 'GET /slow') === 0, 'no place that is lost')
  })

  test('in shadow counts who would have been refused, and refuses nobody', async () => {
    const door = new Door()
    await using server = await CrowdServer.start(
      async (_, response) => {
        await door.pass()
        response.end()
      },
      { routes: { '*': { concurrency: { limit: 1, queue: 1, mode: 'shadow' } } } },
    )
    const answers = [1, 2, 3, 4].map(() => ask(`${server.url}/a`))
    await until(() => door.waiting === 4, 'all in the handler', {
      'one waits': () => (server.gauge('waiting', '*') ?? 0) > 0,
    })
    door.open()
    for (const answer of answers) assert.equal((await answer).status, 200)
    assert.deepEqual(server.counted(), { 'concurrency.shadow.refused GET /a': 2 })
  })

  test('gives the place of a client that left to the next one', async () => {
    const door = new Door()
    await using server = await CrowdServer.start(
      async (_, response) => {
        await door.pass()
        response.end()
      },
      { routes: { '*': { concurrency: { limit: 1, queue: 5, queueTime: '10s' } } } },
    )
    const leaving = new AbortController()
    const left = assert.rejects(ask(`${server.url}/first`, { signal: leaving.signal }))
    await until(() => server.runs.length === 1, 'the first')
    const leavesLine = new AbortController()
    const alsoLeft = assert.rejects(ask(`${server.url}/second`, { signal: leavesLine.signal }))
    await until(() => server.gauge('waiting', '*') === 1, 'the second to wait', {
      'it was let in': () => server.runs.length > 1,
    })
    const third = ask(`${server.url}/third`)
    await until(() => server.gauge('waiting', '*') === 2, 'the third')
    leavesLine.abort()
    await until(() => server.gauge('waiting', '*') === 1, 'the second to be gone')
    leaving.abort()
    await left
    await alsoLeft
    await until(() => server.runs.includes('/third'), 'the third in the handler')
    assert.deepEqual(server.runs, ['/first', '/third'])
    door.open()
    assert.equal((await third).status, 200)
  })

  test('gives back the place of a request behind another on a connection that is closed', async () => {
    await using server = await CrowdServer.start(
      // Neither is answered: their handlers wait for the client.
      (request, response) => (request.url === '/next' ? response.end('served') : undefined),
      {
        routes: {
          'GET /first': { concurrency: 'exempt' },
          // A place that is lost is told by a refusal.
          '*': { concurrency: { limit: 1, queueTime: '5s' } },
        },
      },
    )
    const socket = connect(server.port, '127.0.0.1')
    const one = (path: string) => `GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`
    socket.write(one('/first') + one('/second'))
    await until(() => server.runs.includes('/second'), 'both in the handler')
    socket.destroy()
    assert.equal(await (await ask(`${server.url}/next`)).text(), 'served')
    assert.equal(server.gauge('in_flight', '*'), 0)
  })

  test('counts no event-stream once its head is out: a thousand idle ones take no place', async () => {
    await using server = await CrowdServer.start(
      (request, response) => {
        if (request.url !== '/events') return response.end('served')
        // Given to writeHead alone, as many libraries do it.
        response.writeHead(200, { 'Content-Type': 'text/event-stream' })
        response.write(': hello\n\n')
        return undefined
      },
      { routes: { '*': { concurrency: { limit: 4 } } } },
    )
    const streams: IncomingMessage[] = []
    for (let batch = 0; batch < 20; batch++)
      streams.push(
        ...(await Promise.all(Array.from({ length: 50 }, () => open(`${server.url}/events`)))),
      )
    assert.deepEqual(
      streams.map(({ statusCode }) => statusCode).filter(status => status !== 200),
      [],
    )
    assert.equal(server.gauge('in_flight', '*'), 0)
    for (let n = 0; n < 20; n++) assert.equal((await ask(`${server.url}/menu`)).status, 200)
    for (const stream of streams) stream.destroy()
  })

  test('has no part in upgrades', async () => {
    await using server = await CrowdServer.start((_, response) => response.end(), {
      routes: { '*': { concurrency: 1 } },
    })
    server.server.on('upgrade', (_request, socket) => {
      socket
        .on('error', () => {})
        .on('end', () => socket.end())
        .resume()
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')
    })
    const sockets = [1, 2, 3].map(() => connect(server.port, '127.0.0.1'))
    const heads = sockets.map(
      socket => new Promise<string>(resolve => socket.once('data', data => resolve(String(data)))),
    )
    for (const socket of sockets)
      socket.write('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
    for (const head of heads) assert.match(await head, /^HTTP\/1.1 101/)
    assert.equal(server.gauge('in_flight', '*'), 0)
    assert.equal((await ask(`${server.url}/menu`)).status, 200)
    for (const socket of sockets) socket.destroy()
  })

  test('lets exempt routes and health checks past those who are stuck', async () => {
    const door = new Door()
    await using server = await CrowdServer.start(
      async (request, response) => {
        if (request.url === '/slow') await door.pass()
        response.end('served')
      },
      {
        routes: {
          'GET /metrics': { concurrency: 'exempt' },
          '*': { concurrency: { limit: 1, queue: 0 } },
        },
      },
    )
    const stuck = ask(`${server.url}/slow`)
    await until(() => door.waiting === 1, 'the place to be taken')
    assert.equal((await ask(`${server.url}/menu`)).status, 503)
    assert.equal((await ask(`${server.url}/metrics`)).status, 200)
    assert.equal((await ask(`${server.url}/healthz`)).status, 200)
    door.open()
    await stuck
  })

  test('keeps the async context of each request, whoever gives it its place', async () => {
    const store = new AsyncLocalStorage<string>()
    const door = new Door()
    const seen: string[] = []
    await using server = await CrowdServer.start(
      async (request, response) => {
        seen.push(`${request.url} in ${store.getStore() ?? 'none'}`)
        await door.pass()
        response.end()
      },
      { routes: { '*': { concurrency: { limit: 1, queueTime: '10s' } } } },
    )
    const { emit } = server.server
    server.server.emit = function (this: typeof server.server, type: string, ...args: [never]) {
      const [request] = args as unknown as [IncomingMessage]
      const go = () => Reflect.apply(emit, this, [type, ...args]) as boolean
      return type === 'request' ? store.run(request.url ?? '', go) : go()
    } as typeof emit
    const answers = ['/a', '/b', '/c'].map(path => ask(server.url + path))
    await until(() => server.gauge('waiting', '*') === 2, 'two that wait', {
      'more than one was let in': () => server.runs.length > 1,
    })
    door.open()
    await Promise.all(answers)
    assert.deepEqual(
      seen.toSorted(),
      ['/a', '/b', '/c'].map(path => `${path} in ${path}`),
    )
  })

  test('takes no place for a hit of the cache, and one to make its answer', async () => {
    const door = new Door()
    await using server = await CrowdServer.start(
      async (request, response) => {
        if (request.url === '/slow') await door.pass()
        response.setHeader('cache-control', 'max-age=100')
        response.end('served')
      },
      {
        routes: {
          'GET /menu': { cache: { ttl: '1m' } },
          '*': { concurrency: { limit: 1, queue: 0 } },
        },
      },
    )
    // 20 equal answers, and it is served.
    for (let n = 0; n < 25; n++) assert.equal((await ask(`${server.url}/menu`)).status, 200)
    const runs = server.runs.length
    const stuck = ask(`${server.url}/slow`)
    await until(() => door.waiting === 1, 'the place to be taken')
    const hit = await ask(`${server.url}/menu`)
    assert.match(hit.headers.get('cache-status') ?? '', /^hotpath; hit/)
    assert.equal((await ask(`${server.url}/menu?page=2`)).status, 503)
    assert.equal(server.runs.length, runs + 1)
    door.open()
    await stuck
    // The refusal was not kept.
    assert.equal((await ask(`${server.url}/menu?page=2`)).status, 200)
  })

  test('that fails by itself lets requests pass, and says so', async () => {
    await using server = await CrowdServer.start((_, response) => response.end('served'), {
      routes: { '*': { concurrency: 1 } },
    })
    const { now } = performance
    const odd = { get: () => () => Number.NaN, configurable: true }
    const own = Object.getOwnPropertyDescriptor(performance, 'now')
    Object.defineProperty(performance, 'now', odd)
    try {
      // A clock that tells nothing.
      assert.equal((await ask(`${server.url}/menu`)).status, 200)
    } finally {
      if (own === undefined) Reflect.deleteProperty(performance, 'now')
      else Object.defineProperty(performance, 'now', own)
      assert.equal(performance.now, now)
    }
  })
})

describe('shedding', () => {
  // Any process has more than this: it is hard pressed from the first look on.
  const shed = { memory: '1mb' } as const
  const pressed = (server: CrowdServer): Promise<void> =>
    until(async () => (await ask(`${server.url}/menu`)).status === 503, 'a refusal')

  test('sends requests away before anything is done for them, and spares exempt routes', async () => {
    await using server = await CrowdServer.start((_, response) => response.end('served'), {
      shed,
      routes: {
        'GET /menu': { cache: { ttl: '1m' } },
        'GET /metrics': { concurrency: 'exempt' },
      },
    })
    await pressed(server)
    const runs = server.runs.length
    let refused = 0
    for (let n = 0; n < 20; n++) {
      const answer = await ask(`${server.url}/menu`)
      if (answer.status !== 503) continue
      refused++
      assert.equal(answer.headers.get('content-type'), 'application/problem+json')
      assert.ok(Number(answer.headers.get('retry-after')) >= 1)
      assert.match(await answer.text(), /"detail":"The server is short of memory."/)
    }
    // One of twenty goes on: without it nothing would ever be collected.
    assert.ok(refused >= 18, `${refused} of 20`)
    assert.equal(server.runs.length, runs + 20 - refused)
    assert.equal((await ask(`${server.url}/metrics`)).status, 200)
    assert.ok((server.counted()['shed.refused memory GET /menu'] ?? 0) >= 18)
  })

  test('in shadow counts, and sends nobody away', async () => {
    await using server = await CrowdServer.start((_, response) => response.end('served'), {
      shed: { ...shed, mode: 'shadow' },
    })
    const counted = (): number => server.counted()['shed.shadow.refused memory GET /menu'] ?? 0
    await until(async () => {
      assert.equal((await ask(`${server.url}/menu`)).status, 200)
      return counted() > 5
    }, 'some that would have been refused')
    assert.deepEqual(Object.keys(server.counted()), ['shed.shadow.refused memory GET /menu'])
  })
})
