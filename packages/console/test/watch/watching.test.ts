import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Finding } from '../../dist/model.js'
import { times } from '../store-of.js'
import { checkPagerduty, checkSlack, checkWebhook } from './forms.js'
import { Receiver } from './receiver.js'
import { console, routingKey, secret, Watched, type WatchedOptions } from './watched.js'

const fast = { ms: times(20, 50) }
const slow = { ms: times(20, 400) }
/** Under the bound, but not clearly. */
const nearly = { ms: times(20, 195) }
const slowMenu = { 'slow menu': { route: 'GET /menu', average: '200ms', for: '1m' } }

const finding: Finding = {
  id: '3fa91c20',
  kind: 'n-plus-one',
  about: 'statement',
  service: 'shop',
  route: 'GET /menu',
  subject: 'select name from dishes where id = $1',
  title: '200 queries in a loop',
  where: { file: 'src/menu.ts', line: 42 },
  evidence: { requests: 20, of: 20, sentences: [], traces: [], calls: 200 },
  cost: { msPerRequest: 300, share: 0.8, totalMs: 30_000, counted: 100 },
  fixes: [{ kind: 'sql', title: 'One statement for the whole loop', text: '' }],
  status: 'open',
}

/** A watcher whose messages come to a signed webhook. */
async function watching(
  options: Omit<WatchedOptions, 'notify'>,
  use: (watched: Watched, receiver: Receiver) => Promise<void>,
): Promise<void> {
  await using receiver = await Receiver.start()
  const notify = { ours: { webhook: receiver.url, secret } }
  await Watched.with({ ...options, notify }, watched => use(watched, receiver))
}

const kinds = ({ received }: Receiver): unknown[] => received.map(({ json }) => json['type'])
interface Data {
  readonly firing: number
  readonly more: number
  readonly episode: string
  readonly alerts: readonly Record<string, unknown>[]
}
const dataOf = (receiver: Receiver, i: number): Data => receiver.received[i]?.json['data'] as Data

