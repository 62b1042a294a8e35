import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RoutesAnswer } from '../dist/api/answers.js'
import {
  attributes,
  exponential,
  metrics,
  nowNs,
  resource,
  span,
  traces,
} from './intake/requests.js'
import { checkMetrics, prometheusMissing, withPrometheus } from './prometheus-server.js'
import { post, withConsole, withPlace } from './running.js'

const missing = prometheusMissing()
const openmetrics = { accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' }

/** 20 requests: 10 of about 31 ms, 8 of about 125 ms, 2 of about a second. */
const requests = (status = 200): object =>
  exponential(20, {
    sum: 10 * 0.031 + 8 * 0.125 + 2,
    positive: {
      // Scale 4: bucket i ends at 2^((i + 1) / 16) seconds.
      offset: -82,
      bucketCounts: Array.from({ length: 83 }, (_, i) =>
        String(i === 1 ? 10 : i === 33 ? 8 : i === 81 ? 2 : 0),
      ),
    },
    attributes: attributes({
      'http.request.method': 'GET',
      'http.route': '/orders/:id',
      'http.response.status_code': status,
    }),
  })

/** A gauge and a counter beside the histogram, from a service with a name that tries to get out. */
const hostile = 'a"} 1\nevil 2\\'
const metricsOf = (list: readonly object[], service = 'shop'): object =>
  metrics(list, { from: resource(service) })

const text = async (url: string, headers: Record<string, string> = {}): Promise<string> => {
  const response = await fetch(`${url}/metrics`, { headers })
  assert.equal(response.status, 200)
  return response.text()
}

async function until<T>(
  read: () => Promise<T>,
  wanted: (reading: T) => boolean,
  what: string,
): Promise<T> {
  const endMs = performance.now() + 60_000
  for (;;) {
    const reading = await read()
    if (wanted(reading)) return reading
    if (performance.now() > endMs) assert.fail(`no ${what}; last: ${JSON.stringify(reading)}`)
    await sleep(100)
  }
}

const near = (got: number | null | undefined, wanted: number, part: number): boolean =>
  typeof got === 'number' && Math.abs(got / wanted - 1) <= part

describe('/metrics', () => {
  test('counts each request in the bucket in which it lies, and each only once', () =>
    withConsole(async ({ url }) => {
      const body = metrics([requests()], { from: resource(), sequence: 1 })
      await post(`${url}/v1/metrics`, body)
      // A repetition of a delivery, which the store does not take again.
      await post(`${url}/v1/metrics`, body)
      await post(`${url}/v1/metrics`, metricsOf([requests()]))
      const lines = (await text(url)).split('\n')
      const buckets = lines.filter(line =>
        line.startsWith('http_server_request_duration_seconds_b'),
      )
      const count = (le: string): string | undefined =>
        buckets.find(line => line.includes(`le="${le}"`))?.split('} ')[1]
      assert.deepEqual(
        ['0.015625', '0.03125', '0.0625', '0.125', '0.25', '0.5', '1.0', '16.0', '+Inf'].map(count),
        ['0.0', '20.0', '20.0', '36.0', '36.0', '36.0', '40.0', '40.0', '40.0'],
      )
      assert.equal(buckets.length, 32)
      assert.ok(lines.some(line => /_count\{.*http_route="\/orders\/:id".*\} 40\.0/.test(line)))
    }))

  test('has both forms, by the Accept header; OpenMetrics ends with EOF and has exemplars', () =>
    withConsole(async ({ url }) => {
      await post(`${url}/v1/metrics`, metricsOf([requests()]))
      await post(
        `${url}/v1/traces`,
        traces([span()], resource('shop', 'p', { 'telemetry.sdk.name': 'hotpath' })),
      )
      const plain = await fetch(`${url}/metrics`)
      assert.match(plain.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
      assert.doesNotMatch(await plain.text(), /EOF|trace_id/)
      const open = await fetch(`${url}/metrics`, { headers: openmetrics })
      assert.match(
        open.headers.get('content-type') ?? '',
        /^application\/openmetrics-text; version=1/,
      )
      const body = await open.text()
      assert.ok(body.endsWith('\n# EOF\n'))
      assert.match(
        body,
        /_bucket\{[^\n]*le="0\.0055\d+"\} \d+\.0 # \{trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"\} 0\.005 \d+\.\d{3}\n/,
      )
    }))

  test('is bounded: what is over is counted under one series, and said', () =>
    withConsole(async ({ url }) => {
      const many = Array.from({ length: 1_010 }, (_, i) =>
        exponential(1, { attributes: attributes({ 'http.route': `/r${i}` }) }),
      )
      await post(`${url}/v1/metrics`, metricsOf(many))
      const body = await text(url)
      assert.equal(body.match(/request_duration_seconds_count\{/g)?.length, 1_001)
      assert.match(body, /_count\{otel_metric_overflow="true"\} 10\.0/)
      assert.match(body, /series_overflow_total\{metric="http.server.request.duration"\} 10\.0/)
    }))

  test('counts what is over each time that it comes, from spans too', () =>
    withConsole(async ({ url }) => {
      const statement = (i: number): object =>
        span({
          spanId: (i + 1).toString(16).padStart(16, '0'),
          kind: 3,
          attributes: attributes({
            'db.system.name': 'postgresql',
            'db.query.text': `select * from t${i}`,
          }),
        })
      const request = traces(Array.from({ length: 510 }, (_, i) => statement(i)))
      for (let k = 0; k < 3; k++) await post(`${url}/v1/traces`, request)
      const over = /series_overflow_total\{metric="db.client.operation.duration"\} 30\.0/
      assert.match(await text(url), over)
    }))

  test('passes promtool, whatever a service calls itself', { skip: missing ?? false }, () =>
    withConsole(async ({ url }) => {
      const list = [
        requests(),
        { name: 'process.memory.usage', unit: 'By', gauge: { dataPoints: [number(8e7)] } },
        { name: 'nodejs.eventloop.delay.p99', unit: 's', gauge: { dataPoints: [number(0.01)] } },
        { name: 'db.client.connection.count', gauge: { dataPoints: [number(2)] } },
      ]
      await post(`${url}/v1/metrics`, metricsOf(list, hostile))
      const body = await text(url)
      assert.equal(checkMetrics(body), '')
      assert.doesNotMatch(body, /^evil/m)
      assert.match(body, /service_name="a\\"\} 1\\nevil 2\\\\"/)
    }),
  )
})

const number = (value: number): object => ({
  timeUnixNano: String(nowNs()),
  asDouble: value,
  attributes: [],
})

describe('a real Prometheus', { skip: missing ?? false }, () => {
  test('answers the same rate and percentiles as the console, and finds the trace', () =>
    withConsole(async ({ url }) => {
      await withPrometheus(url, async prometheus => {
        const recorder = resource('shop', 'p', { 'telemetry.sdk.name': 'hotpath' })
        await post(`${url}/v1/metrics`, metrics([requests()], { from: recorder }))
        const name = 'http_server_request_duration_seconds'
        await until(
          () => prometheus.value(`${name}_count`),
          value => value === 20,
          'first scrape',
        )
        // Load: 20 requests each 250 ms until it was scraped ten times, so 80 a second at most.
        const firstMs = performance.now()
        let sent = 0
        await until(
          async () => {
            await sleep(150)
            await post(`${url}/v1/metrics`, metrics([requests()], { from: recorder }))
            await post(`${url}/v1/traces`, traces([span()], recorder))
            sent += 20
            return prometheus.value(`count_over_time(${name}_count[10s])`)
          },
          count => (count ?? 0) >= 10 && performance.now() - firstMs > 11_000,
          'ten scrapes',
        )
        const seconds = (performance.now() - firstMs) / 1e3
        const rate = await prometheus.value(`rate(${name}_count[10s])`)
        const answer = (await (await fetch(`${url}/api/routes?since=10s`)).json()) as RoutesAnswer
        const [route] = answer.routes
        // Both look at the last ten seconds, a scrape of a second apart.
        assert.ok(near(rate, sent / seconds, 0.25), `${rate} for ${sent / seconds}`)
        assert.ok(near(rate, route?.rate ?? 0, 0.25), `${rate} for ${route?.rate}`)
        // Half of the requests and nine tenths end with a bucket each: there a rounded rate decides.
        for (const [q, ms] of [
          [0.4, 31.25],
          [0.8, 125],
          [0.95, route?.p95Ms],
        ] as const) {
          const of = `histogram_quantile(${q}, sum by (le) (rate(${name}_bucket[10s])))`
          const value = ((await prometheus.value(of)) ?? 0) * 1e3
          // A straight line in a bucket that is 41 % wide.
          const [low, high] = [(ms ?? 0) / Math.SQRT2, (ms ?? 0) * Math.SQRT2]
          assert.ok(value >= low && value <= high, `quantile ${q}: ${value} for ${ms} ms`)
        }
        const found = await until(
          () => prometheus.exemplars(`${name}_bucket`),
          list => list.length > 0,
          'exemplar',
        )
        assert.equal(found[0]?.['trace_id'], '0af7651916cd43dd8448eb211c80319c')
        assert.equal(await prometheus.value('up'), 1)
      })
    }))

  test('takes a restart of the console for what it is: a counter that begins again', () =>
    withPlace(async place => {
      const first = await place.start()
      const port = Number(new URL(first.url).port)
      await withPrometheus(first.url, async prometheus => {
        const count = 'http_server_request_duration_seconds_count'
        for (let n = 0; n < 3; n++) await post(`${first.url}/v1/metrics`, metricsOf([requests()]))
        await until(
          () => prometheus.value(count),
          value => value === 60,
          'count of 60',
        )
        await first.close()
        const second = await place.start({ port })
        await post(`${second.url}/v1/metrics`, metricsOf([requests()]))
        await until(
          () => prometheus.value(count),
          value => value === 20,
          'count of 20',
        )
        assert.equal(await prometheus.value(`resets(${count}[5m])`), 1)
        assert.ok(((await prometheus.value(`increase(${count}[5m])`)) ?? -1) >= 20)
      })
    }))
})
