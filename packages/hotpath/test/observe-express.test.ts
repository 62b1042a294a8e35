import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { observe } from './observed.js'

/** Request, route; null where none has it. */
const requests: readonly (readonly [string, string | null])[] = [
  ['GET /', '/'],
  ['GET /users/42?secret=1', '/users/:id'],
  ['HEAD /users/42', '/users/:id'],
  ['GET /USERS/42/', '/users/:id'],
  ['GET /users/42/card', '/users/:id/card'],
  ['PUT /users/42/card', '/users/:id/card'],
  ['POST /users/42', null],
  ['GET /tea/green', '/tea/:leaf'],
  ['GET /coffee/arabica', '/coffee/:bean'],
  ['GET /r66', '/^\\/r(\\d+)$/'],
  ['DELETE /any/1', '/any/:thing'],
  ['GET /files/a/b', '/files/*rest'],
  ['GET /both/1', '/both/:c'],
  ['GET /after/1', '/after/:id'],
  ['GET /shop/7/orders', '/shop/:uid/orders'],
  ['GET /shop/7/orders/8', '/shop/:uid/orders/:oid'],
  ['GET /Shop/7/Orders/8/', '/shop/:uid/orders/:oid'],
  ['GET /shop/7/orders/8/fails', '/shop/:uid/orders/:oid/fails'],
  ['GET /shop/list', '/shop/list/'],
  ['GET /shop/nothing', null],
  ['GET /bare', '/bare'],
  ['GET /old/2/7/orders/8', '/old/:v/:uid/orders/:oid'],
  ['GET /older/7/orders/8', '/older/:uid/orders/:oid'],
  ['GET /admin/stats/monday', '/admin/stats/:day'],
  ['GET /admin/nothing', null],
  ['POST /graphql', '/graphql'],
  ['GET /guarded/thing', '/guarded'],
  ['GET /guarded/thing?key=1', null],
  ['GET /fails/1', '/fails/:id'],
  ['GET /nothing/at/all', null],
  ['GET /%E0%A4%A', null],
]

describe('the routes of Express', () => {
  for (const major of ['4', '5']) {
    for (const file of ['express.cjs', 'express.mjs']) {
      test(`Express ${major}, ${file}`, async () => {
        const { spans, errors, code, output } = await observe(
          file,
          async app => {
            for (const [request] of requests) {
              const [method = '', path] = request.split(' ')
              await (await fetch(app.url + path, { method })).text()
            }
          },
          { EXPRESS: major },
        )
        const routes = spans
          .filter(({ kind }) => kind === 2)
          .sort((a, b) => (a.startNs < b.startNs ? -1 : 1))
          .map(({ attributes }) => attributes['http.route'] ?? null)
        const expected = requests.map(([request, route]) => [
          request,
          major === '4' ? (route?.replace('*rest', '*') ?? null) : route,
        ])
        assert.deepEqual(
          requests.map(([request], index) => [request, routes[index] ?? null]),
          expected,
        )
        assert.ok(spans.every(({ attributes }) => attributes['hotpath.route.guessed'] !== true))
        assert.deepEqual([errors, code, output.includes('hotpath')], [[], 0, false])
      })
    }
  }
})
