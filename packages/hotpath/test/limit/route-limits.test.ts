import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, test } from 'node:test'
import { setImmediate as read } from 'node:timers/promises'
import { verified } from 'hotpath/identity'
import type { RoutePolicies } from '../../dist/config/route-policies.js'
import { RouteLimit } from '../../dist/limit/route-limit.js'
import { RouteLimits } from '../../dist/limit/route-limits.js'
import type { WhoSettings } from '../../dist/limit/who.js'

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

describe('a request that a limit has room for', () => {
  const host = { caught: () => assert.fail(), count() {}, beforeCounts() {} }
  const clock = { now: () => 0, origin: 0 }

  /** What became of so many requests of one address at once. */
  function asked(n: number, policies: RoutePolicies, identify?: WhoSettings['identify']) {
    const limit = new RouteLimit('GET /menu', policies, host, { identify }, clock, () => () => {})
    const seen = { passed: 0, refused: 0, waiting: 0, told: 0 }
    for (let at = 0; at < n; at++) {
      const [request, response] = message('/menu')
      const refuse = () => void seen.refused++
      const tell = () => void seen.told++
      const before = seen.refused
      if (!limit.hold(request, response, { ...turn, refuse, tell }, request)) seen.passed++
      else if (seen.refused === before) seen.waiting++
    }
    return seen
  }

  test('passes without a word, and the next is refused', () => {
    const seen = asked(5, { limit: { rate: '3/h' } })
    assert.deepEqual(seen, { passed: 3, refused: 2, waiting: 0, told: 0 })
  })

  test('is told what is left where the config says so', () => {
    const seen = asked(5, { limit: { rate: '3/h', headers: 'always' } })
    assert.deepEqual(seen, { passed: 3, refused: 2, waiting: 0, told: 3 })
  })

  test('has the throttle of the route still before it', () => {
    const throttle = { rate: '1/s', maxDelay: '1m' } as const
    const seen = asked(5, { limit: { rate: '3/h' }, throttle })
    assert.deepEqual(seen, { passed: 1, refused: 2, waiting: 2, told: 0 })
  })

  test('is of the plan of who sent it', () => {
    const identify = verified(() => ({ key: 'ann', plan: 'pro' })) as WhoSettings['identify']
    const seen = asked(5, { limit: { rate: '3/h', by: 'user', tiers: { pro: '4/h' } } }, identify)
    assert.deepEqual(seen, { passed: 4, refused: 1, waiting: 0, told: 0 })
  })
})

describe('a throttle whose function says later whose request it is', () => {
  /** Requests of one address, by who sent them; gives the order in which they went. */
  async function throttled(users: readonly string[], gone: readonly number[] = []) {
    let nowMs = 0
    let due: (() => void) | undefined
    const wait = (_: number, run: () => void) => {
      due = run
      return () => void (due = undefined)
    }
    const host = { caught: () => assert.fail(), count() {}, beforeCounts() {} }
    const by = async ({ headers }: IncomingMessage) => String(headers['x-user'])
    const clock = { now: () => nowMs, origin: 0 }
    const policies = { throttle: { rate: '1/s', maxDelay: '1m', by } } as const
    const limit = new RouteLimit('GET /menu', policies, host, {}, clock, wait)
    const went: string[] = []
    for (const [at, user] of users.entries()) {
      const [request, response] = message('/menu')
      request.headers['x-user'] = user
      const go = () => void went.push(`${user}${at}`)
      assert.equal(limit.hold(request, response, { ...turn, go }, request), true)
      if (gone.includes(at)) Object.assign(response, { destroyed: true })
    }
    for (let turns = 0; turns <= users.length; turns++) {
      await read()
      nowMs += 1000
      due?.()
    }
    return went
  }

  test('gives each client its turn, though all have one address', async () => {
    const went = await throttled(['ann', 'ann', 'ann', 'bob'])
    assert.deepEqual(went, ['ann0', 'ann1', 'bob3', 'ann2'])
  })

  test('passes over who left meanwhile', async () => {
    assert.deepEqual(await throttled(['ann', 'bob', 'cid'], [0, 1]), ['cid2'])
  })
})
