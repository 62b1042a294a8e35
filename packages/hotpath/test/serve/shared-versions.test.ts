import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { currentComputation } from '../../dist/cache/computation.js'
import { memoryStore } from '../../dist/cache/memory-store.js'
import type { Strictness } from '../../dist/cache/strict/strictness.js'
import { processTags } from '../../dist/cache/tags.js'
import { CachedServer, Door, type Handler, until } from './cached-server.js'

const routes = { 'GET /menu': { ttl: '1h' } }

/** A store that says what the test wants; the real one is in `invalidation/strict`. */
function answering(holds: () => boolean): Strictness {
  return {
    holds: async () => holds(),
    knows: () => true,
    learn: async () => {},
    renew: async () => true,
    joinsBlindly: false,
  }
}

/** Reads a table, as far as the cache can tell. */
function reads(door?: Door): Handler {
  let n = 0
  return async (_, response) => {
    const own = ++n
    currentComputation()?.readsStatement([processTags().of('pg:1/1:menu')])
    await door?.pass()
    response.end(`answer ${own}`)
  }
}

describe('cached responses where versions are shared', () => {
  afterEach(() => {
    processTags().strict = undefined
  })

  test('a hit is given if the store says that it holds, and else the app answers', async () => {
    let good = true
    processTags().strict = answering(() => good)
    await using server = await CachedServer.start(reads(), { routes })
    assert.equal((await server.ask('/menu')).body, 'answer 1')
    const hit = await server.ask('/menu')
    assert.equal(hit.body, 'answer 1')
    assert.match(hit.cacheStatus, /hit/)
    assert.match((await server.ask('/menu', {}, 'HEAD')).cacheStatus, /hit/)
    good = false
    assert.equal((await server.ask('/menu')).body, 'answer 2')
    assert.equal((await server.ask('/menu')).body, 'answer 3')
    assert.deepEqual(server.caught, [])
  })

  test('who waited for an answer gets it if it holds, and else the app answers', async () => {
    for (const good of [true, false]) {
      processTags().strict = answering(() => good)
      const door = new Door()
      await using server = await CachedServer.start(reads(door), { routes })
      const asked = Array.from({ length: 5 }, () => server.ask('/menu'))
      await until(() => server.waiting === 4, 'those who wait')
      door.open()
      const answers = await Promise.all(asked)
      assert.equal(new Set(answers.map(answer => answer.body)).size, good ? 1 : 5)
    }
  })

  test('an answer of which no statement was seen is not kept, unless it is to live by its ttl', async () => {
    processTags().strict = answering(() => true)
    let n = 0
    const unseen: Handler = (_, response) => void response.end(`answer ${++n}`)
    for (const ttlOnly of [false, true]) {
      const cache = { ttl: '1h', ttlOnly }
      await using server = await CachedServer.start(unseen, { routes: { 'GET /menu': cache } })
      await server.ask('/menu')
      await server.ask('/menu')
      assert.equal(server.counted('refused unseen'), ttlOnly ? 0 : 2)
      assert.equal(server.counted('unseen'), ttlOnly ? 1 : 0)
    }
  })

  test('a store of answers that was opened before is not asked any more', async t => {
    const store = memoryStore()
    const { mock: asked } = t.mock.method(store, 'read')
    const cache = { ttl: '10s', stale: '1h', store }
    await using server = await CachedServer.start(reads(), { routes: { 'GET /menu': cache } })
    await until(async () => {
      await server.ask(`/menu?page=${asked.callCount()}`)
      return asked.callCount() > 1
    }, 'the store to be asked')
    processTags().strict = answering(() => true)
    await server.ask('/menu')
    const before = asked.callCount()
    await server.ask('/menu?page=other')
    assert.match((await server.ask('/menu')).cacheStatus, /hit/)
    server.advance(20)
    const { runs } = server
    assert.match((await server.ask('/menu')).cacheStatus, /hit/)
    await until(() => server.runs > runs, 'the answer to be made anew')
    assert.equal(asked.callCount(), before)
    assert.deepEqual(server.caught, [])
  })
})
