import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fixtures } from '../places.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { Backend, type Received } from '../processes/backend.js'
import { Program, register } from '../processes/program.js'
import { getAll } from '../processes/requests.js'
import { until } from '../processes/until.js'
import { companyFolder } from '../run/company.js'

describe('the recorder feeds a backend that is not ours', () => {
  let postgres: Postgres
  before(async () => void (postgres = await startPostgres()))
  after(() => postgres.stop())

  /** The shop, attached, after five requests of a route and one that fails. */
  async function shop(env: Record<string, string>): Promise<Program> {
    const app = Program.node(['--import', register, join(fixtures, 'anyone', 'shop.cjs')], {
      env: {
        COMPANY: companyFolder(),
        DATABASE_URL: postgres.url,
        HOTPATH_SERVICE: 'shop',
        HOTPATH_MODE: 'dev',
        ...env,
      },
    })
    const [, port] = await app.line(/port (\d+)/)
    const url = `http://127.0.0.1:${port}/shop`
    await getAll([...Array(5).fill(`${url}/one/7`), `${url}/fails/1`, `${url}/calls/1`], 1)
    return app
  }

  const both = (backend: Backend): Promise<unknown> =>
    until(
      () => backend,
      ({ faults }) => {
        assert.deepEqual(faults, [])
        const whole = backend.of('traces').some(one => /calls/.test(JSON.stringify(one.message)))
        return whole && backend.of('metrics').length > 0
      },
      'traces and metrics',
    )

  for (const protocol of ['http/protobuf', 'http/json'])
    test(`in ${protocol}, valid by the official schema in every field`, async () => {
      await using backend = await Backend.start()
      await using _ = await shop({
        OTEL_EXPORTER_OTLP_ENDPOINT: `${backend.url}/otlp/?tenant=a`,
        OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b',
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      })
      await both(backend)
      const [traces] = backend.of('traces')
      const [metrics] = backend.of('metrics')
      assert.equal(traces?.url, '/otlp/v1/traces?tenant=a')
      assert.equal(metrics?.url, '/otlp/v1/metrics?tenant=a')
      assert.equal(traces.headers['api-key'], 'a b')
      assert.equal(traces.headers['content-encoding'], 'gzip')
      const spans = spansOf(backend.of('traces'))
      const server = spans.find(span => span.name === 'GET /shop/one/:id')
      const statement = spans.find(
        span => span.parentSpanId === server?.spanId && 'db.query.text' in span.attributes,
      )
      assert.equal(Buffer.from(server?.traceId ?? '', 'base64').length, 16)
      assert.equal(server?.kind, 'SPAN_KIND_SERVER')
      assert.equal(statement?.kind, 'SPAN_KIND_CLIENT')
      assert.equal(statement.attributes['db.query.text'], 'select $1::int as one')
      assert.ok(BigInt(server.endTimeUnixNano) > BigInt(server.startTimeUnixNano))
      const failed = spans.find(span => span.name === 'GET /shop/fails/:id')
      assert.equal(failed?.attributes['http.response.status_code'], 500)
      const points = pointsOf(backend.of('metrics'))
      const route = points.filter(point => point.attributes['http.route'] === '/shop/one/:id')
      assert.equal(
        route.reduce((sum, point) => sum + Number(point.count), 0),
        9,
      )
      for (const { count, zeroCount = '0', positive } of points)
        assert.equal(
          positive.bucketCounts.reduce((sum, n) => sum + Number(n), Number(zeroCount)),
          Number(count),
        )
    })

  test('each signal at an endpoint of its own, with headers of its own, uncompressed', async () => {
    await using traces = await Backend.start()
    await using metrics = await Backend.start()
    await using _ = await shop({
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=common',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${traces.url}/in/traces`,
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'api-key=traces',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${metrics.url}/metrics`,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
    })
    await until(
      () => traces.received.length * metrics.received.length,
      n => n > 0,
      'both',
    )
    const { url, headers } = traces.received[0] as Received
    assert.deepEqual([url, headers['api-key']], ['/in/traces', 'traces'])
    assert.equal(headers['content-encoding'], undefined)
    assert.equal(metrics.received[0]?.url, '/metrics')
    assert.equal(metrics.received[0].headers['api-key'], 'common')
    assert.deepEqual([...traces.faults, ...metrics.faults], [])
  })

  test('over TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hotpath-tls-'))
    try {
      const { key, cert, file } = certificate(folder)
      await using backend = await Backend.start({ key, cert })
      await using _ = await shop({
        OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
        NODE_EXTRA_CA_CERTS: file,
      })
      await both(backend)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('a busy backend is asked again after the time that it names, with the same bytes', async () => {
    await using backend = await Backend.start()
    backend.answer = (signal, n) =>
      signal === 'traces' && n === 1 ? [429, { 'retry-after': '2' }] : [200]
    await using _ = await shop({ OTEL_EXPORTER_OTLP_ENDPOINT: backend.url })
    await until(
      () => backend.of('traces').length,
      n => n >= 2,
      'the second attempt',
    )
    const [first, second] = backend.of('traces') as [Received, Received]
    assert.ok(first.bytes.equals(second.bytes))
    assert.ok(second.atMs - first.atMs >= 1_900, 'not before the two seconds were over')
  })

  test('what a backend refuses or leaves out is not sent again, and counted', async () => {
    await using backend = await Backend.start()
    // ExportTraceServiceResponse { partial_success { rejected_spans: 300, error_message: "no" } }
    const partial = Buffer.from([0x0a, 0x07, 0x08, 0xac, 0x02, 0x12, 0x02, 0x6e, 0x6f])
    backend.answer = signal => (signal === 'traces' ? [200, {}, partial] : [200])
    await using app = await shop({ OTEL_EXPORTER_OTLP_ENDPOINT: backend.url })
    const rejected = (): number =>
      pointsOf(backend.of('metrics'), 'hotpath.recorder.dropped')
        .filter(point => point.attributes['reason'] === 'rejected')
        .reduce((sum, point) => sum + Number(point.asInt), 0)
    await until(rejected, n => n >= 300, 'the spans that were left out')
    backend.answer = signal => (signal === 'traces' ? [400] : [200])
    const before = rejected()
    const [, port] = await app.line(/port (\d+)/)
    await getAll([`http://127.0.0.1:${port}/shop/one/8`], 1)
    await until(rejected, n => n > before, 'the spans that were refused')
    const bodies = backend.of('traces').map(one => one.bytes.toString('hex'))
    assert.equal(new Set(bodies).size, bodies.length)
  })
})

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

const plain = (list: readonly Attribute[] = []): Record<string, unknown> =>
  Object.fromEntries(
    list.map(({ key, value }) => {
      const { stringValue, boolValue, intValue, doubleValue } = value
      return [
        key,
        stringValue ?? boolValue ?? (intValue === undefined ? doubleValue : Number(intValue)),
      ]
    }),
  )

interface OfficialSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: Record<string, unknown>
}

function spansOf(received: readonly Received[]): OfficialSpan[] {
  type Raw = Omit<OfficialSpan, 'attributes'> & { attributes: Attribute[] }
  type Message = { resourceSpans: { scopeSpans: { spans: Raw[] }[] }[] }
  return received
    .map(({ message }) => message as unknown as Message)
    .flatMap(({ resourceSpans }) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans))
    .flatMap(({ spans }) => spans.map(span => ({ ...span, attributes: plain(span.attributes) })))
}

