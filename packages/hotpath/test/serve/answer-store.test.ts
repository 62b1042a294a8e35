import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { memoryStore } from 'hotpath/cache'
import { processTags } from '../../dist/cache/tags.js'
import { clock } from '../../dist/clock.js'
import type { ResponseCacheConfig } from '../../dist/config/response-cache.js'
import { AnswerStore, type Ids, targetTag } from '../../dist/serve/answer-store.js'
import { Entry } from '../../dist/serve/entry.js'
import { CachePolicy } from '../../dist/serve/policy.js'
import { until } from './cached-server.js'

let targets = 0

/** A store with a target of its own, of which an answer is to be made. */
async function kitchen(config: ResponseCacheConfig = { ttl: '1m' }) {
  const store = new AnswerStore(memoryStore(), clock)
  const policy = new CachePolicy('GET /menu', config)
  const target = `80 http://a/menu/${++targets}`
  const { ids } = await store.find(policy, target, [], () => '')
  assert.ok(ids !== undefined)
  const put = (more: readonly string[] = [], known: Ids = ids) =>
    store.put(policy, target, [], '', answer([...store.tagsOf(target, policy), ...more]), known)
  const find = (needed: readonly string[] = [], of = policy) =>
    store.find(of, target, needed, () => '').then(({ entry }) => entry?.kept)
  return { store, target, put, find }
}

function answer(tags: readonly string[]): Entry {
  const head = { status: 200, reason: 'OK', fields: ['Content-Type', 'text/plain', 'ETag', '"a"'] }
  const mostMs = { freshMs: 60_000, revalidateMs: 60_000, errorMs: 60_000 }
  const lifetime = { ageMs: 0, ...mostMs, explicitMs: undefined, vary: [] }
  const noted = new Map(
    tags.map(name => {
      const tag = processTags().of(name)
      return [tag, tag.version]
    }),
  )
  const reading = { noted, statements: 1 }
  return new Entry(head, Buffer.from('body'), lifetime, reading, '/menu', clock.now(), () => '')
}

describe('an answer in a store', () => {
  test('is given as it was, with what it was made of', async () => {
    const { put, find } = await kitchen()
    assert.equal(await put(), true)
    const kept = await find()
    assert.equal(kept?.status, 200)
    assert.equal(String(kept?.body), 'body')
    assert.deepEqual(kept?.fields, answer([]).fields)
    assert.equal(kept?.route, '/menu')
    assert.equal(kept?.reading.statements, 1)
    assert.equal(kept?.reading.noted.size, 2)
  })

  test('is not given once a tag of it was changed, nor what was begun before that', async () => {
    const { put, find, target } = await kitchen()
    await put()
    assert.ok((await find()) !== undefined)
    processTags().bump([targetTag(target)])
    await until(async () => (await find()) === undefined, 'the change to be told')
    // Begun with the versions of before.
    assert.equal(await put(), true)
    assert.equal(await find(), undefined)
  })

  test('is not given where an input is known by which it was not keyed', async () => {
    const { put, find } = await kitchen()
    await put()
    assert.equal(await find(['x-region']), undefined)
  })

  test('is not given to another policy', async () => {
    const { put, find } = await kitchen()
    await put()
    assert.equal(await find([], new CachePolicy('GET /menu', { ttl: '2m' })), undefined)
    assert.ok((await find([], new CachePolicy('GET /menu', { ttl: '1m' }))) !== undefined)
  })

  test('is not given to a policy that tells CDNs otherwise; how that is written down does not matter', async () => {
    const cdn = { ttl: '1h', browser: '10s' }
    const { put, find } = await kitchen({ ttl: '1m', cdn })
    await put()
    const policy = (other: typeof cdn) => new CachePolicy('GET /menu', { cdn: other, ttl: '1m' })
    assert.equal(await find([], policy({ ...cdn, ttl: '2h' })), undefined)
    assert.equal(await find([], policy({ ...cdn, browser: 'no-cache' })), undefined)
    assert.ok((await find([], policy({ browser: '10s', ttl: '60m' }))) !== undefined)
  })

  test('made of what nobody had the version of before is not put there, and is the next time', async () => {
    const { store, put, find, target } = await kitchen()
    const table = `table ${target}`
    assert.equal(await put([table]), false)
    assert.equal(await find(), undefined)
    const policy = new CachePolicy('GET /menu', { ttl: '1m' })
    const { ids } = await store.find(policy, target, [], () => '')
    assert.equal(await put([table], ids), true)
    assert.ok((await find()) !== undefined)
  })
})
