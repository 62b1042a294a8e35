import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { processTags } from '../../dist/cache/tags.js'
import { compute, currentComputation } from '../../dist/cache/computation.js'
import { EARNS } from '../../dist/serve/learning.js'
import { Writes } from '../../dist/serve/writes.js'
import { CachedServer, Door, type Handler, until } from './cached-server.js'

const routes = { 'GET /menu': { ttl: '60s' } }
const unearned = { routes, earned: false }

describe('a policy earns that it serves', () => {
  test('by as many answers in a row as it would have given; then it says so', async () => {
    await using server = await CachedServer.start((_, response) => response.end('menu'), unearned)
    for (let n = 0; n <= EARNS; n++) assert.equal((await server.ask('/menu')).cacheStatus, '')
    assert.equal(server.runs, EARNS + 1)
    assert.match((await server.ask('/menu')).cacheStatus, /hit/)
    assert.equal(server.counted('shadow.hits'), EARNS)
    assert.equal(server.lines.length, 1)
    assert.match(server.lines[0] ?? '', /^GET \/menu is served from the cache/)
  })

  test('not while the answers differ: that is counted, and served never', async () => {
    let n = 0
    await using server = await CachedServer.start(
      (_, response) => response.end(`menu ${++n}`),
      unearned,
    )
    for (let times = 0; times < 3 * EARNS; times++) await server.ask('/menu')
    assert.equal(server.runs, 3 * EARNS)
    assert.equal(server.counted('shadow.differences'), 3 * EARNS - 1)
  })

  test('one difference begins the row anew', async () => {
    let n = 0
    await using server = await CachedServer.start(
      (_, response) => response.end(++n > EARNS - 2 ? 'new menu' : 'menu'),
      unearned,
    )
    for (let times = 0; times < 2 * EARNS - 2; times++) await server.ask('/menu')
    assert.equal(server.runs, 2 * EARNS - 2)
    await server.ask('/menu')
    await server.ask('/menu')
    assert.equal(server.runs, 2 * EARNS - 1)
  })

  test('never with mode shadow, which says what it would have given', async () => {
    await using server = await CachedServer.start((_, response) => response.end('menu'), {
      routes: { 'GET /menu': { ttl: '60s', mode: 'shadow' } },
      earned: false,
    })
    for (let n = 0; n < 2 * EARNS; n++) await server.ask('/menu')
    assert.equal(server.runs, 2 * EARNS)
    assert.equal(server.counted('shadow.hits'), 2 * EARNS - 1)
    assert.deepEqual(server.lines, [])
  })

  test('with mode off nothing is looked at', async () => {
    await using server = await CachedServer.start((_, response) => response.end('menu'), {
      routes: { 'GET /menu': { ttl: '60s', mode: 'off' } },
    })
    for (let n = 0; n < 3; n++) await server.ask('/menu')
    assert.equal(server.runs, 3)
    assert.equal(server.counted('fills'), 0)
  })
})

describe('what an answer was made of', () => {
  const reading: Handler = (_, response) => {
    currentComputation()?.readsStatement([processTags().of('table menu')])
    response.end('menu')
  }

  test('is old once what it has read was changed, also in the window of staleness', async () => {
    await using server = await CachedServer.start(reading, {
      routes: { 'GET /menu': { ttl: '60s', stale: '60s' } },
    })
    await server.ask('/menu')
    assert.match((await server.ask('/menu')).cacheStatus, /hit/)
    server.advance(70)
    processTags().bump(['table menu'])
    assert.equal((await server.ask('/menu')).cacheStatus, '')
    assert.equal(server.runs, 2)
  })

  test('by names of the config too', async () => {
    await using server = await CachedServer.start((_, response) => response.end('menu'), {
      routes: { 'GET /menu': { ttl: '60s', tags: ['menu'] } },
    })
    await server.ask('/menu')
    processTags().bump(['menu'])
    await server.ask('/menu')
    await server.ask('/menu')
    assert.equal(server.runs, 2)
  })

  test('changed while it was made: not kept', async () => {
    const door = new Door()
    await using server = await CachedServer.start(
      async (_, response) => {
        currentComputation()?.readsStatement([processTags().of('table menu')])
        await door.pass()
        response.end('menu')
      },
      { routes },
    )
    const first = server.ask('/menu')
    await until(() => door.waiting === 1, 'the first request')
    processTags().bump(['table menu'])
    door.open()
    await first
    await server.ask('/menu')
    assert.equal(server.runs, 2)
    assert.equal(server.counted('refused raced'), 1)
  })

  test('in more rows than an answer may be made of: not kept', async () => {
    await using server = await CachedServer.start(
      (request, response) => {
        const rows = request.url === '/menu?few' ? 2000 : 2001
        const tags = Array.from({ length: rows }, (_, n) => processTags().of(`row menu ${n}`))
        currentComputation()?.readsStatement(tags)
        response.end('menu')
      },
      { routes },
    )
    for (const target of ['/menu?few', '/menu', '/menu?few', '/menu']) await server.ask(target)
    assert.equal(server.runs, 3)
    assert.equal(server.counted('refused tags'), 2)
  })

  test('must not be kept, says a statement', async () => {
    await using server = await CachedServer.start(
      (_, response) => {
        compute(inner => inner.forbid('volatile'))
        response.end('menu')
      },
      { routes },
    )
    await server.ask('/menu')
    await server.ask('/menu')
    assert.equal(server.counted('refused statements'), 2)
  })
})

