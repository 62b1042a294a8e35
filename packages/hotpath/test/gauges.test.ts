import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Attributes, CollectedPoint, Collector } from './collector.js'
import { observe } from './observed.js'
import { type Postgres, startPostgres } from './postgres.js'

describe('a process says how it is, with each delivery', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres.stop())

  const env = (): Record<string, string> => ({ DATABASE_URL: postgres.url })

  test('processor time, memory, heap, delay and utilization of the event loop, by their names', async () => {
    const { errors } = await observe(
      'gauges.cjs',
      async app => {
        await ask(app.url, 'hello')
        await app.collector.until(has('process.memory.usage'))
        const before = app.collector.points.length
        // Looked at every 20 ms, one look in 30 is late in a delivery of a second, but one in 80 where two
        // seconds come together, and the 99th percentile passes over it: so it stands still three times.
        for (let n = 0; n < 3; n++) await ask(app.url, 'block')
        await app.collector.until(({ points }) =>
          points.some(
            (point, i) =>
              i >= before && point.metric === 'nodejs.eventloop.delay.p99' && point.value > 0.2,
          ),
        )
        const { points } = app.collector
        const of = (metric: string): readonly CollectedPoint[] =>
          points.filter(point => point.metric === metric)
        const modes = new Set(of('process.cpu.time').map(point => point.attributes['cpu.mode']))
        assert.deepEqual([...modes].sort(), ['system', 'user'])
        const used = of('process.cpu.time').reduce((sum, point) => sum + point.value, 0)
        assert.ok(used >= 0.3 && used < 60, `${used} s of processor time`)
        assert.ok(of('process.memory.usage').every(point => point.value > 10e6))
        const spaces = of('v8js.memory.heap.used').map(p => p.attributes['v8js.heap.space.name'])
        assert.ok(spaces.includes('old_space'), spaces.join(', '))
        const utilization = of('nodejs.eventloop.utilization').map(point => point.value)
        assert.ok(utilization.every(value => value >= 0 && value <= 1) && utilization.length > 0)
        const [first] = points
        assert.equal(typeof first?.resource['host.name'], 'string')
        assert.equal(first?.resource['process.runtime.version'], process.versions.node)
        assert.equal(first.resource['service.version'], '1.4.2+test')
      },
      { ...env(), HOTPATH_VERSION: '1.4.2+test' },
    )
    assert.deepEqual(errors, [])
  })

  test('connections of its pools, in use, idle and waited for; never the password', async () => {
    await observe(
      'gauges.cjs',
      async app => {
        await ask(app.url, 'hold')
        const count = 'db.client.connection.count'
        const used = { 'db.client.connection.state': 'used' }
        await app.collector.until(c => last(c, count, used)?.value === 2)
        await app.collector.until(
          c => last(c, 'db.client.connection.pending_requests')?.value === 1,
        )
        assert.equal(last(app.collector, 'db.client.connection.max')?.value, 2)
        const { port, pathname } = new URL(postgres.url)
        const name = String(
          last(app.collector, count)?.attributes['db.client.connection.pool.name'],
        )
        assert.ok(name.endsWith(`:${port}${pathname}`) && !name.includes('@'), name)
        await ask(app.url, 'release')
        // Who waited has one now, the other is idle.
        const idle = { 'db.client.connection.state': 'idle' }
        await app.collector.until(
          c => last(c, count, used)?.value === 1 && last(c, count, idle)?.value === 1,
        )
      },
      env(),
    )
  })

  test('also when it has nothing to do, so that it is seen to be alive', async () => {
    await observe(
      'gauges.cjs',
      async app => {
        await ask(app.url, 'hello')
        await app.collector.until(c => c.deliveries.filter(one => one.accepted).length >= 4)
      },
      env(),
    )
  })
})

const ask = async (url: string, way: string): Promise<void> => {
  await (await fetch(`${url}/${way}`)).text()
}

const has =
  (metric: string) =>
  ({ points }: Collector): boolean =>
    points.some(point => point.metric === metric)

/** The newest point of a metric. */
function last(
  { points }: Collector,
  metric: string,
  wanted: Attributes = {},
): CollectedPoint | undefined {
  return points.findLast(
    point =>
      point.metric === metric &&
      Object.entries(wanted).every(([key, value]) => point.attributes[key] === value),
  )
}
