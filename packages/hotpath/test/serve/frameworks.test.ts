import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { observe, type Observation, type ObservedApp } from '../observed.js'
import { until } from './cached-server.js'

const folder = mkdtempSync(join(tmpdir(), 'hotpath-serve-'))
const config = join(folder, 'hotpath.config.json')
const cache = { ttl: '10m' }
writeFileSync(
  config,
  JSON.stringify({
    routes: { 'GET /menu': { cache }, 'GET /me': { cache }, 'GET /session': { cache } },
  }),
)
after(() => rmSync(folder, { recursive: true }))

const brief = join(folder, 'brief.config.json')
writeFileSync(
  brief,
  JSON.stringify({ routes: { 'GET /menu': { cache: { ttl: '400ms', stale: '10m' } } } }),
)

const run = (framework: string, use: (app: ObservedApp) => Promise<void>): Promise<Observation> =>
  observe('cached.cjs', use, { FRAMEWORK: framework, HOTPATH_CONFIG: config })

interface Got {
  readonly body: string
  readonly hit: boolean
  readonly headers: Headers
}

async function get(
  app: ObservedApp,
  path: string,
  headers: Record<string, string> = {},
): Promise<Got> {
  const response = await fetch(app.url + path, { headers })
  const hit = response.headers.get('cache-status')?.includes('hit') === true
  return { body: await response.text(), hit, headers: response.headers }
}

const runs = async (app: ObservedApp): Promise<Record<string, number>> =>
  JSON.parse((await get(app, '/runs')).body) as Record<string, number>

/** Of a caller that keeps its trace: so ours is kept. */
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

let client = 0
/** As the public comes: each with another browser. */
const someone = () => ({ 'user-agent': `browser ${++client}`, 'accept-language': `l${client % 3}` })

/** Asks until the policy has earned that it serves. */
async function learn(app: ObservedApp, path: string): Promise<void> {
  await until(async () => (await get(app, path, someone())).hit, `a hit of ${path}`)
}

for (const framework of ['node', 'express4', 'express5', 'fastify', 'koa', 'hono'])
  describe(framework, () => {
    test('a public route is cached, a private one never, and the console is told', async () => {
      const seen = await run(framework, async app => {
        const own = await get(app, '/menu')
        await learn(app, '/menu')
        const before = await runs(app)
        for (let n = 0; n < 10; n++) {
          const { body, hit, headers } = await get(app, '/menu', { ...someone(), traceparent })
          assert.equal(body, own.body)
          assert.ok(hit)
          for (const name of own.headers.keys()) assert.ok(headers.has(name), name)
        }
        assert.deepEqual(await runs(app), before, 'no handler ran')

        for (let n = 0; n < 30; n++) await get(app, '/me', someone())
        for (const cookie of ['ann', 'bob', 'ann']) {
          const { body, hit } = await get(app, '/me', { cookie })
          assert.equal(body, `user ${cookie}`)
          assert.equal(hit, false)
        }
      })
      assert.deepEqual(seen.errors, [])
      assert.equal(seen.code, 0)
      const route = { 'http.route': '/menu', 'hotpath.cache': 'hit' }
      assert.ok(seen.counted('http.server.request.duration', route) >= 10)
      const hits = seen.spans.filter(span => span.attributes['hotpath.cache'] === 'hit')
      assert.ok(hits.length > 0)
      assert.ok(hits.every(span => span.kind === 2 && span.name.startsWith('GET /me')))
    })

    test('a stale answer is made anew in the background, by a request that nobody sent', async () => {
      const seen = await observe(
        'cached.cjs',
        async app => {
          await learn(app, '/menu')
          const { body } = await get(app, '/menu')
          const before = (await runs(app))['/menu'] ?? 0
          await until(async () => {
            const answer = await get(app, '/menu')
            assert.ok(answer.hit)
            assert.equal(answer.body, body)
            return ((await runs(app))['/menu'] ?? 0) > before
          }, 'the refresh')
          // The answer that it made is kept: a fresh hit again.
          await until(
            async () => !/ttl=-/.test((await get(app, '/menu')).headers.get('cache-status') ?? '-'),
            'the new answer',
          )
        },
        { FRAMEWORK: framework, HOTPATH_CONFIG: brief },
      )
      assert.deepEqual(seen.errors, [])
      assert.equal(seen.code, 0)
    })
  })

for (const framework of ['express4', 'express5'])
  describe(`${framework} behind morgan, pino-http, helmet, cors, express-session and passport`, () => {
    test('an answer that begins a session is kept for nobody', async () => {
      const seen = await run(framework, async app => {
        await learn(app, '/menu')
        const cookies = new Set<string>()
        for (let n = 0; n < 30; n++) {
          const { hit, headers } = await get(app, '/session')
          assert.equal(hit, false)
          cookies.add(headers.get('set-cookie') ?? '')
        }
        assert.equal(cookies.size, 30)
      })
      assert.deepEqual(seen.errors, [])
    })

    test('a write to the route drops its answer', async () => {
      await run(framework, async app => {
        await learn(app, '/menu')
        const before = (await runs(app))['/menu'] ?? 0
        assert.equal((await fetch(`${app.url}/menu`, { method: 'POST' })).status, 201)
        assert.equal((await get(app, '/menu')).hit, false)
        assert.equal((await runs(app))['/menu'], before + 1)
      })
    })
  })

test('HOTPATH_CACHE=off turns it off', async () => {
  await observe(
    'cached.cjs',
    async app => {
      for (let n = 0; n < 40; n++) assert.equal((await get(app, '/menu')).hit, false)
    },
    { FRAMEWORK: 'node', HOTPATH_CONFIG: config, HOTPATH_CACHE: 'off' },
  )
})
