import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { observe, type Observation, type ObservedApp } from '../observed.js'
import { comes, until } from '../serve/cached-server.js'

const folder = mkdtempSync(join(tmpdir(), 'hotpath-limit-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0

/** A limit of `GET /menu` that says when the config was read; what is tested is under the other routes. */
const ready = { 'GET /menu': { limit: { rate: '1000/s', headers: 'always' } } }

function configOf(routes: object): string {
  const file = join(folder, `${++files}.config.json`)
  writeFileSync(file, JSON.stringify({ routes: { ...ready, ...routes } }))
  return file
}

const run = (framework: string, routes: object, use: (app: ObservedApp) => Promise<void>) =>
  observe(
    framework === 'hono' ? 'limited.mjs' : 'limited.cjs',
    async app => {
      await until(
        async () => (await fetch(`${app.url}/menu`)).headers.has('ratelimit'),
        'the config to be read',
      )
      await use(app)
    },
    { FRAMEWORK: framework, HOTPATH_CONFIG: configOf(routes) },
  )

const post = (app: ObservedApp, headers: Record<string, string> = {}) =>
  fetch(`${app.url}/orders`, { method: 'POST', headers })
const runs = async (app: ObservedApp) =>
  (await (await fetch(`${app.url}/runs`)).json()) as Record<string, number>
const statuses = async (n: number, ask: () => Promise<Response>) => {
  const seen: number[] = []
  for (let i = 0; i < n; i++) seen.push((await comes(ask(), 'an answer')).status)
  return seen
}
const limited = (seen: Observation, name: string, more: Record<string, string> = {}) =>
  seen.summed(`hotpath.limit.${name}`, more)

for (const framework of [
  'express4',
  'express5',
  'fastify4',
  'fastify5',
  'koa router',
  'hono',
  'hono cjs',
  'koa',
  'node',
])
  test(`${framework}: who asks too often is told when to come back, and the console how often`, async () => {
    const seen = await run(
      framework,
      { 'POST /orders': { limit: { rate: ['2/h', '5/d'] } } },
      async app => {
        assert.deepEqual(await statuses(2, () => post(app)), [200, 200])
        const refused = await post(app)
        assert.equal(refused.status, 429)
        const { headers } = refused
        // Fastify says the charset, too.
        assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/)
        assert.equal(headers.get('ratelimit-policy'), '"2/h";q=2;w=3600, "5/d";q=5;w=86400')
        const [, wait = ''] = /^"2\/h";r=0;t=(\d+)$/.exec(headers.get('ratelimit') ?? '') ?? []
        assert.ok(Number(wait) > 1700 && Number(wait) <= 1800, wait)
        assert.equal(headers.get('retry-after'), wait)
        assert.deepEqual(await refused.json(), {
          type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
          title: 'Too many requests: the limit of this client is used up',
          status: 429,
          detail: `Try again in ${wait} s.`,
          'violated-policies': ['2/h'],
        })
        // What middleware sets on all answers is on this one as well.
        if (!/^(?:koa|node)$/.test(framework)) assert.equal(headers.get('x-early'), 'yes')
        assert.equal((await fetch(`${app.url}/orders`)).status, 200, 'GET has no limit')
        assert.deepEqual((await runs(app))['POST /orders'], 2)
      },
    )
    assert.deepEqual(seen.errors, [])
    const route = { 'http.request.method': 'POST', 'http.route': '/orders' }
    assert.equal(limited(seen, 'allowed', route), 2)
    assert.equal(limited(seen, 'refused', { ...route, reason: 'rate' }), 1)
    assert.equal(limited(seen, 'key.refused', route), 1)
    const span = seen.spans.find(
      ({ attributes }) => attributes['http.response.status_code'] === 429,
    )
    assert.equal(
      span?.attributes['http.route'],
      '/orders',
      'refusals are counted under their route',
    )
  })

describe('a limit in the way of requests', () => {
  test('in shadow refuses nobody, and counts who would have been', async () => {
    const seen = await run(
      'express5',
      { 'POST /orders': { limit: { rate: '2/h', mode: 'shadow' } } },
      async app => {
        assert.deepEqual(await statuses(5, () => post(app)), [200, 200, 200, 200, 200])
      },
    )
    assert.equal(limited(seen, 'allowed', { 'http.route': '/orders' }), 2)
    assert.equal(limited(seen, 'shadow.refused', { 'http.route': '/orders' }), 3)
    assert.equal(limited(seen, 'refused'), 0)
  })

  test('tells clients apart by a header, and those without by their address', async () => {
    await run(
      'fastify5',
      { 'POST /orders': { limit: { rate: '1/h', by: 'key', keyHeader: 'x-shop' } } },
      async app => {
        const asked = [{ 'x-shop': 'a' }, { 'x-shop': 'b' }, { 'x-shop': 'a' }, {}, {}]
        const seen: number[] = []
        for (const headers of asked) seen.push((await post(app, headers as never)).status)
        assert.deepEqual(seen, [200, 200, 429, 200, 429])
      },
    )
  })

  test('of * holds on routes without one of their own', async () => {
    await run('express5', { '*': { limit: { rate: '2/h' } } }, async app => {
      const get = () => fetch(`${app.url}/orders`)
      assert.deepEqual(await statuses(3, get), [200, 200, 429])
      assert.equal((await fetch(`${app.url}/menu`)).status, 200)
      assert.equal((await fetch(`${app.url}/nowhere`)).status, 404)
    })
  })

  test('of a route holds behind one that hands on to it, as a login does', async () => {
    const routes = { 'POST /orders': { limit: { rate: '2/h' } }, '*': { limit: { rate: '100/h' } } }
    const seen = await run('express5 guarded', routes, async app => {
      assert.deepEqual(await statuses(3, () => post(app)), [200, 200, 429])
      assert.deepEqual((await runs(app))['POST /orders'], 2)
    })
    assert.deepEqual(seen.errors, [])
  })

  test('goes on alone while its store is still connecting', async () => {
    const file = join(folder, `${++files}.config.mjs`)
    const code = `export default { routes: {
      'GET /menu': ${JSON.stringify(ready['GET /menu'])},
      'POST /orders': { limit: { rate: '2/h', store: () => new Promise(() => {}) } },
    } }`
    writeFileSync(file, code)
    const seen = await observe(
      'limited.cjs',
      async app => {
        const menu = () => fetch(`${app.url}/menu`)
        await until(async () => (await menu()).headers.has('ratelimit'), 'the config to be read')
        assert.deepEqual(await statuses(3, () => post(app)), [200, 200, 429])
      },
      { FRAMEWORK: 'express5', HOTPATH_CONFIG: file },
    )
    assert.match(seen.output, /HOTPATH_LIMIT_STORE/)
    assert.equal(limited(seen, 'alone', { 'http.route': '/orders' }), 3)
  })

  test('goes on alone where its store cannot be made', async () => {
    const file = join(folder, `${++files}.config.mjs`)
    const code = `export default { routes: {
      'GET /menu': ${JSON.stringify(ready['GET /menu'])},
      'POST /orders': { limit: { rate: '2/h', store: async () => ({}) } },
    } }`
    writeFileSync(file, code)
    const seen = await observe(
      'limited.cjs',
      async app => {
        const menu = () => fetch(`${app.url}/menu`)
        await until(async () => (await menu()).headers.has('ratelimit'), 'the config to be read')
        assert.deepEqual(await statuses(3, () => post(app)), [200, 200, 429])
      },
      { FRAMEWORK: 'express5', HOTPATH_CONFIG: file },
    )
    assert.match(seen.output, /could not be made/)
  })

  test('counts requests that a cache answers', async () => {
    const routes = {
      'GET /menu': {
        limit: { rate: '60/h', headers: 'always' },
        cache: { ttl: '10m' },
      },
    }
    for (const framework of ['express5', 'node']) {
      await run(framework, routes, async app => {
        const seen: string[] = []
        for (let n = 0; n < 70; n++) {
          const response = await fetch(`${app.url}/menu`)
          const hit = response.headers.get('cache-status')?.includes('hit') === true
          seen.push(hit ? 'hit' : String(response.status))
        }
        assert.ok(seen.includes('hit'), seen.join())
        assert.ok(seen.indexOf('429') > seen.indexOf('hit'), seen.join())
        // One was asked for before, or more, to see that the config was read.
        assert.ok(seen.filter(one => one !== '429').length <= 59, seen.join())
        assert.equal(seen.at(-1), '429')
      })
    }
  })

  test('has the fields of older drafts where they are asked for', async () => {
    const forms = {
      'POST /orders': [
        'draft-7',
        { 'ratelimit-policy': /^1;w=3600$/, ratelimit: /^limit=1, remaining=0, reset=\d+$/ },
      ],
      'GET /orders': [
        'draft-6',
        { 'ratelimit-limit': /^1$/, 'ratelimit-remaining': /^0$/, 'ratelimit-reset': /^\d+$/ },
      ],
      'GET /users/:id/orders': [
        'x-ratelimit',
        { 'x-ratelimit-limit': /^1$/, 'x-ratelimit-remaining': /^0$/ },
      ],
    } as const
    const routes = Object.fromEntries(
      Object.entries(forms).map(([route, [headerForm]]) => [
        route,
        { limit: { rate: '1/h', headerForm } },
      ]),
    )
    await run('express5', routes, async app => {
      for (const [route, [, expected]] of Object.entries(forms)) {
        const [method = '', path = ''] = route.replace(':id', '7').split(' ')
        await fetch(app.url + path, { method })
        const { headers } = await fetch(app.url + path, { method })
        for (const [name, value] of Object.entries(expected))
          assert.match(headers.get(name) ?? '', value, route)
      }
    })
  })

  test('is not there while the config is wrong: it is said, and nobody is refused', async () => {
    const seen = await observe(
      'limited.cjs',
      async app => {
        await until(async () => (await runs(app)) !== undefined, 'the app')
        assert.deepEqual(await statuses(3, () => post(app)), [200, 200, 200])
      },
      {
        FRAMEWORK: 'express5',
        HOTPATH_CONFIG: configOf({ 'POST /orders': { limit: { rate: '1/fortnight' } } }),
      },
    )
    assert.match(seen.output, /"routes.POST \/orders.limit.rate" must be a rate such as '10\/s'/)
    assert.match(seen.output, /Nothing of the file holds/)
  })

  test('is not there where HOTPATH_LIMIT says off', async () => {
    const file = configOf({ 'POST /orders': { limit: { rate: '1/h' } } })
    await observe(
      'limited.cjs',
      async app => {
        await until(async () => (await runs(app)) !== undefined, 'the app')
        assert.deepEqual(await statuses(3, () => post(app)), [200, 200, 200])
      },
      { FRAMEWORK: 'express5', HOTPATH_CONFIG: file, HOTPATH_LIMIT: 'off' },
    )
  })

  test('by: user without an identify is an error of the config', async () => {
    const seen = await observe('limited.cjs', async app => void (await post(app)), {
      FRAMEWORK: 'express5',
      HOTPATH_CONFIG: configOf({ 'POST /orders': { limit: { rate: '1/h', by: 'user' } } }),
    })
    assert.match(
      seen.output,
      /limit.by" must be 'ip', 'key' or a function: 'user' needs an "identify"/,
    )
  })
})

describe('a throttle in the way of requests', () => {
  const throttled = { 'POST /orders': { throttle: { rate: '20/s', maxDelay: '300ms' } } }

  for (const framework of ['express5', 'fastify5', 'node'])
    test(`${framework}: what comes at once is spaced out, and what would wait too long refused`, async () => {
      const seen = await run(framework, throttled, async app => {
        const asked = Array.from({ length: 20 }, () => post(app))
        const answers = await comes(Promise.all(asked), 'all answers')
        const refused = answers.filter(({ status }) => status === 429)
        assert.ok(answers.some(({ status }) => status === 200))
        assert.ok(refused.length >= 5, String(refused.length))
        for (const { headers } of refused) assert.ok(Number(headers.get('retry-after')) >= 1)
      })
      const route = { 'http.route': '/orders' }
      const [allowed, delayed] = [limited(seen, 'allowed', route), limited(seen, 'delayed', route)]
      assert.ok(delayed >= 1 && delayed < allowed, `${delayed} of ${allowed}`)
      assert.equal(allowed + limited(seen, 'refused', { ...route, reason: 'delay' }), 20)
      assert.deepEqual(seen.errors, [])
    })

  test('in shadow delays nobody, and counts who would have been refused', async () => {
    const shadow = { throttle: { rate: '20/s', maxDelay: '100ms', mode: 'shadow' } }
    const seen = await run('express5', { 'POST /orders': shadow }, async app => {
      const asked = Array.from({ length: 20 }, () => post(app))
      const answers = await comes(Promise.all(asked), 'all answers')
      assert.ok(answers.every(({ status }) => status === 200))
    })
    assert.ok(limited(seen, 'shadow.refused', { reason: 'delay' }) > 0)
    assert.equal(limited(seen, 'delayed'), 0)
  })

  test('a client that leaves frees its place, and its handler does not run', async () => {
    const slow = { 'POST /orders': { throttle: { rate: '1/h', maxDelay: '10h', queue: 3 } } }
    await run('express5', slow, async app => {
      await post(app)
      const wait = (signal: AbortSignal) =>
        fetch(`${app.url}/orders`, { method: 'POST', signal }).then(
          ({ status }) => status,
          () => 'waited',
        )
      const leaving = new AbortController()
      const left = [1, 2, 3].map(() => wait(leaving.signal))
      const isFull = async () => (await wait(AbortSignal.timeout(100))) === 429
      await until(isFull, 'three to wait')
      leaving.abort()
      assert.deepEqual(await Promise.all(left), ['waited', 'waited', 'waited'])
      await until(async () => !(await isFull()), 'a place')
      assert.equal((await runs(app))['POST /orders'], 1)
    })
  })
})
