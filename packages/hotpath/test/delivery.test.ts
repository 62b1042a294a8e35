import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Collector } from './collector.js'
import { ObservedApp } from './observed.js'

const requests = { 'http.route': '/hello' }
const METRIC = 'http.server.request.duration'

async function get(app: ObservedApp, times: number): Promise<void> {
  for (let n = 0; n < times; n++) await (await fetch(`${app.url}/hello`)).text()
}

describe('the counts arrive once, whatever the console does', () => {
  test('a delivery that was not acknowledged is sent again byte for byte, before any other', async () => {
    const app = await ObservedApp.start('plain.cjs')
    const { collector } = app
    let failures = 0
    collector.answer = path =>
      path === '/v1/metrics' && failures++ < 2 ? { status: 503 } : { status: 200 }
    await get(app, 7)
    await collector.until(() => collector.counted(METRIC, requests) === 7)
    await get(app, 5)
    await collector.until(() => collector.counted(METRIC, requests) === 12)
    await app.finish()
    const [first, second, third] = collector.deliveries
    assert.deepEqual([first?.sequence, second?.sequence, third?.sequence], [1, 1, 1])
    assert.ok(
      first?.body.equals(second?.body as Buffer) && second?.body.equals(third?.body as Buffer),
    )
    const accepted = collector.deliveries.filter(one => one.accepted).map(one => one.sequence)
    assert.deepEqual(
      accepted,
      accepted.map((_, index) => index + 1),
    )
  })

  test('what was counted during an outage arrives in steps, as of when it was, in order', async () => {
    const app = await ObservedApp.start('plain.cjs')
    const { collector } = app
    let open = false
    collector.answer = () => ({ status: open ? 200 : 503 })
    for (let round = 1; round <= 5; round++) {
      await get(app, round)
      // Attempts are half a second to two seconds apart, deliveries one.
      const before = collector.deliveries.length
      await collector.until(({ deliveries }) => deliveries.length >= before + 2)
    }
    open = true
    await collector.until(() => collector.counted(METRIC, requests) === 15)
    await app.finish()
    const steps = collector.points.filter(({ metric }) => metric === METRIC)
    assert.ok(steps.length >= 4, `${steps.length} steps`)
    const accepted = collector.deliveries.filter(one => one.accepted).map(one => one.sequence)
    assert.deepEqual(
      accepted,
      accepted.map((_, index) => index + 1),
    )
  })

  test('a connection that breaks after the console took the delivery: the repetition has its number', async () => {
    const app = await ObservedApp.start('plain.cjs')
    const { collector } = app
    let broken = false
    collector.answer = path => {
      if (path !== '/v1/metrics' || broken) return { status: 200 }
      broken = true
      return 'reset'
    }
    await get(app, 4)
    await collector.until(() => collector.counted(METRIC, requests) === 4)
    await app.finish()
    assert.deepEqual(
      collector.deliveries.slice(0, 2).map(one => one.sequence),
      [1, 1],
    )
  })

  test('a console that was absent gets everything when it comes', async () => {
    const late = await Collector.start()
    const { port, url } = late
    await late.close()
    const app = await ObservedApp.start('plain.cjs', { HOTPATH_ENDPOINT: url })
    await get(app, 9)
    const collector = await Collector.start(port)
    await collector.until(() => collector.counted(METRIC, requests) === 9, 30_000)
    await app.finish()
    await collector.close()
  })

  test('what the console refuses for good is dropped, counted, and does not hold up the rest', async () => {
    const app = await ObservedApp.start('plain.cjs')
    const { collector } = app
    let refused = false
    collector.answer = path => {
      if (path !== '/v1/metrics' || refused) return { status: 200 }
      refused = true
      return { status: 400 }
    }
    await get(app, 2)
    await collector.until(() => collector.deliveries.length > 0)
    await get(app, 3)
    const dropped = () =>
      collector.points.find(
        point =>
          point.metric === 'hotpath.recorder.dropped' && point.attributes['what'] === 'metrics',
      )
    await collector.until(
      () => collector.counted(METRIC, requests) === 3 && dropped() !== undefined,
    )
    assert.equal(dropped()?.attributes['reason'], 'rejected')
    await app.finish()
  })

  test('spans that the console left out of what it took are counted', async () => {
    const app = await ObservedApp.start('plain.cjs')
    const { collector } = app
    collector.answer = path => ({
      status: 200,
      body: path === '/v1/traces' ? '{"partialSuccess":{"rejectedSpans":"2"}}' : '{}',
    })
    await get(app, 3)
    await collector.until(() => collector.spans.length > 0)
    await get(app, 1)
    await collector.until(() =>
      collector.points.some(point => point.attributes['reason'] === 'rejected' && point.value >= 2),
    )
    await app.finish()
  })
})

describe('a console that takes and never answers', () => {
  test('does not hold up the app, and the app ends', async () => {
    const app = await ObservedApp.start('plain.cjs')
    const { collector } = app
    collector.answer = () => 'hang'
    await get(app, 50)
    await collector.until(() => collector.requests.length >= 2)
    await get(app, 50)
    const { code, errors } = await app.finish()
    assert.equal(code, 0)
    assert.deepEqual(errors, [])
    // One delivery and one batch of traces are under way; nothing else was tried before they ended.
    assert.deepEqual(new Set(collector.deliveries.map(one => one.sequence)), new Set([1]))
  })
})
