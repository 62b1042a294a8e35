import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { observe } from '../observed.js'
import { comes, until } from './cached-server.js'

const folder = mkdtempSync(join(tmpdir(), 'hotpath-crowd-'))
const config = join(folder, 'hotpath.config.json')
writeFileSync(
  config,
  JSON.stringify({
    shed: { loopDelay: '10s' },
    routes: {
      'GET /slow': { concurrency: { limit: 2, queue: 1, queueTime: '20s' } },
      'POST /ready': { bodyLimit: '1b' },
    },
  }),
)
after(() => rmSync(folder, { recursive: true }))

for (const framework of ['node', 'express', 'fastify', 'koa', 'hono'])
  test(`${framework}: so many are in the handler at once, and the console is told`, async () => {
    const seen = await observe(
      'crowded.cjs',
      async app => {
        const ask = (path: string): Promise<Response> => fetch(app.url + path)
        const length = async (): Promise<string> => (await ask('/length')).text()
        // The stages are there once the config has been read: then they refuse this.
        await until(async () => {
          const answer = await fetch(`${app.url}/ready`, { method: 'POST', body: 'long' })
          return answer.status === 413
        }, 'the stages')
        const first = [ask('/slow'), ask('/slow')]
        await until(async () => (await length()) === '2', 'two in the handler')
        const third = ask('/slow')
        // Whichever of the two comes first waits, the other is sent away.
        const fourth = ask('/slow')
        const refused = await comes(Promise.race([third, fourth]), 'a refusal')
        assert.equal(refused.status, 503)
        assert.equal(refused.headers.get('content-type'), 'application/problem+json')
        assert.equal(await length(), '2')
        await ask('/open')
        await until(async () => (await length()) === '1', 'who waited')
        await ask('/open')
        const statuses = await Promise.all([...first, third, fourth])
        assert.deepEqual(statuses.map(({ status }) => status).sort(), [200, 200, 200, 503])
      },
      { FRAMEWORK: framework, HOTPATH_CONFIG: config },
    )
    assert.equal(seen.code, 0)
    assert.deepEqual(seen.errors, [])
    const of = { 'http.request.method': 'GET', 'http.route': '/slow' }
    const refused = (reason: string): number =>
      seen.summed('hotpath.concurrency.refused', { ...of, reason })
    // On a busy machine the first has waited for 100 ms by then: that is a crowd, and the newer one takes its place.
    assert.equal(refused('full') + refused('displaced'), 1)
  })

test('a server that answers by itself what expects 100-continue is looked after, too', async () => {
  const seen = await observe(
    'expectations.cjs',
    async app => {
      const ask = (headers: Record<string, string>): Promise<number | undefined> =>
        new Promise((resolve, reject) => {
          const asked = request(`${app.url}/ready`, { method: 'POST', headers }, answer => {
            answer.resume()
            resolve(answer.statusCode)
          })
          asked.on('error', reject).end('long')
        })
      const length = { 'Content-Length': '4' }
      await until(async () => (await ask(length)) === 413, 'the stages')
      assert.equal(await ask({ ...length, Expect: '100-continue' }), 413)
      assert.equal(await ask({ ...length, Expect: 'more' }), 413)

      const waiting = async (): Promise<string> => (await fetch(`${app.url}/length`)).text()
      const slow = (): Promise<number | undefined> =>
        new Promise((resolve, reject) => {
          const headers = { Expect: '100-continue' }
          const asked = request(`${app.url}/slow`, { headers, agent: false }, answer => {
            answer.resume()
            resolve(answer.statusCode)
          })
          asked.on('error', reject).end()
        })
      const first = [slow(), slow()]
      await until(async () => (await waiting()) === '2', 'two with a place')
      const more = [slow(), slow()]
      assert.equal(await comes(Promise.race(more), 'a refusal'), 503)
      assert.equal(await waiting(), '2')
      await fetch(`${app.url}/open`)
      await until(async () => (await waiting()) === '1', 'who waited')
      await fetch(`${app.url}/open`)
      const statuses = await Promise.all([...first, ...more])
      assert.deepEqual(statuses.toSorted(), [200, 200, 200, 503])
    },
    { HOTPATH_CONFIG: config },
  )
  assert.deepEqual(seen.errors, [])
})
