import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { observe } from './observed.js'

/** Path, route, status; a path with `!` is refused by a hook before there is a handler. */
const requests: readonly (readonly [string, string | null, number])[] = [
  ['/', '/', 200],
  ['/users/42?secret=1', '/users/:id', 200],
  ['/users/42!', '/users/:id', 401],
  ['/files/a/b', '/files/*', 200],
  ['/shop/7/orders/8', '/shop/:sid/orders/:oid', 200],
  ['/shop/7/fails', '/shop/:sid/fails', 500],
  ['/shop/7/nothing', null, 404],
  ['/nothing', null, 404],
  ['/nothing!', null, 401],
]

describe('the routes of Fastify', () => {
  for (const file of ['fastify-app.cjs', 'fastify-app.mjs']) {
    test(file, async () => {
      const { spans, errors, code } = await observe(file, async app => {
        for (const [path] of requests) {
          const headers = path.endsWith('!') ? { 'x-refuse': '1' } : {}
          await (await fetch(app.url + path.replace('!', ''), { headers })).text()
        }
      })
      const seen = spans
        .filter(({ kind }) => kind === 2)
        .sort((a, b) => (a.startNs < b.startNs ? -1 : 1))
        .map(({ attributes: { 'http.route': route, 'http.response.status_code': status } }) => [
          route ?? null,
          status,
        ])
      assert.deepEqual(
        seen,
        requests.map(([, route, status]) => [route, status]),
      )
      assert.deepEqual([errors, code], [[], 0])
    })
  }
})

describe('how long an answer of Fastify took to be put into bytes', () => {
  for (const file of ['fastify-app.cjs', 'fastify4-app.cjs'])
    test(file, async () => {
      const { spans, errors, code } = await observe(file, async app => {
        for (const path of ['writes', 'compiled', 'prepares', 'waits', 'text'])
          await (await fetch(`${app.url}/${path}`)).text()
      })
      const ms = new Map(
        spans
          .filter(({ kind }) => kind === 2)
          .map(({ attributes }) => [
            String(attributes['http.route']),
            attributes['hotpath.answer.serialised_ms'],
          ]),
      )
      assert.ok(Number(ms.get('/writes')) >= 19.5, `${String(ms.get('/writes'))} ms`)
      assert.ok(Number(ms.get('/compiled')) >= 19.5, `${String(ms.get('/compiled'))} ms`)
      assert.ok(Number(ms.get('/prepares')) < 500, 'hooks are none of it')
      assert.deepEqual([ms.get('/waits'), ms.get('/text')], [undefined, undefined])
      assert.deepEqual([errors, code], [[], 0])
    })
})
