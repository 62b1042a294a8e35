import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, test } from 'node:test'
import { createCache, memoryStore } from 'hotpath/cache'
import { processTags } from '../../dist/cache/tags.js'
import { Door, type Handler, until } from '../serve/cached-server.js'
import { behind, key, MENU, menu, read, setting, type Told } from './told.js'

describe('an answer that everybody may have tells CDNs', () => {
  const writers: Record<string, Handler> = {
    'end alone': menu,
    'writeHead before end': (_, response) => {
      read(MENU)
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '8' })
      response.end('espresso')
    },
    'writeHead, then more is read, then end': async (_, response) => {
      response.writeHead(200)
      await new Promise(setImmediate)
      read(MENU)
      response.end('espresso')
    },
  }
  for (const [how, handler] of Object.entries(writers))
    test(`how long, and by which keys it goes: ${how}`, async () => {
      await using shop = await behind({ handler })
      for (const given of ['by the app', 'by the cache']) {
        const { headers, body, cacheStatus } = await shop.app.ask('/menu')
        assert.equal(cacheStatus !== '', given === 'by the cache')
        assert.equal(body, 'espresso')
        assert.equal(headers.get('cdn-cache-control'), 'max-age=3600')
        assert.ok(headers.get('surrogate-key')?.split(' ').includes(key(MENU)))
      }
      assert.deepEqual(shop.app.caught, [])
    })

  test('no name of a table', async () => {
    await using shop = await behind({})
    const text = JSON.stringify([...(await shop.app.ask('/menu')).headers])
    assert.doesNotMatch(text, /shop\.menu|pg:/)
  })

  test('and browsers to ask again, where the app says nothing', async () => {
    await using shop = await behind({})
    assert.equal((await shop.app.ask('/menu')).headers.get('cache-control'), 'no-cache')
  })

  test('and browsers what the app says', async () => {
    await using shop = await behind({ handler: setting('Cache-Control', 'public, max-age=60') })
    const { headers } = await shop.app.ask('/menu')
    assert.equal(headers.get('cache-control'), 'public, max-age=60')
    assert.equal(headers.get('cdn-cache-control'), 'max-age=60')
  })

  for (const [browser, said] of [
    ['no-cache', 'no-cache'],
    ['10s', 'max-age=10'],
  ] as const)
    test(`and browsers what the policy says: ${browser}`, async () => {
      await using shop = await behind({
        handler: setting('Cache-Control', 'public, max-age=60'),
        cache: { cdn: { ttl: '1h', browser } },
      })
      assert.equal((await shop.app.ask('/menu')).headers.get('cache-control'), said)
    })

  test('no longer than the app tells CDNs', async () => {
    await using shop = await behind({ handler: setting('CDN-Cache-Control', 'max-age=7') })
    assert.equal((await shop.app.ask('/menu')).headers.get('cdn-cache-control'), 'max-age=7')
  })

  test('its own keys besides those of the app', async () => {
    await using shop = await behind({ handler: setting('Surrogate-Key', 'mine') })
    const keys = (await shop.app.ask('/menu')).headers.get('surrogate-key')?.split(' ') ?? []
    assert.ok(keys.includes('mine') && keys.includes(key(MENU)))
  })

  test('in the form of CloudFront', async () => {
    await using shop = await behind({ reads: { lifetime: 's-maxage' } })
    const control = (await shop.app.ask('/menu')).headers.get('cache-control')
    assert.equal(control, 'max-age=0, must-revalidate, s-maxage=3600')
  })

  test('in the form of nginx: until when, counted from when it was made', async () => {
    await using shop = await behind({ reads: { lifetime: 'X-Accel-Expires' } })
    const first = (await shop.app.ask('/menu')).headers.get('x-accel-expires')
    shop.app.advance(20)
    const hit = await shop.app.ask('/menu')
    assert.match(hit.cacheStatus, /hit/)
    assert.equal(hit.headers.get('x-accel-expires'), first)
    assert.match(first ?? '', /^@\d{10}$/)
  })

  test('by the table where there are too many rows', async () => {
    const rows = Array.from({ length: 500 }, (_, id) => `${MENU}#id=${id}`)
    const handler: Handler = (_, response) => {
      read('pg:1/5', `${MENU}#`, ...rows)
      response.end('espresso')
    }
    await using shop = await behind({ handler })
    const keys = (await shop.app.ask('/menu')).headers.get('surrogate-key')?.split(' ') ?? []
    assert.ok(keys.length < 10 && keys.includes(key(MENU)), keys.join())
  })

  test('by the database where there are too many tables', async () => {
    const tables = Array.from({ length: 200 }, (_, n) => `pg:1/5:shop.t${n}`)
    const handler: Handler = (_, response) => {
      read('pg:1/5', ...tables)
      response.end('espresso')
    }
    await using shop = await behind({ handler })
    const keys = (await shop.app.ask('/menu')).headers.get('surrogate-key')?.split(' ') ?? []
    assert.ok(keys.length < 10 && keys.includes(key('pg:1/5:*')), keys.join())
  })

  test('by what it varies', async () => {
    const handler: Handler = (request, response) => {
      read(MENU)
      response.end(request.headers['accept-language'])
    }
    await using shop = await behind({ handler })
    const { headers } = await shop.app.ask('/menu', { 'accept-language': 'de' })
    assert.equal(headers.get('vary'), 'accept-language')
  })
})