interface OfficialPoint {
  readonly count: string
  readonly zeroCount?: string
  readonly positive: { readonly bucketCounts: readonly string[] }
  readonly asInt?: string
  readonly attributes: Record<string, unknown>
}

/** The points of the histograms, or of the counter of this name. */
function pointsOf(received: readonly Received[], counter?: string): OfficialPoint[] {
  type Points = { dataPoints: (Omit<OfficialPoint, 'attributes'> & { attributes: Attribute[] })[] }
  type Raw = { name: string; sum?: Points; exponentialHistogram?: Points }
  type Message = { resourceMetrics: { scopeMetrics: { metrics: Raw[] }[] }[] }
  return received
    .map(({ message }) => message as unknown as Message)
    .flatMap(({ resourceMetrics }) => resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics))
    .flatMap(({ metrics }) => metrics)
    .filter(({ name, sum }) => (counter === undefined ? sum === undefined : name === counter))
    .flatMap(({ sum, exponentialHistogram }) => (sum ?? exponentialHistogram)?.dataPoints ?? [])
    .map(point => ({ ...point, attributes: plain(point.attributes) }))
}

/** A certificate for 127.0.0.1 that vouches for itself. */
function certificate(folder: string): { key: Buffer; cert: Buffer; file: string } {
  const file = join(folder, 'cert.pem')
  const key = join(folder, 'key.pem')
  const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1`
  const made = spawnSync(
    'openssl',
    [...args.split(' '), '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', file],
    { encoding: 'utf8' },
  )
  assert.equal(made.status, 0, `openssl is needed: ${made.error?.message ?? made.stderr}`)
  return { key: readFileSync(key), cert: readFileSync(file), file }
}
