import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ProcessesAnswer } from '../dist/api/answers.js'
import type { RunningConsole } from '../dist/console.js'
import { protobuf } from './intake/encode.js'
import { attributes, metrics, nowNs, resource } from './intake/requests.js'
import { asProtobuf, post, withConsole } from './running.js'

type Values = Record<string, string | number>

/** One time for all points: the distances between them are exact. */
const startedNs = nowNs()

/** Number points of `secondsAgo`, as an SDK writes them. */
const point = (value: number, labels: Values = {}, secondsAgo = 5, overSeconds = 10): object => ({
  startTimeUnixNano: String(startedNs - BigInt(secondsAgo + overSeconds) * 1_000_000_000n),
  timeUnixNano: String(startedNs - BigInt(secondsAgo) * 1_000_000_000n),
  asDouble: value,
  attributes: attributes(labels),
})
const gauge = (name: string, unit: string, dataPoints: readonly object[]): object => ({
  name,
  unit,
  gauge: { dataPoints },
})
const sum = (
  name: string,
  unit: string,
  aggregationTemporality: number,
  isMonotonic: boolean,
  dataPoints: readonly object[],
): object => ({ name, unit, sum: { aggregationTemporality, isMonotonic, dataPoints } })

const processesOf = async ({ url }: RunningConsole): Promise<ProcessesAnswer> =>
  (await (await fetch(`${url}/api/processes`)).json()) as ProcessesAnswer

/** The figures of one process as they were last. */
const lastOf = ({ processes }: ProcessesAnswer, n = 0): Record<string, number | undefined> =>
  Object.fromEntries(
    Object.entries(processes[n]?.gauges ?? {}).map(([key, values]) => [
      key,
      values.findLast(value => value !== null) ?? undefined,
    ]),
  )

const send = async (running: RunningConsole, list: readonly object[], more = {}): Promise<void> => {
  const from = resource('shop', 'process 1', {
    'process.pid': 4711,
    'host.name': 'web-1',
    'process.runtime.name': 'nodejs',
    'process.runtime.version': '20.19.0',
    'service.version': '1.4.2',
    ...more,
  })
  const { status, json } = await post(`${running.url}/v1/metrics`, metrics(list, { from }))
  assert.deepEqual([status, json], [200, {}])
}