describe('an answer that the app did not compress', () => {
  const long: Handler = (_, response) => {
    read(MENU)
    response.setHeader('Content-Type', 'text/plain')
    response.end('espresso '.repeat(200))
  }
  const accepting = { 'accept-encoding': 'br' }

  test('is told apart by Accept-Encoding from the first on', async () => {
    await using shop = await behind({ handler: long })
    const first = await shop.app.ask('/menu', accepting)
    assert.equal(first.cacheStatus, '')
    assert.equal(first.headers.get('vary'), 'accept-encoding')
    let { headers } = first
    await until(async () => {
      headers = (await shop.app.ask('/menu', accepting)).headers
      return headers.get('content-encoding') === 'br'
    }, 'the compressed form')
    assert.equal(headers.get('vary'), 'Accept-Encoding')
    for (const name of ['cdn-cache-control', 'surrogate-key'])
      assert.equal(headers.get(name), first.headers.get(name))
    assert.deepEqual(shop.app.caught, [])
  })

  test('stays as it is for a CDN that tells no answers apart, which could keep none else', async () => {
    await using shop = await behind({ handler: long, reads: { vary: 'none' } })
    for (let n = 0; n < 3; n++) {
      const { headers } = await shop.app.ask('/menu', accepting)
      assert.equal(headers.get('content-encoding'), null)
      assert.equal(headers.get('vary'), null)
      assert.equal(headers.get('cdn-cache-control'), 'max-age=3600')
    }
  })
})

describe('purged is', () => {
  const purgedOf = (cdn: Told) => new Set(cdn.purged)

  test('what was written here, by its keys', async () => {
    await using shop = await behind({})
    processTags().bump([MENU, 'pg:1/5:*'])
    await until(() => purgedOf(shop.cdn).has(key(MENU)), 'the purge')
  })

  test('all of ours, and nothing of others, where it is not known what was written', async () => {
    await using shop = await behind({})
    const keys = (await shop.app.ask('/menu')).headers.get('surrogate-key')?.split(' ') ?? []
    processTags().bumpAll()
    await until(() => shop.cdn.purged.length > 0, 'the purge')
    assert.ok(shop.cdn.purged.every(one => keys.includes(one)))
  })

  test('not what another process has told of: that one purges', async () => {
    await using shop = await behind({})
    const teller = (): void => {}
    processTags().bump(['pg:1/5:told'], teller)
    processTags().bump(['pg:1/5:own'])
    await until(() => purgedOf(shop.cdn).has(key('pg:1/5:own')), 'the purge')
    assert.ok(!purgedOf(shop.cdn).has(key('pg:1/5:told')))
  })

  test('what the app invalidates by name, once, also through a cache that has a store', async () => {
    await using shop = await behind({ cache: { tags: ['menu'] } })
    const cache = createCache({ name: 'shop', ttl: '1m', store: memoryStore() })
    await cache.invalidate(['menu'])
    await until(() => purgedOf(shop.cdn).has(key('menu')), 'the purge')
    assert.deepEqual(shop.cdn.purged, [key('menu')])
    await cache.close()
  })

  test('where it goes by path, each target that one answer was given for', async () => {
    await using shop = await behind({ by: 'path', cache: { key: { query: { ignore: ['from'] } } } })
    await shop.app.ask('/menu?from=a')
    assert.match((await shop.app.ask('/menu?from=b')).cacheStatus, /hit/)
    processTags().bump([MENU])
    const host = `127.0.0.1:${shop.app.port}`
    await until(() => purgedOf(shop.cdn).has(`${host}/menu?from=a`), 'the purge of the first')
    await until(() => purgedOf(shop.cdn).has(`${host}/menu?from=b`), 'the purge of the second')
  })

  test('a target that an unsafe request has changed (RFC 9111, 4.4)', async () => {
    await using shop = await behind({ handler: (_, response) => void response.end('a') })
    const { headers } = await shop.app.ask('/menu')
    await shop.app.ask('/menu?x=1', {}, 'POST')
    const name = key(`at:127.0.0.1:${shop.app.port}/menu`)
    await until(() => purgedOf(shop.cdn).has(name), 'the purge')
    assert.ok(headers.get('surrogate-key')?.includes(name))
  })
})

test('an answer that the app refreshes behind an old one is for no CDN before somebody asks', async () => {
  const door = new Door()
  door.open()
  const handler = async (_: IncomingMessage, response: ServerResponse): Promise<void> => {
    read(MENU)
    await door.pass()
    response.end('espresso')
  }
  await using shop = await behind({ handler, cache: { stale: '10m' }, again: '1ms' })
  await shop.app.ask('/menu')
  shop.app.advance(60)
  const old = await shop.app.ask('/menu')
  assert.equal(old.headers.get('cdn-cache-control'), 'max-age=3600')
  assert.equal(old.age, '60')
  await until(() => shop.app.runs === 2, 'the refresh')
  await until(async () => (await shop.app.ask('/menu')).age === '0', 'what it has made')
  // A purge is repeated when what was being sent to CDNs has left; that it was not sent to any.
  shop.cdn.purged.length = 0
  processTags().bump([MENU])
  const times = () => shop.cdn.purged.filter(one => one === key(MENU)).length
  await until(() => times() === 2, 'the purge and its repetition')
  assert.deepEqual(shop.app.caught, [])
})