describe('the key', () => {
  test('holds the query, whatever its order', async () => {
    await using server = await CachedServer.start(
      (request, response) =>
        response.end([...new URL(request.url ?? '', 'http://a').searchParams].sort().join()),
      { routes },
    )
    for (const [query, body] of [
      ['?a=1&b=2', 'a,1,b,2'],
      ['?b=2&a=1', 'a,1,b,2'],
      ['?a=1&a=2', 'a,1,a,2'],
      ['?a=1', 'a,1'],
      ['', ''],
    ])
      assert.equal((await server.ask(`/menu${query}`)).body, body)
    assert.equal(server.runs, 4)
    await server.ask('/menu?a=2&a=1')
    assert.equal(server.runs, 5, 'the order of one parameter is what handlers see')
  })

  for (const [title, query, runs] of [
    ['ignored parameters', { ignore: ['b'] }, 2],
    ['the only parameters that count', { only: ['a'] }, 2],
  ] as const)
    test(`without ${title}`, async () => {
      await using server = await CachedServer.start((_, response) => response.end('menu'), {
        routes: { 'GET /menu': { ttl: '60s', key: { query } } },
      })
      for (const text of ['?a=1', '?a=1&b=2', '?b=3&a=1', '?a=2&b=1'])
        await server.ask(`/menu${text}`)
      assert.equal(server.runs, runs)
    })
})

test('a parameter that looks like a credential is in the key, also beside the only ones that count', async () => {
  for (const query of [{ only: ['page'] }, { ignore: ['utm_source'] }])
    for (const name of ['access_token', 'sid', '%61pi_key', 'sessionId']) {
      await using server = await CachedServer.start(
        (request, response) => response.end((request.url ?? '').endsWith('ann') ? '1' : '2'),
        { routes: { 'GET /menu': { ttl: '60s', key: { query } } } },
      )
      assert.equal((await server.ask(`/menu?page=2&${name}=ann`)).body, '1')
      assert.equal((await server.ask(`/menu?page=2&${name}=bob`)).body, '2')
    }
})

describe('bounds', () => {
  test('a body over the cap is not kept, and comes whole', async () => {
    await using server = await CachedServer.start(
      (_, response) => {
        response.write('x'.repeat(60))
        response.end('y'.repeat(60))
      },
      { routes: { 'GET /menu': { ttl: '60s', maxBytes: 100 } } },
    )
    for (let n = 0; n < 2; n++) assert.equal((await server.ask('/menu')).body.length, 120)
    assert.equal(server.counted('refused large'), 2)
  })

  test('of one URL so many answers, then the oldest go', async () => {
    await using server = await CachedServer.start((_, response) => response.end('menu'), {
      routes: { 'GET /menu': { ttl: '60s', key: { headers: ['x-a'] } } },
    })
    for (let n = 0; n < 70; n++) await server.ask('/menu', { 'x-a': `${n}` })
    await server.ask('/menu', { 'x-a': '69' })
    assert.equal(server.runs, 70)
    await server.ask('/menu', { 'x-a': '0' })
    assert.equal(server.runs, 71)
  })

  test('the rows that answers were made of take room too', async () => {
    const rows = Array.from({ length: 1900 }, (_, n) => `row menu ${'long'.repeat(50)} ${n}`)
    await using server = await CachedServer.start(
      (_, response) => {
        currentComputation()?.readsStatement(rows.map(name => processTags().of(name)))
        response.end('menu')
      },
      { routes },
    )
    for (let n = 0; n < 150; n++) await server.ask(`/menu?n=${n}`)
    assert.ok(server.counted('evicted') > 0)
  })

  test('of long targets that were written to only a hash is kept, and a write is known by it', async () => {
    const long = (n: number) => `0 http://shop /menu?${n}${'x'.repeat(10_000)}`
    const writes = new Writes()
    const mark = writes.mark()
    writes.wrote(long(1))
    assert.equal(writes.since(mark, long(1)), true)
    assert.equal(writes.since(mark, long(2)), false)
    assert.ok(!inspect(writes, { maxStringLength: null, depth: 4 }).includes('xxxx'))
  })

  test('more answers than there is room for: the ones not asked for go first', async () => {
    await using server = await CachedServer.start(
      (_, response) => response.end(Buffer.alloc(1_000_000)),
      { routes },
    )
    for (let n = 0; n < 80; n++) await server.ask(`/menu?n=${n}`)
    assert.ok(server.counted('evicted') >= 10)
    await server.ask('/menu?n=79')
    assert.equal(server.runs, 80)
    await server.ask('/menu?n=0')
    assert.equal(server.runs, 81)
  })
})
