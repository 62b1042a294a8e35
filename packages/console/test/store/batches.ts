import fc from 'fast-check'
import type {
  Attributes,
  CounterPoint,
  GaugePoint,
  HistogramPoint,
  ProcessInfo,
  Span,
} from '../../dist/model.js'
import type { Batch } from '../../dist/store/store.js'

/** 2023-11-14T22:13:20Z. */
export const baseMs = 1_700_000_000_000
const baseNs = BigInt(baseMs) * 1_000_000n

/**
 * Span `k` of trace `t`, always the same. All traces have this shape; what a batch leaves out is
 * missing in the store:
 *
 *     0 shop server GET /orders/:id | GET /menu
 *     ├ 1 shop client GET mail
 *     │ └ 3 mail server POST /send
 *     │   └ 4 mail client INSERT outbox
 *     ├ 2 shop client SELECT orders
 *     5 shop internal clean up (a second root)
 */
export function spanOf(t: number, k: number): Span {
  const id = (n: number): string => (n + 1).toString(16).padStart(16, '0')
  const parents = [undefined, 0, 0, 1, 3, undefined]
  const parent = parents[k]
  const server = k === 0 || k === 3
  const route = k === 3 ? '/send' : t % 2 === 0 ? '/orders/:id' : '/menu'
  return {
    traceId: (t + 1).toString(16).padStart(32, '0'),
    spanId: id(k),
    ...(parent === undefined ? {} : { parentId: id(parent) }),
    kind: server ? 'server' : k === 5 ? 'internal' : 'client',
    name: ['GET', 'GET mail', 'SELECT orders', 'POST', 'INSERT outbox', 'clean up'][k] ?? '',
    service: k === 3 || k === 4 ? 'mail' : 'shop',
    instance: `process ${t % 2}`,
    startNs: baseNs + BigInt(t) * 1_000_000_000n + BigInt(k) * 10_000_001n,
    durationNs: ((t * 7 + k * 3) % 11) * 1_000_003,
    status: t % 3 === 0 ? 'error' : 'unset',
    attributes: server
      ? {
          'http.request.method': k === 3 ? 'POST' : 'GET',
          'http.route': route,
          'http.response.status_code': t % 3 === 0 ? 500 : 200,
        }
      : { 'db.query.text': 'select "ä" from orders where id = $1', list: [1, 'two', true] },
    links: k === 5 ? [{ traceId: 'f'.repeat(32), spanId: 'e'.repeat(16) }] : [],
  }
}

const span: fc.Arbitrary<Span> = fc
  .tuple(fc.nat({ max: 7 }), fc.nat({ max: 5 }))
  .map(([t, k]) => spanOf(t, k))

const source = fc.record({
  service: fc.constantFrom('shop', 'mail'),
  instance: fc.constantFrom('process 0', 'process 1'),
})

const times = fc.tuple(fc.nat({ max: 20 }), fc.nat({ max: 5 })).map(([start, length]) => ({
  startNs: baseNs + BigInt(start) * 1_000_000_000n,
  endNs: baseNs + BigInt(start + length) * 1_000_000_000n,
}))

interface Times {
  readonly startNs: bigint
  readonly endNs: bigint
}

/** Points of a few series and processes, with the given times. */
export const pointIn = (times: fc.Arbitrary<Times>): fc.Arbitrary<HistogramPoint> =>
  fc
    .record({
      metric: fc.constantFrom('http.server.request.duration', 'db.client.operation.duration'),
      source,
      times,
      attributes: fc.constantFrom<Attributes>(
        {},
        { a: 1, b: 'x' },
        { 'http.route': '/menu' },
        { 'http.route': '/menu', 'http.response.status_code': 503 },
        { 'http.route': '/guess', 'hotpath.route.guessed': true },
        { 'http.response.status_code': 404 },
        { 'db.system.name': 'redis' },
        { 'db.system.name': 'redis', 'db.query.text': 'GET ?' },
      ),
      sampled: fc.boolean(),
      scale: fc.integer({ min: -1, max: 4 }),
      offset: fc.integer({ min: -40, max: 40 }),
      buckets: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 12 }),
      ends: fc.boolean(),
      zeroCount: fc.nat({ max: 2 }),
    })
    .map(({ source, times, buckets, ends, scale, offset, ...drawn }) => {
      const { zeroCount: zeros, ...rest } = drawn
      const counted = buckets.reduce((a, b) => a + b, 0)
      // A point that counts nothing need not be kept, so none is made.
      const zeroCount = counted === 0 ? zeros + 1 : zeros
      const count = zeroCount + counted
      const [min, max] = [count / 4, count]
      return {
        ...rest,
        ...source,
        ...times,
        // Quarters add up exactly, in whatever order.
        histogram: {
          count,
          sum: count / 4,
          ...(ends ? { min, max } : {}),
          scale,
          offset,
          buckets,
          zeroCount,
        },
      }
    })

const point = pointIn(times)

const counter: fc.Arbitrary<CounterPoint> = fc
  .record({
    name: fc.constantFrom('hotpath.recorder.dropped', 'hotpath.recorder.errors'),
    source,
    times,
    attributes: fc.constantFrom({}, { reason: 'ring' }),
    value: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ source, times, ...rest }) => ({ ...rest, ...source, ...times }))

const gauge: fc.Arbitrary<GaugePoint> = fc
  .record({
    name: fc.constantFrom('process.cpu.time', 'process.memory.usage', 'db.client.connection.count'),
    source,
    times,
    attributes: fc.constantFrom({}, { 'db.client.connection.state': 'idle' }),
    // Halves, whose averages are exact.
    value: fc.nat({ max: 9 }).map(n => n / 2),
  })
  .map(({ source, times, ...rest }) => ({ ...rest, ...source, ...times }))

/** What a process says of itself, the same each time; `process 1` of the shop says nothing. */
const infoOf = ({ service, instance }: GaugePoint): ProcessInfo => ({
  service,
  instance,
  ...(instance === 'process 1' && service === 'shop'
    ? {}
    : { pid: Number(instance.at(-1)), host: service, runtime: 'Node 20' }),
})

/** Spans as any SDK sends them, and metrics as our recorder does, with a number. */
export const batch: fc.Arbitrary<Batch> = fc.oneof(
  fc.array(span, { maxLength: 12 }).map(spans => ({ spans, histograms: [], counters: [] })),
  fc
    .record({
      histograms: fc.array(point, { maxLength: 6 }),
      counters: fc.array(counter, { minLength: 1, maxLength: 3 }),
      gauges: fc.array(gauge, { maxLength: 4 }),
      delivery: fc.option(
        fc.record({
          service: fc.constant('shop'),
          instance: fc.constantFrom('process 0', 'process 1'),
          sequence: fc.integer({ min: 1, max: 7 }),
        }),
        { nil: undefined },
      ),
    })
    .map(({ delivery, ...rest }) => ({
      spans: [],
      ...rest,
      processes: rest.gauges.map(infoOf),
      ...(delivery ? { delivery } : {}),
    })),
)
