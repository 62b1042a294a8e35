import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { get as rawGet } from 'node:http'
import type { Config } from 'hotpath/config'
import { limit } from 'hotpath/limit'
import { nginxConfig } from '../../dist/export/edge/nginx.js'
import { edgePlan } from '../../dist/export/edge/plan.js'
import { nginxMissing, withNginx } from './nginx-server.js'

const skip = nginxMissing()

/** Requests that reached the app. */
const runs: string[] = []
let hold: Promise<void> | undefined
const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  runs.push(`${request.method} ${request.url}`)
  if (hold !== undefined) await hold
  let bytes = 0
  for await (const chunk of request) bytes += (chunk as Buffer).length
  response.setHeader('content-type', 'application/json')
  response.end(
    JSON.stringify({ bytes, from: request.headers['x-forwarded-for'], text: 'x'.repeat(2_000) }),
  )
}
let app: Server
let upstream = ''
before(async () => {
  app = createServer((request, response) => void handle(request, response))
  await new Promise<void>(resolve => app.listen(0, '127.0.0.1', resolve))
  upstream = `127.0.0.1:${(app.address() as AddressInfo).port}`
})
after(() => {
  app.closeAllConnections()
  app.close()
})

const behind = <T>(
  config: Config,
  use: (url: string, notes: string[]) => Promise<T>,
): Promise<T> => {
  const plan = edgePlan({ service: 'shop', ...config })
  let notes: string[] = []
  return withNginx(
    place => {
      const written = nginxConfig(plan, { ...place, upstream })
      notes = written.notes.map(({ route, key }) => `${route} ${key}`.trim())
      return written.text
    },
    url => use(url, notes),
  )
}
const ask = (url: string, options: RequestInit = {}): Promise<Response> =>
  fetch(url, { ...options, signal: AbortSignal.timeout(10_000) })
const statuses = async (url: string, n: number, options: RequestInit = {}): Promise<number[]> => {
  const got: number[] = []
  for (let at = 0; at < n; at++) got.push((await ask(url, options)).status)
  return got
}