describe('an alert', () => {
  test('is pending, fires after its time, resolves after its time, and is told of both once', () =>
    watching({ alerts: slowMenu }, async (watched, receiver) => {
      await watched.steps(6, fast)
      assert.deepEqual(watched.states(), { 'GET /menu': 'inactive' })
      await watched.step(slow)
      await watched.step(slow)
      assert.deepEqual(watched.states(), { 'GET /menu': 'pending' })
      await watched.steps(4, slow)
      assert.deepEqual([watched.states()['GET /menu'], kinds(receiver)], ['pending', []])
      await watched.steps(2, slow)
      assert.deepEqual(watched.states(), { 'GET /menu': 'firing' })
      await watched.minutes(5, slow)
      assert.deepEqual(kinds(receiver), ['alert.firing'])
      await watched.steps(7, fast)
      assert.deepEqual(watched.states(), { 'GET /menu': 'firing' })
      await watched.step(fast)
      assert.deepEqual(watched.states(), { 'GET /menu': 'resolved' })
      await watched.minutes(5, fast)
      assert.deepEqual(kinds(receiver), ['alert.firing', 'alert.resolved'])
      await watched.pass(3_600_000)
      await watched.step(fast)
      assert.deepEqual(watched.states(), { 'GET /menu': 'inactive' })
    }))

  test('carries route, figures, bound, the top finding and a link', async () => {
    await using slack = await Receiver.start()
    await using pagerduty = await Receiver.start({ status: 202, text: '{"status":"success"}' })
    await using ours = await Receiver.start()
    const notify = {
      slack: { slack: () => slack.url },
      oncall: { pagerduty: () => routingKey, endpoint: pagerduty.url },
      ours: { webhook: ours.url, secret: () => secret },
    }
    await Watched.with({ alerts: slowMenu, notify, findings: [finding] }, async watched => {
      await watched.steps(8, slow)
      const text = checkSlack(only(slack), console).replaceAll('\u2009', ' ')
      for (const part of [
        'Firing: slow menu: GET /menu',
        '`GET /menu` of `shop`',
        'average 400 ms, bound 200 ms, 60 requests',
        '200 queries in a loop, src/menu.ts:42',
        `<${console}/routes/GET%20%2Fmenu?service=shop&since=`,
      ])
        assert.ok(text.includes(part), `${part} in ${text}`)
      const event = checkPagerduty(only(pagerduty), routingKey)
      assert.deepEqual(
        [event['event_action'], event['client_url'], (event['links'] as object[]).length],
        ['trigger', console, 1],
      )
      const { custom_details: details, severity } = event['payload'] as Record<string, unknown>
      assert.equal(severity, 'error')
      assert.match(JSON.stringify(details), /"route":"GET \/menu".*200 queries in a loop/)
      const { data } = checkWebhook(only(ours), secret, watched.nowMs - 10_000) as { data: Data }
      const [line] = data.alerts
      assert.deepEqual(
        [line?.['state'], line?.['route'], line?.['bound'], line?.['requests']],
        ['firing', 'GET /menu', 200, 60],
      )
      assert.ok(Math.abs(Number(line?.['value']) - 400) < 1e-6)
      await watched.steps(12, fast)
      checkSlack(slack.received[1] ?? fail(), console)
      checkWebhook(ours.received[1] ?? fail(), secret, watched.nowMs - 40_000)
      const end = checkPagerduty(pagerduty.received[1] ?? fail(), routingKey)
      assert.deepEqual([end['event_action'], end['dedup_key']], ['resolve', event['dedup_key']])
    })
  })

  test('does not fire for one odd request, however slow', () =>
    watching({ alerts: slowMenu }, async (watched, receiver) => {
      await watched.steps(6, fast)
      await watched.step({ ms: [...times(19, 50), 60_000] })
      await watched.steps(12, fast)
      assert.deepEqual(kinds(receiver), [])
    }))

  test('does not flap around its bound: it ends only when it is clearly under it', () =>
    watching({ alerts: slowMenu }, async (watched, receiver) => {
      await watched.steps(8, slow)
      for (let i = 0; i < 20; i++) await watched.step(i % 2 === 0 ? nearly : { ms: times(20, 210) })
      await watched.minutes(4, nearly)
      assert.deepEqual(watched.states(), { 'GET /menu': 'firing' })
      assert.deepEqual(kinds(receiver), ['alert.firing'])
    }))

  test('says nothing with less than its minimum of traffic', () =>
    watching(
      { alerts: { few: { route: '*', p95: '200ms', for: '1m', minRequests: 61 } } },
      async (watched, receiver) => {
        await watched.minutes(3, slow)
        assert.deepEqual(watched.states(), { 'GET /menu': 'inactive' })
        await watched.minutes(2, { ms: times(21, 400) })
        assert.deepEqual(kinds(receiver), ['alert.firing'])
      },
    ))

  test('fires for exporters that report once a minute', () =>
    watching({ alerts: slowMenu }, async (watched, receiver) => {
      for (let minute = 0; minute < 3; minute++) {
        await watched.step({ ms: times(60, 400) })
        await watched.steps(5)
      }
      assert.deepEqual(kinds(receiver), ['alert.firing'])
    }))

  test('stays when nobody asks any more, and ends in the end, saying why', () =>
    watching({ alerts: slowMenu }, async (watched, receiver) => {
      await watched.steps(8, slow)
      await watched.minutes(15)
      assert.deepEqual(watched.states(), { 'GET /menu': 'firing' })
      await watched.minutes(1)
      assert.deepEqual(kinds(receiver), ['alert.firing', 'alert.resolved'])
      assert.equal(dataOf(receiver, 1).alerts[0]?.['reason'], 'quiet')
    }))

  test('that is pending begins anew after a time in which nobody watched', () =>
    watching({ alerts: slowMenu }, async watched => {
      await watched.steps(3, slow)
      // A laptop that sleeps for an hour: what was slow before says nothing of now.
      watched.nowMs += 3_600_000
      const wokenMs = watched.nowMs
      await watched.record(13, slow)
      await watched.look()
      const [alert] = watched.watcher.alerts()
      assert.equal(alert?.state?.state, 'firing')
      assert.ok((alert.state.beganMs ?? 0) > wokenMs - 15_000)
    }))

  test('is repeated when a reminder is asked for, and only then', () =>
    watching(
      { alerts: { slow: { route: 'GET /menu', average: '200ms', remind: '5m' } } },
      async (watched, receiver) => {
        await watched.steps(8, slow)
        await watched.minutes(11, slow)
        assert.deepEqual(kinds(receiver), ['alert.firing', 'alert.reminder', 'alert.reminder'])
      },
    ))
})

