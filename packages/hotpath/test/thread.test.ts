import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { observe, type ObservedApp } from './observed.js'

const METRIC = 'http.server.request.duration'
const DROPPED = 'hotpath.recorder.dropped'
const ERRORS = 'hotpath.recorder.errors'
const hello = { 'http.route': '/hello' }

async function get(app: ObservedApp, path: string, times = 1): Promise<string> {
  let text = ''
  for (let n = 0; n < times; n++) text = await (await fetch(app.url + path)).text()
  return text
}

describe('the thread that exports', () => {
  test('starts again when it ended, and sends the counts that were on their way', async () => {
    const { code } = await observe('watched-thread.cjs', async app => {
      const { collector } = app
      let open = false
      collector.answer = () => ({ status: open ? 200 : 503 })
      await get(app, '/hello', 3)
      await collector.until(({ deliveries }) => deliveries.length > 0)
      await get(app, '/end-thread')
      open = true
      await get(app, '/hello', 2)
      await collector.until(() => collector.counted(METRIC, hello) === 5, 30_000)
      assert.equal(collector.deliveries.find(one => one.accepted)?.sequence, 1)
      await get(app, '/hello')
      await collector.until(() => collector.servers().some(({ name }) => name === 'GET /hello'))
    })
    assert.equal(code, 0)
  })

  test('drops the one body that it cannot encode, says so, and goes on', async () => {
    await observe('watched-thread.cjs', async app => {
      const { collector } = app
      const sum = (metric: string, key: string, value: string): number =>
        collector.points
          .filter(point => point.metric === metric && point.attributes[key] === value)
          .reduce((all, point) => all + point.value, 0)
      await get(app, '/hello')
      await collector.until(() => collector.servers().length === 1)
      await get(app, '/spoil-spans')
      await collector.until(() => sum(ERRORS, 'where', 'trace.encode') === 1)
      await get(app, '/spoil-delivery')
      await collector.until(() => sum(ERRORS, 'where', 'trace.encode') === 2)
      await get(app, '/hello')
      const hellos = () => collector.servers().filter(({ name }) => name === 'GET /hello')
      await collector.until(() => hellos().length === 2)
      assert.ok(sum(DROPPED, 'reason', 'encode') >= 2)
      assert.equal(sum(DROPPED, 'reason', 'worker'), 0)
      const sequences = collector.deliveries.map(({ sequence }) => sequence)
      const missing = sequences.filter((n, i) => i > 0 && n !== (sequences[i - 1] ?? 0) + 1)
      assert.equal(missing.length, 1, `the deliveries ${sequences}`)
    })
  })

  test('is sent four batches of spans until it took the first; the others wait', async () => {
    await observe('watched-thread.cjs', async app => {
      const { collector } = app
      await get(app, '/hold')
      let requests = 0
      // A delivery follows each second, as the spans do where nothing holds them back.
      while (requests < 7) {
        await get(app, '/hello')
        requests++
        await collector.until(() => collector.counted(METRIC, hello) === requests)
      }
      assert.equal(await get(app, '/posted'), '4')
      await get(app, '/release')
      const hellos = () => collector.servers().filter(({ name }) => name === 'GET /hello')
      await collector.until(() => hellos().length === requests)
    })
  })

  test('gives up a console that answers a byte at a time, and tries again', async () => {
    await observe('watched-thread.cjs', async app => {
      const { collector } = app
      let trickled = false
      collector.answer = path => {
        if (path !== '/v1/metrics' || trickled) return { status: 200 }
        trickled = true
        return 'trickle'
      }
      await get(app, '/hello', 3)
      await collector.until(
        ({ deliveries }) => deliveries.filter(({ sequence }) => sequence === 1).length === 2,
        40_000,
      )
      await collector.until(() => collector.counted(METRIC, hello) === 3)
    })
  })
})
