import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CdnPurger } from 'hotpath/cdn'
import { currentComputation } from '../../dist/cache/computation.js'
import { processTags } from '../../dist/cache/tags.js'
import { CachedServer, type Handler, until } from '../serve/cached-server.js'

test('where versions are shared only an answer that the store was asked about just now is for CDNs', async t => {
  processTags().strict = {
    holds: async () => true,
    knows: () => true,
    learn: async () => {},
    renew: async () => true,
    joinsBlindly: false,
  }
  t.after(() => {
    processTags().strict = undefined
  })
  let purged = 0
  const cdn: CdnPurger = {
    name: 'told',
    by: 'key',
    reads: {
      lifetime: 'CDN-Cache-Control',
      keys: { header: 'Surrogate-Key', separator: ' ' },
      mostKeys: 100,
      mostBytes: 8_000,
      vary: 'any',
    },
    limits: { perCall: 1_000, perSecond: 1_000, burst: 1_000 },
    purge: async items => {
      purged += items.length
      return { ok: true }
    },
  }
  let fails = false
  const control = 'max-age=5, stale-while-revalidate=0, stale-if-error=60'
  const handler: Handler = (_, response) => {
    currentComputation()?.readsStatement([processTags().of('pg:1/5:shop.menu')])
    if (fails) response.writeHead(503).end('down')
    else response.writeHead(200, { 'cache-control': control }).end('espresso')
  }
  await using server = await CachedServer.start(handler, {
    routes: { 'GET /menu': { ttl: '30s', cdn: { ttl: '1h' } } },
    cdn: { purge: [cdn] },
  })
  await until(() => purged > 0, 'the purge of all, at the start')
  const told = async () => {
    const { headers, body, cacheStatus } = await server.ask('/menu')
    assert.equal(body, 'espresso')
    return [cacheStatus === '' ? 'the app' : 'the cache', headers.get('cdn-cache-control')]
  }
  assert.deepEqual(await told(), ['the app', 'no-store'])
  assert.deepEqual(await told(), ['the cache', 'max-age=5'])
  // The old one is given because the app fails, and was asked about before.
  fails = true
  server.advance(20)
  assert.deepEqual(await told(), ['the cache', 'no-store'])
  assert.deepEqual(server.caught, [])
})
