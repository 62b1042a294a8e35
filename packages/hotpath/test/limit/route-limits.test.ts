import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import { RouteLimits } from '../../dist/limit/route-limits.js'

/** As a gate and a router see them: without a server. */
const message = (url: string): [IncomingMessage, ServerResponse] => [
  { method: 'GET', url, headers: {}, socket: { remoteAddress: '192.0.2.7' } } as never,
  new EventEmitter() as ServerResponse,
]

function limitsOf(asking: readonly string[]) {
  const counted = new Map<string, number>()
  let hand = () => {}
  const host = {
    caught: (where: string) => assert.fail(where),
    count: (name: string, _: string, __: object, n: number) =>
      void counted.set(name, (counted.get(name) ?? 0) + n),
    beforeCounts: (given: () => void) => void (hand = given),
  }
  const routers = {
    isAskingRoute: (template: string) => asking.includes(template),
    askingRoutes: () => asking.length,
  }
  const config = { routes: { 'GET /menu': { limit: { rate: '100/h' } } } }
  const limits = new RouteLimits(config, host, routers, { now: () => 0, origin: 0 })
  const allowed = () => {
    hand()
    return counted.get('allowed') ?? 0
  }
  return { limits, allowed }
}

const turn = { go() {}, refuse() {}, tell() {} }

test('a request is charged once, by its path or by the router that finds its route', () => {
  const { limits, allowed } = limitsOf([])
  const [request, response] = message('/menu')
  const limit = limits.atGate(request)
  assert.ok(limit !== undefined)
  assert.equal(limits.hold(limit, request, response, turn.go), false)
  assert.equal(limits.reached('/menu', request, response, turn), false)
  assert.equal(allowed(), 1)
  const [second] = message('/MENU')
  assert.equal(limits.atGate(second), undefined, 'a router asks: the path is not asked any more')
})

test('where a router asks, the path is not asked', () => {
  const { limits, allowed } = limitsOf(['/menu'])
  const [request, response] = message('/menu')
  assert.equal(limits.atGate(request), undefined)
  limits.reached('/elsewhere', request, response, turn)
  assert.equal(allowed(), 0)
  limits.reached('/menu', request, response, turn)
  assert.equal(allowed(), 1)
})

test('where none does, the path is asked however it is spelt', () => {
  const { limits } = limitsOf([])
  const spelt = [
    '/menu',
    '/MENU/',
    '//menu?a=1',
    '/%6denu',
    '/x/../menu',
    '/x/%2e%2e/menu',
    '/menu#top',
    '/\\menu',
    'http://127.0.0.1/menu',
  ]
  for (const url of spelt) assert.ok(limits.atGate(message(url)[0]) !== undefined, url)
  for (const url of ['/', '/menus', '/menu/1', '/%zz', '*'])
    assert.equal(limits.atGate(message(url)[0]), undefined, url)
})
