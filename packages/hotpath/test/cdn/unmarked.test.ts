import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, test } from 'node:test'
import { processTags } from '../../dist/cache/tags.js'
import { until } from '../serve/cached-server.js'
import { behind, MENU, type Options, read, setting } from './told.js'

describe('no CDN may keep', () => {
  const is = (response: { headers: Headers }): void => {
    assert.equal(response.headers.get('cdn-cache-control'), 'no-store')
    assert.equal(response.headers.get('surrogate-key'), null)
  }
  const cases: Record<string, Options & { readonly sends?: Record<string, string> }> = {
    'an answer of a policy that has not earned it': { earned: false },
    'an answer with a cookie': { handler: setting('Set-Cookie', 'a=1') },
    'one whose cookie the cache leaves out': {
      handler: setting('Set-Cookie', 'a=1'),
      cache: { shared: ['set-cookie'] },
    },
    'one with the id of its request': { handler: setting('X-Request-Id', '7') },
    'what is private': { handler: setting('Cache-Control', 'private, max-age=60') },
    'what the app tells CDNs not to keep': { handler: setting('Surrogate-Control', 'no-store') },
    'an answer to who says who he is': { sends: { cookie: 'a=1' } },
    'one that is kept by who asks': {
      cache: { key: { headers: ['authorization'] } },
      sends: { authorization: 'a' },
    },
    'one that it could not tell from another': {
      reads: { vary: 'usual' },
      handler: (request, response) => {
        read(MENU)
        response.end(request.headers['accept-language'])
      },
    },
    'one of more names of the app than its header takes': {
      reads: { mostKeys: 5 },
      cache: { tags: Array.from({ length: 20 }, (_, n) => `tag ${n}`) },
    },
    'one that goes out in parts: what comes after them may be read from anything': {
      handler: (_, response) => {
        read(MENU)
        response.write('espre')
        response.end('sso')
      },
    },
    'one that was read before a write and goes out after it': {
      handler: (_, response) => {
        read(MENU)
        processTags().bump([MENU])
        response.end('espresso')
      },
    },
    'one whose head was written before the write': {
      handler: (_, response) => {
        read(MENU)
        response.writeHead(200)
        processTags().bump([MENU])
        response.end('espresso')
      },
    },
    'one that was cut short': {
      handler: (_, response) => {
        read(MENU)
        response.writeHead(500).end('sorry')
      },
    },
  }
  for (const [what, { sends = {}, ...options }] of Object.entries(cases))
    test(what, async () => {
      await using shop = await behind(options)
      is(await shop.app.ask('/menu', sends))
      assert.deepEqual(shop.app.caught, [])
    })

  for (const [own, said] of [
    [undefined, 'private'],
    ['public, max-age=60, s-maxage=600', 'private, max-age=60'],
    ['no-store', 'private, no-store'],
    ['private, max-age=60', 'private, max-age=60'],
  ] as const)
    test(`it at Fastly, which looks for one word in Cache-Control: ${own ?? 'nothing'}`, async () => {
      await using shop = await behind({
        earned: false,
        reads: { lifetime: 'Surrogate-Control' },
        ...(own === undefined ? {} : { handler: setting('Cache-Control', own) }),
      })
      const { headers } = await shop.app.ask('/menu')
      assert.equal(headers.get('surrogate-control'), 'no-store')
      assert.equal(headers.get('cache-control'), said)
    })

  test('anything while its purges fail for good', async () => {
    await using shop = await behind({})
    assert.equal((await shop.app.ask('/menu')).headers.get('cdn-cache-control'), 'max-age=3600')
    shop.cdn.result = { ok: false, reason: 'status 403', final: true }
    processTags().bump([MENU])
    await until(() => shop.app.lines.length > 0, 'a line that says so')
    for (const given of ['by the app', 'by the cache']) {
      const answer = await shop.app.ask('/menu')
      assert.equal(answer.cacheStatus !== '', given === 'by the cache')
      is(answer)
    }
  })

  for (const [who, sends] of [
    ['anybody', {}],
    ['who says who he is', { cookie: 'a=1' }],
  ] as const)
    test(`an answer of the route; of another that its path may be as well, what the app says, to ${who}`, async () => {
      const handler = setting('Cache-Control', 'public, max-age=60')
      const routeOf = ({ url }: IncomingMessage) => (url === '/app.js' ? '/app.js' : '/:slug')
      await using shop = await behind({ handler, path: '/:slug', routeOf, earned: false })
      const other = (await shop.app.ask('/app.js', sends)).headers
      assert.equal(other.get('cdn-cache-control'), null)
      assert.equal(other.get('cache-control'), 'public, max-age=60')
      is(await shop.app.ask('/menu', sends))
    })

  test('with a policy that only compares, nothing is said at all', async () => {
    await using shop = await behind({ cache: { mode: 'shadow' } })
    const { headers } = await shop.app.ask('/menu')
    assert.deepEqual(
      ['cdn-cache-control', 'cache-control', 'surrogate-key'].map(name => headers.get(name)),
      [null, null, null],
    )
  })
})