describe('many alerts', () => {
  test('at once are one message with a list, and one incident', async () => {
    await using slack = await Receiver.start()
    await using pagerduty = await Receiver.start({ status: 202 })
    const alerts = { 'slow routes': { route: '*', p95: '200ms', for: '1m' } }
    const notify = {
      slack: { slack: slack.url },
      oncall: { pagerduty: routingKey, endpoint: pagerduty.url },
    }
    await Watched.with({ alerts, notify }, async watched => {
      const load = (n: number, ms: number) =>
        Array.from({ length: n }, (_, i) => ({ ms: times(20, ms), route: `/r${i}` }))
      await watched.record(7, ...load(50, 400))
      await watched.look()
      // One more follows a little later: it waits for the minute to be over.
      const late = { ms: times(20, 400), route: '/late' }
      await watched.minutes(3, ...load(50, 400), late)
      assert.equal(slack.received.length, 2)
      const text = checkSlack(slack.received[0] ?? fail(), console)
      assert.match(text, /Firing: slow routes: 50 alerts/)
      assert.match(text, /and 30 more alerts/)
      assert.match(checkSlack(slack.received[1] ?? fail(), console), /GET \/late/)
      await watched.minutes(2, ...load(50, 50), late)
      assert.match(
        checkSlack(slack.received[2] ?? fail(), console),
        /Partly resolved: slow routes: 50 alerts, 1 still fires/,
      )
      await watched.minutes(3, ...load(50, 50), { ...late, ms: times(20, 50) })
      const events = pagerduty.received.map(received => checkPagerduty(received, routingKey))
      assert.deepEqual(
        events.map(event => event['event_action']),
        ['trigger', 'trigger', 'trigger', 'resolve'],
      )
      assert.equal(new Set(events.map(event => event['dedup_key'])).size, 1)
    })
  })

  test('one after another are told at once and then once a minute', () =>
    watching(
      { alerts: { each: { route: '*', average: '200ms', for: '20s' } } },
      async (watched, receiver) => {
        for (let n = 1; n <= 8; n++)
          await watched.step(...Array.from({ length: n }, (_, i) => ({ ...slow, route: `/r${i}` })))
        const listed = receiver.received.map((_, i) => dataOf(receiver, i).alerts.length)
        assert.deepEqual(listed, [1])
        await watched.steps(
          2,
          ...Array.from({ length: 8 }, (_, i) => ({ ...slow, route: `/r${i}` })),
        )
        assert.deepEqual(
          receiver.received.map((_, i) => dataOf(receiver, i).alerts.length),
          [1, 6],
        )
        await watched.minutes(
          1,
          ...Array.from({ length: 8 }, (_, i) => ({ ...slow, route: `/r${i}` })),
        )
        assert.equal(receiver.received.length, 3)
      },
    ))

  test('of a service as a whole, and of each route, are told apart', () =>
    watching(
      {
        alerts: {
          whole: { service: 'shop', average: '200ms' },
          others: { service: 'elsewhere', average: '200ms' },
          each: { service: 'shop', route: '*', average: '200ms' },
        },
      },
      async watched => {
        const busy = { ms: times(200, 50), route: '/busy' }
        await watched.steps(8, slow, busy, { ...slow, service: 'third' })
        const states = watched.watcher
          .alerts()
          .map(({ rule, service, route, state }) => [rule.name, service, route, state?.state])
        assert.deepEqual(states, [
          ['whole', 'shop', null, 'inactive'],
          ['others', 'elsewhere', null, undefined],
          ['each', 'shop', 'GET /busy', 'inactive'],
          ['each', 'shop', 'GET /menu', 'firing'],
        ])
      },
    ))
})

describe('errors', () => {
  const failing = (errors: number, n = 100) => ({ ms: times(n, 50), errors })

  test('over a part of the requests fire, and at it do not', () =>
    watching(
      { alerts: { errors: { service: 'shop', errors: '2%', for: '1m' } } },
      async (watched, receiver) => {
        await watched.minutes(2, failing(2))
        assert.deepEqual(watched.states(), { shop: 'inactive' })
        await watched.minutes(2, failing(3))
        const [line] = dataOf(receiver, 0).alerts
        assert.deepEqual([line?.['route'], line?.['value'], line?.['bound']], [null, 0.03, 0.02])
      },
    ))

  test('above what is usual fire, and what is usual never does', () =>
    watching({ alerts: { spike: { errors: 'unusual' } } }, async (watched, receiver) => {
      // An hour with 1 % of failures of one route, and none of the other.
      const usual = [
        { ...failing(1), route: '/flaky' },
        { ...failing(0), route: '/good' },
      ]
      await watched.record(360, ...usual)
      await watched.look()
      assert.deepEqual(watched.states(), { 'GET /flaky': 'inactive', 'GET /good': 'inactive' })
      // 1 % is nothing new to the one, and is to the other.
      await watched.minutes(
        10,
        { ...failing(1), route: '/flaky' },
        { ...failing(1), route: '/good' },
      )
      assert.deepEqual(watched.states(), { 'GET /flaky': 'inactive', 'GET /good': 'firing' })
      const [line] = dataOf(receiver, 0).alerts
      assert.deepEqual([line?.['value'], line?.['usual']], [0.01, 0])
      // It does not become usual while it lasts.
      await watched.minutes(25, { ...failing(1), route: '/good' })
      assert.equal(watched.states()['GET /good'], 'firing')
    }))
})

function only({ received }: Receiver) {
  assert.equal(received.length, 1)
  return received[0] ?? fail()
}

const fail = (): never => assert.fail('nothing was received')
