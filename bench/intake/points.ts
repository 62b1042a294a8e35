import type { HistogramPoint } from '@hotpath/console'
import { trafficRoutes } from './traffic.js'

/** What a process counted in one interval, as the recorder sends it: a point for each series. */
export function pointsAt(instance: string, startMs: number, endMs: number): HistogramPoint[] {
  const times = { startNs: BigInt(startMs) * 1_000_000n, endNs: BigInt(endMs) * 1_000_000n }
  const of = { service: 'shop', instance, ...times, sampled: false }
  return trafficRoutes.flatMap((route, i) => [
    {
      ...of,
      metric: 'http.server.request.duration',
      attributes: {
        'http.request.method': route.method,
        'http.route': route.template,
        'http.response.status_code': 200,
      },
      histogram: histogram(40 + i, 0.004 * route.loop),
    },
    ...route.statements.map(
      (statement, j): HistogramPoint => ({
        ...of,
        metric: 'db.client.operation.duration',
        attributes: {
          'db.system.name': 'postgresql',
          'db.query.text': statement,
          'db.operation.name': (statement.split(' ')[0] ?? '').toUpperCase(),
        },
        histogram: histogram((40 + i) * (j === 0 ? 1 : route.loop), 0.001),
      }),
    ),
  ])
}

/** `count` durations around `seconds`, over 16 buckets at the recorder's scale, 4: a factor of two. */
function histogram(count: number, seconds: number): HistogramPoint['histogram'] {
  const width = 16
  const buckets = Array.from({ length: width }, (_, k) => Math.floor((count * (k % 5)) / 32))
  const counted = buckets.reduce((a, b) => a + b, 0)
  buckets[8] = (buckets[8] ?? 0) + count - counted
  const offset = Math.floor(Math.log2(seconds) * 16) - 8
  const [min, max] = [seconds * 0.75, seconds * 1.4]
  return { count, sum: count * seconds, min, max, scale: 4, zeroCount: 0, offset, buckets }
}