describe('what a process says of itself', () => {
  test('of the places of its routes is told to Prometheus, by policy', () =>
    withConsole(async running => {
      const of = (what: string, value: number, policy: string): object =>
        sum(`hotpath.concurrency.${what}`, '{request}', 2, false, [
          point(value, { 'hotpath.policy': policy, 'user.name': 'ann' }),
        ])
      await send(running, [of('limit', 17, '*'), of('in_flight', 9, '*'), of('waiting', 3, '*')])
      await send(running, [of('limit', 4, 'GET /report/:id')])
      const text = await (await fetch(`${running.url}/metrics`)).text()
      const lines = text.split('\n').filter(line => line.startsWith('hotpath_concurrency_'))
      const told = lines.map(line => line.replace(/\{.*hotpath_policy="([^"]*)".*\}/, ' $1'))
      assert.deepEqual(told.toSorted(), [
        'hotpath_concurrency_in_flight * 9.0',
        'hotpath_concurrency_limit * 17.0',
        'hotpath_concurrency_limit GET /report/:id 4.0',
        'hotpath_concurrency_waiting * 3.0',
      ])
      assert.ok(!text.includes('"ann"'))
    }))

  test('as our recorder sends it: by step, in the units of the answer', () =>
    withConsole(async running => {
      await send(running, [
        sum('process.cpu.time', 's', 1, true, [
          point(9, { 'cpu.mode': 'user' }),
          point(6, { 'cpu.mode': 'system' }),
        ]),
        sum('process.memory.usage', 'By', 2, false, [point(80e6)]),
        sum('v8js.memory.heap.used', 'By', 2, false, [
          point(20e6, { 'v8js.heap.space.name': 'old_space' }),
          point(5e6, { 'v8js.heap.space.name': 'new_space' }),
        ]),
        gauge('nodejs.eventloop.delay.p99', 's', [point(0.02)]),
        gauge('nodejs.eventloop.utilization', '1', [point(0.75)]),
        sum('db.client.connection.count', '{connection}', 2, false, [
          point(3, { 'db.client.connection.state': 'used', 'db.client.connection.pool.name': 'a' }),
          point(1, { 'db.client.connection.state': 'idle', 'db.client.connection.pool.name': 'a' }),
          point(2, { 'db.client.connection.state': 'used', 'db.client.connection.pool.name': 'b' }),
        ]),
        sum('db.client.connection.pending_requests', '{request}', 2, false, [point(7)]),
        sum('db.client.connection.max', '{connection}', 2, false, [point(10)]),
      ])
      const answer = await processesOf(running)
      const [row] = answer.processes
      assert.deepEqual(
        [row?.service, row?.instance, row?.pid, row?.host, row?.runtime, row?.version],
        ['shop', 'process 1', 4711, 'web-1', 'Node 20.19.0', '1.4.2'],
      )
      assert.deepEqual(lastOf(answer), {
        // 15 s of processor time in 10 s.
        cpu: 1.5,
        memory: 80e6,
        heap: 25e6,
        loopDelayP99: 20,
        loopUtilization: 0.75,
        poolUsed: 5,
        poolIdle: 1,
        poolPending: 7,
        poolMax: 10,
      })
      assert.equal(answer.startMs % answer.stepMs, 0)
      for (const values of Object.values(row?.gauges ?? {}))
        assert.equal(values.length, Math.ceil((answer.untilMs - answer.startMs) / answer.stepMs))
    }))

  test("as OpenTelemetry's SDKs send it: totals, older names, protobuf", () =>
    withConsole(async running => {
      const from = resource('api', 'process 2')
      const started = String(startedNs - 1_000_000_000_000n)
      for (const [value, ago] of [
        [100, 40],
        [120, 30],
        [140, 20],
      ] as const) {
        const list = [
          sum('process.cpu.time', 's', 2, true, [
            { ...point(value, { 'process.cpu.state': 'user' }, ago), startTimeUnixNano: started },
          ]),
          gauge('nodejs.event_loop.utilization', '1', [point(0.5, {}, ago)]),
          sum('db.client.connections.usage', '{connection}', 2, false, [
            point(4, { state: 'used', 'pool.name': 'main' }, ago),
          ]),
        ]
        const body = protobuf('metrics', metrics(list, { from }))
        assert.equal((await post(`${running.url}/v1/metrics`, body, asProtobuf)).status, 200)
      }
      const answer = await processesOf(running)
      assert.deepEqual(lastOf(answer), { cpu: 2, loopUtilization: 0.5, poolUsed: 4 })
      const [row] = answer.processes
      assert.deepEqual([row?.pid, row?.host, row?.runtime, row?.version], [null, null, null, null])
    }))

  test('holds from one report to the next, and no longer than two minutes', () =>
    withConsole(async running => {
      await send(
        running,
        [600, 540, 100, 40].map(ago => gauge('process.memory.usage', 'By', [point(ago, {}, ago)])),
      )
      const { processes } = await processesOf(running)
      const values = processes[0]?.gauges.memory ?? []
      const stretches = values
        .map(value => (value === null ? ' ' : '#'))
        .join('')
        .split(/ +/)
        .filter(stretch => stretch !== '')
      assert.deepEqual(
        stretches.map(stretch => stretch.length >= 4 && stretch.length <= 6),
        [true, true],
        JSON.stringify(stretches),
      )
    }))

  test('is refused when it is no amount, or a change without a beginning', () =>
    withConsole(async running => {
      const { json } = await post(
        `${running.url}/v1/metrics`,
        metrics([
          gauge('process.memory.usage', 'By', [point(-1)]),
          sum('db.client.connection.count', '{connection}', 1, false, [point(1)]),
        ]),
      )
      assert.match(JSON.stringify(json), /1 points with a value that is no amount/)
      assert.match(JSON.stringify(json), /1 points that are changes of an amount/)
      assert.deepEqual((await processesOf(running)).processes, [])
    }))
})
