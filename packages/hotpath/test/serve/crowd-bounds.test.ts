import assert from 'node:assert/strict'
import { request as send } from 'node:http'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { asked as ask, comes, until } from './cached-server.js'
import { CrowdServer } from './crowd-server.js'

describe('bodies', () => {
  const config = { routes: { 'POST /orders': { bodyLimit: '1kb' } } } as const
  const start = () =>
    CrowdServer.start(async (request, response) => {
      let bytes = 0
      try {
        for await (const chunk of request) bytes += (chunk as Buffer).length
        response.end(String(bytes))
      } catch {
        // The app hears that its request ended early.
      }
    }, config)

  test('that say that they are too long are refused before a byte of them is read', async () => {
    await using server = await start()
    const answer = await ask(`${server.url}/orders`, { method: 'POST', body: 'x'.repeat(1_025) })
    assert.equal(answer.status, 413)
    assert.equal(answer.headers.get('connection'), 'close')
    assert.deepEqual(server.runs, [])
    const fits = await ask(`${server.url}/orders`, { method: 'POST', body: 'x'.repeat(1_024) })
    assert.equal(await fits.text(), '1024')
    assert.deepEqual(server.counted(), { 'body.refused POST /orders': 1 })
  })

  test('of unknown length end at the limit', async () => {
    await using server = await start()
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = send(
        `${server.url}/orders`,
        { method: 'POST', agent: false, headers: { 'Transfer-Encoding': 'chunked' } },
        response => resolve(response.resume().statusCode),
      )
      request.on('error', reject)
      request.write('x'.repeat(800))
      request.write('x'.repeat(800))
    })
    assert.equal(status, 413)
  })

  test('that trickle in keep no place', async () => {
    await using server = await CrowdServer.start(
      (request, response) => {
        request.on('error', () => {}).resume()
        request.once('end', () => response.end('served'))
      },
      // Where they keep their places this is told by a refusal.
      { routes: { '*': { concurrency: { limit: 2, queueTime: '5s' } } } },
    )
    const slow = [1, 2].map(() => connect(server.port, '127.0.0.1'))
    for (const socket of slow)
      socket.write('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx')
    await until(() => server.runs.length === 2, 'two that trickle')
    assert.equal((await ask(`${server.url}/menu`)).status, 200)
    for (const socket of slow) socket.destroy()
  })
})

describe('slow clients', () => {
  test('are cut off as the config says, and so are connections beyond a number', async () => {
    await using server = await CrowdServer.start(
      (_, response) => response.end('served'),
      { server: { headersTimeout: '50ms', requestTimeout: '60ms', maxConnections: 2 } },
      // Node looks every 30 s.
      { connectionsCheckingInterval: 20 },
    )
    const first = await ask(`${server.url}/menu`, { headers: { connection: 'close' } })
    await first.text()
    assert.equal(server.server.keepAliveTimeout, 5_000)
    const loris = connect(server.port, '127.0.0.1')
    loris.write('GET /menu HTTP/1.1\r\nHost: a\r\nX-A: b')
    const answer = new Promise<string>(resolve => loris.once('data', data => resolve(String(data))))
    const said = await comes(answer, 'an answer to a head that does not end')
    assert.match(said, /^HTTP\/1.1 408 /)
    loris.destroy()
    const sockets = [1, 2, 3, 4].map(() => connect(server.port, '127.0.0.1'))
    const closed = sockets.map(
      socket => new Promise(resolve => socket.on('error', () => {}).once('close', resolve)),
    )
    await comes(Promise.race(closed), 'a connection too many to be closed')
    for (const socket of sockets) socket.destroy()
  })
})

describe('the config', () => {
  const problem = async (config: object): Promise<string> =>
    CrowdServer.start(() => {}, config).then(
      async server => {
        await server[Symbol.asyncDispose]()
        return ''
      },
      (error: Error) => error.message,
    )

  test('is checked with words that say what to write', async () => {
    const route = (value: object) => problem({ routes: { 'GET /a': value } })
    assert.equal(await route({ concurrency: 'adaptive', priority: 'low', bodyLimit: '1mb' }), '')
    assert.match(
      await route({ concurrency: 0 }),
      /must be 'adaptive', 'exempt', a whole number from 1 up, or/,
    )
    assert.match(
      await route({ concurrency: { min: 5, max: 2 } }),
      /"routes.GET \/a.concurrency" must be/,
    )
    assert.match(
      await route({ concurrency: { limit: 5, min: 9 } }),
      /"routes.GET \/a.concurrency.min" must be left out: it bounds an adaptive limit/,
    )
    assert.match(
      await route({ concurrency: { limits: 2 } }),
      /Did you mean "routes.GET \/a.concurrency.limit"/,
    )
    assert.match(
      await route({ priority: 'urgent' }),
      /must be 'critical', 'high', 'normal' or 'low', not "urgent"/,
    )
    assert.match(
      await route({ bodyLimit: '1 MB' }),
      /must be a size such as '500kb', '1mb' or '2gb'/,
    )
    assert.match(await problem({ shed: { loopDelay: 200 } }), /"shed.loopDelay" must be a duration/)
    assert.match(
      await problem({ server: { headersTimeout: 10 } }),
      /"server.headersTimeout" must be/,
    )
    assert.match(await problem({ shed: { memory: 'all' } }), /or a part such as '85%'/)
    assert.match(
      await problem({ identify: () => 'ann' }),
      /"identify" must be what jwt\(\) or verified\(\)/,
    )
    assert.match(await problem({ trustProxy: ['10.0.0'] }), /"trustProxy" must be blocks such as/)
    assert.match(await problem({ trustProxy: true }), /"trustProxy" must be blocks such as/)
    assert.match(
      await problem({ ipv6Prefix: 0 }),
      /"ipv6Prefix" must be a number of bits from 32 to 128/,
    )
  })
})