describe('nginx, as the config says it', { skip }, () => {
  test('allows and refuses the same requests as the app itself would', async () => {
    // At rates so low that none comes back while the test runs.
    for (const [rate, burst] of [
      ['5/m', undefined],
      ['2/m', 7],
      ['1/m', 1],
    ] as const) {
      const policy = { rate, ...(burst === undefined ? {} : { burst }) }
      const own = limit(policy)
      const expected: number[] = []
      for (let at = 0; at < 10; at++)
        expected.push((await own.take('somebody')).allowed ? 200 : 429)
      await behind({ routes: { 'GET /menu': { limit: policy } } }, async url => {
        assert.deepEqual(await statuses(`${url}/menu`, 10), expected, rate)
        // Others are not counted, neither are other methods.
        assert.equal((await ask(`${url}/other`)).status, 200)
        assert.equal((await ask(`${url}/menu`, { method: 'POST' })).status, 200)
        // All spellings that some router takes.
        for (const path of ['/menu/', '/MENU', '//menu', '/%6denu'])
          assert.equal((await ask(url + path)).status, 429, path)
      })
    }
  })

  test('holds for each method of a path, and * for those that have nothing of their own', () =>
    behind(
      {
        routes: {
          'GET /menu': { cache: { ttl: '1h' }, limit: { rate: '3/m' } },
          'POST /menu': { limit: { rate: '2/m' } },
          'GET /menu/*': { limit: { rate: '100/m' } },
          'GET /menu/:id': { limit: { rate: '1/m' } },
          'GET /plain': { cache: { ttl: '1h' } },
          '*': { limit: { rate: '4/m' }, bodyLimit: '1kb' },
        },
      },
      async url => {
        const allowed = async (path: string, method: string): Promise<number> =>
          (await statuses(url + path, 6, { method })).filter(status => status === 200).length
        assert.equal(await allowed('/menu', 'GET'), 3)
        assert.equal(await allowed('/menu', 'POST'), 2)
        assert.equal(await allowed('/menu/7', 'GET'), 1, 'by the narrower of two patterns')
        const body = 'x'.repeat(1_025)
        assert.equal((await ask(`${url}/plain`, { method: 'PUT', body })).status, 413)
        assert.equal(await allowed('/menu', 'PUT'), 4)
        assert.equal(await allowed('/plain', 'GET'), 0)
        assert.equal(await allowed('/other', 'GET'), 0)
      },
    ))

  test('says why as the app does', () =>
    behind({ routes: { 'GET /menu': { limit: { rate: '1/m' } } } }, async url => {
      await ask(`${url}/menu`)
      const refused = await ask(`${url}/menu`)
      assert.equal(refused.status, 429)
      assert.equal(refused.headers.get('content-type'), 'application/problem+json')
      assert.equal(refused.headers.get('retry-after'), '60')
      assert.deepEqual(await refused.json(), {
        type: 'about:blank',
        title: 'Too Many Requests',
        status: 429,
      })
    }))

  test('holds several rates at once, and counts keys one by one', () =>
    behind(
      {
        routes: {
          'POST /orders': { limit: { rate: ['20/m', '600/h'], by: 'key', burst: [3, 9] } },
        },
      },
      async url => {
        const of = (key: string): RequestInit => ({ method: 'POST', headers: { 'x-api-key': key } })
        const allowed = (list: number[]): number => list.filter(status => status === 200).length
        assert.equal(allowed(await statuses(`${url}/orders`, 6, of('ann'))), 3)
        assert.equal(allowed(await statuses(`${url}/orders`, 6, of('bob'))), 3)
        // Who sends none counts by its address.
        assert.equal(allowed(await statuses(`${url}/orders`, 6, { method: 'POST' })), 3)
      },
    ))

  test('believes the proxies that the config trusts, and nobody else', async () => {
    const routes = { 'GET /menu': { limit: { rate: '1/m' } } } as const
    const from = (address: string): RequestInit => ({ headers: { 'x-forwarded-for': address } })
    await behind({ routes, trustProxy: 'loopback' }, async url => {
      assert.equal((await ask(`${url}/menu`, from('203.0.113.1'))).status, 200)
      assert.equal((await ask(`${url}/menu`, from('6.6.6.6, 203.0.113.1'))).status, 429)
      assert.equal((await ask(`${url}/menu`, from('203.0.113.2'))).status, 200)
    })
    await behind({ routes }, async url => {
      assert.equal((await ask(`${url}/menu`, from('203.0.113.1'))).status, 200)
      assert.equal((await ask(`${url}/menu`, from('203.0.113.2'))).status, 429)
    })
  })

  test('lets so many in at once, and bodies of so many bytes', () =>
    behind(
      { routes: { 'GET /slow': { concurrency: 2 }, 'POST /orders': { bodyLimit: '1kb' } } },
      async url => {
        let open = (): void => {}
        hold = new Promise(resolve => (open = resolve))
        const before = runs.length
        const first = [ask(`${url}/slow`), ask(`${url}/slow`)]
        while (runs.length < before + 2) await new Promise(resolve => setTimeout(resolve, 5))
        const third = await ask(`${url}/slow`)
        assert.equal(third.status, 503)
        assert.equal(third.headers.get('content-type'), 'application/problem+json')
        assert.equal(third.headers.get('retry-after'), '1')
        open()
        hold = undefined
        for (const answer of await Promise.all(first)) assert.equal(answer.status, 200)
        const post = (bytes: number): Promise<Response> =>
          ask(`${url}/orders`, { method: 'POST', body: 'x'.repeat(bytes) })
        assert.equal((await post(1_024)).status, 200)
        assert.equal((await post(1_025)).status, 413)
        // Without a limit any length, as in Node.
        const long = await ask(`${url}/other`, { method: 'POST', body: 'x'.repeat(3_000_000) })
        assert.equal(long.status, 200)
      },
    ))

  test('keeps answers, none of whoever shows a credential, and compresses', () =>
    behind({ routes: { 'GET /menu': { cache: { ttl: '1h' } } } }, async url => {
      const before = runs.length
      for (let n = 0; n < 5; n++) assert.equal((await ask(`${url}/menu`)).status, 200)
      assert.equal(runs.length, before + 1)
      await ask(`${url}/menu?page=2`)
      assert.equal(runs.length, before + 2)
      const as = (user: string): Promise<Response> =>
        ask(`${url}/menu`, { headers: { authorization: user } })
      await as('ann')
      await as('bob')
      assert.equal(runs.length, before + 4)
      const body = await new Promise<Buffer>((resolve, reject) => {
        rawGet(`${url}/menu`, { headers: { 'accept-encoding': 'gzip' } }, response => {
          assert.equal(response.headers['content-encoding'], 'gzip')
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('end', () => resolve(Buffer.concat(chunks)))
        }).on('error', reject)
      })
      assert.equal(JSON.parse(String(gunzipSync(body))).bytes, 0)
    }))

  test('slows down what comes faster, and lets all of it through', () =>
    behind(
      { routes: { 'GET /search': { throttle: { rate: '50/s', maxDelay: '2s' } } } },
      async url => {
        const answers = await Promise.all(Array.from({ length: 10 }, () => ask(`${url}/search`)))
        for (const { status } of answers) assert.equal(status, 200)
      },
    ))

  test('is told what it cannot do, and takes what is left', () =>
    behind(
      {
        shed: { loopDelay: '200ms' },
        routes: {
          'GET /a': { limit: { rate: '100/h' }, priority: 'high' },
          'GET /b': { limit: { rate: '1/d' } },
          'GET /c': { limit: { rate: '5/s', by: () => 'x', tiers: { pro: '9/s' } } },
          'GET /d/:id': {
            concurrency: 'adaptive',
            cache: { ttl: '1m', stale: '1h', tags: ['menu'] },
          },
          '*': { limit: { rate: '9/s', algorithm: 'sliding-window' } },
        },
      },
      async (url, notes) => {
        for (const path of ['/a', '/b', '/c', '/d/1', '/e'])
          assert.equal((await ask(url + path)).status, 200)
        assert.deepEqual(notes.toSorted(), [
          '* limit.algorithm',
          'GET /a limit.rate',
          'GET /a priority',
          'GET /b limit.rate',
          'GET /c limit.by',
          'GET /d/:id cache.stale',
          'GET /d/:id cache.tags',
          'GET /d/:id cache.ttl',
          'GET /d/:id concurrency',
          'ipv6Prefix',
          'shed',
        ])
      },
    ))
})
