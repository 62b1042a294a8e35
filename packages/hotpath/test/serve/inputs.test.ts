import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { inspect } from 'node:util'
import { describe, test } from 'node:test'
import { currentComputation } from '../../dist/cache/computation.js'
import { processTags } from '../../dist/cache/tags.js'
import { EARNS, MOST_INPUTS } from '../../dist/serve/learning.js'
import { CachedServer, type Handler } from './cached-server.js'

const routes = { 'GET /menu': { ttl: '60s' } }
const unearned = { routes, earned: false }

/** How often the handler ran for `values` of a header, each asked twice. */
async function runsOver(
  handler: Handler,
  values: readonly string[],
  header = 'x-a',
): Promise<number> {
  await using server = await CachedServer.start(handler, { routes })
  for (const value of values)
    for (let times = 0; times < 2; times++) await server.ask('/menu', { [header]: value })
  assert.deepEqual(server.caught, [])
  return server.runs
}

const values = Array.from({ length: 20 }, (_, n) => `value-${n}`)

describe('a header that the handler reads by name', () => {
  test('is in the key, however often answers over differing values of it were equal', async () => {
    const runs = await runsOver((request, response) => {
      void request.headers['x-a']
      response.end('menu')
    }, values)
    assert.equal(runs, values.length)
  })

  test('stays in the key when all had the same for long, and then one has not', async () => {
    const orders = new Map<string, string>()
    await using server = await CachedServer.start((request, response) => {
      const customer = String(request.headers['x-customer-id'])
      currentComputation()?.readsStatement([processTags().of('table orders')])
      response.end(orders.get(customer) ?? '[]')
    }, unearned)
    const as = (customer: string) => server.ask('/menu', { 'x-customer-id': customer })
    for (let n = 0; n < 3 * (EARNS + 2); n++) await as(['alice', 'bob', 'carol'][n % 3] as string)
    assert.match((await as('bob')).cacheStatus, /hit/)
    orders.set('alice', 'test kit')
    processTags().bump(['table orders'])
    assert.equal((await as('alice')).body, 'test kit')
    assert.equal((await as('bob')).body, '[]')
  })

  test('is out of it where the config says that it changes nothing', async () => {
    await using server = await CachedServer.start(
      (request, response) => response.end(`menu ${typeof request.headers['x-a']}`),
      { routes: { 'GET /menu': { ttl: '60s', shared: ['X-A'] } } },
    )
    for (const value of values.slice(0, 3)) await server.ask('/menu', { 'x-a': value })
    assert.equal(server.runs, 1)
  })

  test('stays in the key when answers differ over it', async () => {
    const byLength: Handler = (request, response) =>
      response.end(String(String(request.headers['x-a']).length))
    await using server = await CachedServer.start(byLength, { routes })
    for (const value of ['a', 'bb', 'a', 'bb', 'ccc', 'a', 'bb', 'ccc', 'dd'])
      assert.equal((await server.ask('/menu', { 'x-a': value })).body, String(value.length))
    assert.deepEqual(server.policies.all[0]?.learning.inputs, ['x-a'])
  })

  test('stays in the key for one value over which they differed, though most are equal', async () => {
    const special: Handler = (request, response) =>
      response.end(request.headers['x-a'] === 's' ? 'special' : 'menu')
    await using server = await CachedServer.start(special, { routes })
    for (const value of ['s', ...values, 's', 'new'])
      assert.equal(
        (await server.ask('/menu', { 'x-a': value })).body,
        value === 's' ? 'special' : 'menu',
      )
    assert.equal((await server.ask('/menu?b', { 'x-a': 'new' })).body, 'menu')
    assert.equal((await server.ask('/menu?b', { 'x-a': 's' })).body, 'special')
  })

  test('is noticed when it is not there, and by `in`', async () => {
    for (const look of [
      (headers: object) => Reflect.get(headers, 'x-a') as unknown,
      (headers: object) => 'x-a' in headers,
    ]) {
      await using server = await CachedServer.start(
        (request, response) => response.end(look(request.headers) ? 'with' : 'without'),
        { routes },
      )
      await server.ask('/menu')
      assert.equal((await server.ask('/menu', { 'x-a': '1' })).body, 'with')
      assert.equal((await server.ask('/menu')).body, 'without')
    }
  })

  /** How often the handler ran for three values of a header, each asked twice. */
  const runsOfReading = (read: (headers: Record<string, unknown>) => unknown) =>
    runsOver(
      (request, response) => {
        read(request.headers as Record<string, unknown>)
        response.end('menu')
      },
      values.slice(0, 3),
    )

  test('is not one when all are printed or serialised, as access logs do', async () => {
    for (const read of [
      (headers: object) => JSON.stringify(headers),
      (headers: object) => JSON.stringify({ request: { headers } }),
      (headers: object) => inspect(headers),
      (headers: object) => Object.keys(headers),
    ])
      assert.equal(await runsOfReading(read), 1)
  })

  test('is one when all are copied: it may be read from the copy', async () => {
    for (const read of [
      (headers: Record<string, unknown>) => ({ ...headers }),
      (headers: Record<string, unknown>) => Object.entries(headers),
      (headers: Record<string, unknown>) => new Headers(headers as Record<string, string>),
      (headers: Record<string, unknown>) => structuredClone(headers),
      (headers: Record<string, unknown>) => {
        const list = []
        for (const name in headers) list.push(headers[name])
        return list
      },
    ])
      assert.ok((await runsOfReading(read)) >= 3)
  })

  test('is one when the names are read in the order in which they were sent', async () => {
    await using server = await CachedServer.start(({ headers }, response) => {
      const { host, 'x-region': region } = headers
      response.end(`${host} ${region}`)
    }, unearned)
    const ask = (region: string) =>
      server.raw(`GET /menu HTTP/1.1\r\nHost: shop\r\nX-Region: ${region}\r\n\r\n`)
    for (let n = 0; n < EARNS + 2; n++) await ask('eu')
    assert.match(await ask('us'), /shop us/)
    assert.match(await ask('eu'), /hit[^]*shop eu/)
  })

  test('is one when who enumerates stops at it', async () => {
    const runs = await runsOver(
      (request, response) => {
        for (const name in request.headers) if (name === 'x-a') void request.headers[name]
        response.end('menu')
      },
      values.slice(0, 3),
    )
    assert.equal(runs, 3)
    const broken = await runsOver(
      (request, response) => {
        for (const name in request.headers) {
          void request.headers[name]
          if (name === 'x-a') break
        }
        response.end('menu')
      },
      values.slice(0, 3),
    )
    assert.equal(broken, 3)
  })

  for (const [title, read] of [
    ['through the raw list', ({ rawHeaders }) => rawHeaders.length],
    ['by copying', ({ headers }) => Object.keys({ ...headers }).length],
  ] as readonly (readonly [string, (request: IncomingMessage) => number])[])
    test(`${title} counts as all of them: beside one that was never compared nothing is kept`, async () => {
      await using server = await CachedServer.start(
        (request, response) => response.end(read(request) > 0 ? 'menu' : ''),
        unearned,
      )
      for (let n = 0; n <= EARNS; n++) await server.ask('/menu')
      await server.ask('/menu')
      assert.equal(server.runs, EARNS + 1)
      for (let n = 0; n < 3; n++) await server.ask('/menu?other', { 'x-unheard': 'a' })
      assert.equal(server.runs, EARNS + 4)
      assert.equal(server.counted('refused inputs'), 3)
    })

  test(`beside more than ${MOST_INPUTS} others: nothing is served`, async () => {
    const names = Array.from({ length: MOST_INPUTS + 1 }, (_, n) => `x-in-${n}`)
    const joined: Handler = (request, response) =>
      response.end(names.map(name => String(request.headers[name]).length).join())
    await using server = await CachedServer.start(joined, { routes })
    for (const length of [1, 2])
      for (const name of names) await server.ask('/menu', { [name]: 'x'.repeat(length) })
    const { runs } = server
    await server.ask('/menu')
    await server.ask('/menu')
    assert.equal(server.runs, runs + 2)
  })

  test('is as it was for the handler', async () => {
    let seen: unknown[] = []
    await using server = await CachedServer.start(
      (request, response) => {
        const { headers, rawHeaders } = request
        seen = [
          headers['x-a'],
          headers.absent,
          Object.keys(headers).includes('x-a'),
          rawHeaders.includes('x-a'),
        ]
        headers['x-a'] = 'set'
        headers['new'] = 'new'
        delete headers['host']
        seen.push(
          headers['x-a'],
          headers['new'],
          headers.host,
          inspect(headers).includes("'x-a': 'set'"),
        )
        seen.push(Object.getPrototypeOf(Object.getPrototypeOf(headers)) === null, String(headers))
        response.end('menu')
      },
      { routes },
    )
    await server.ask('/menu', { 'x-a': '1' })
    assert.deepEqual(seen, [
      '1',
      undefined,
      true,
      true,
      'set',
      'new',
      undefined,
      true,
      true,
      '[object Object]',
    ])
  })
})
