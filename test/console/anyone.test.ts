import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fixtures } from '../places.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { TestConsole } from '../processes/console.js'
import { Program, register } from '../processes/program.js'
import { getAll } from '../processes/requests.js'
import { until } from '../processes/until.js'
import { installed, type Installed } from '../run/company.js'

/** How often each route of the shop is asked. */
const rounds = 5
const paths = ['people', 'inlined', 'parallel', 'built', 'calls', 'fails'] as const
/** `calls` asks `/shop/one/:id` four times. */
const asked: Readonly<Record<string, number>> = {
  ...Object.fromEntries(paths.map(name => [`GET /shop/${name}/:id`, rounds])),
  'GET /shop/one/:id': 4 * rounds,
}

/** Each statement of the shop, as our recorder sends it, with the calls in one request of its route. */
const statements: Readonly<Record<string, number>> = {
  'select typname from pg_type where oid = $1': 25,
  'select typlen from pg_type where oid = ?': 25,
  'select typowner from pg_type where oid = $1': 25,
  'select "relname" from "pg_class" where "oid" = $1': 25,
  'select $1::int as one': 4,
  'select ?/? as secret_of_ann where ? = ?': 1,
}

/** Statement and route of each loop. */
const loops = [
  'GET /shop/built/:id: 25 × select "relname" from "pg_class" where "oid" = $1',
  'GET /shop/inlined/:id: 25 × select typlen from pg_type where oid = ?',
  'GET /shop/parallel/:id: 25 × select typowner from pg_type where oid = $1',
  'GET /shop/people/:id: 25 × select typname from pg_type where oid = $1',
]

/** An SDK, the conventions that it is asked for, and how it sends. */
interface Way {
  readonly title: string
  readonly sdk: Installed
  readonly framework: 'express' | 'fastify' | 'node'
  readonly env: Readonly<Record<string, string>>
}

const ways: readonly Way[] = [
  {
    title: 'today’s SDK, protobuf, cumulative',
    sdk: 'company',
    framework: 'express',
    env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
  },
  {
    title: 'today’s SDK on Fastify, whose routes it does not see, JSON, delta',
    sdk: 'company',
    framework: 'fastify',
    env: {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
    },
  },
  {
    title: 'today’s SDK on bare node:http, exponential histograms, gzip',
    sdk: 'company',
    framework: 'node',
    env: {
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION:
        'base2_exponential_bucket_histogram',
    },
  },
  {
    title: 'the SDK of 2025 with the names of before, protobuf',
    sdk: 'yesterday',
    framework: 'express',
    env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
  },
  {
    title: 'the SDK of 2025 with both names for everything, JSON, delta',
    sdk: 'yesterday',
    framework: 'express',
    env: {
      OTEL_SEMCONV_STABILITY_OPT_IN: 'http/dup,database/dup',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
    },
  },
  {
    title: 'the SDK of 2025 with the stable names, on Fastify, with spans for files',
    sdk: 'yesterday',
    framework: 'fastify',
    env: {
      OTEL_SEMCONV_STABILITY_OPT_IN: 'http,database',
      OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,fastify,pg,knex,undici,net,dns,fs',
    },
  },
]

describe('a shop that knows nothing of tracing', () => {
  let postgres: Postgres
  before(async () => void (postgres = await startPostgres()))
  after(() => postgres.stop())

  test('with our recorder attached is the measure for all others', async () => {
    await using console = await TestConsole.start()
    const env = { ...console.env, COMPANY: installed('company'), HOTPATH_SERVICE: 'shop' }
    await using app = await shop(['--import', register], env)
    await load(app)
    await isUnderstood(console)
  })

  for (const { title, sdk, framework, env } of ways)
    test(`is understood from ${title}`, async () => {
      await using console = await TestConsole.start()
      const tracer = join(fixtures, 'company', 'tracers', 'opentelemetry.cjs')
      await using app = await shop(['--require', tracer], {
        COMPANY: installed(sdk),
        FRAMEWORK: framework,
        OTEL_SERVICE_NAME: 'shop',
        OTEL_EXPORTER_OTLP_ENDPOINT: console.url,
        OTEL_BSP_SCHEDULE_DELAY: '200',
        OTEL_METRIC_EXPORT_INTERVAL: '500',
        OTEL_METRIC_EXPORT_TIMEOUT: '400',
        OTEL_LOGS_EXPORTER: 'none',
        ...env,
      })
      await load(app)
      await isUnderstood(console)
      await saysWhatItLeftOut(console)
    })

  function shop(flags: readonly string[], env: Record<string, string>): Program {
    return Program.node([...flags, join(fixtures, 'anyone', 'shop.cjs')], {
      env: { DATABASE_URL: postgres.url, ...env },
    })
  }
})

async function load(app: Program): Promise<void> {
  const [, port] = await app.line(/port (\d+)/)
  const url = `http://127.0.0.1:${port}`
  for (const name of paths) {
    const urls = Array.from({ length: rounds }, (_, n) => `${url}/shop/${name}/${n + 1}`)
    assert.deepEqual(await getAll(urls, 1), { [name === 'fails' ? '500' : '200']: rounds })
  }
  assert.deepEqual(await getAll([`${url}/nowhere/17`], 1), { 404: 1 })
}

/** The same routes, statements and loops, counted right, whoever sent them. */
async function isUnderstood(console: TestConsole): Promise<void> {
  const expected = { ...asked, 'GET (no route)': 1 }
  await until(
    () => console.ask('routes', 'since=1h'),
    ({ routes }) => routes.reduce((sum, row) => sum + row.count, 0) >= sumOf(expected),
    'all requests',
  )
  const { routes } = await console.ask('routes', 'since=1h')
  assert.deepEqual(Object.fromEntries(routes.map(row => [row.route, row.count])), expected)
  assert.deepEqual(
    routes.filter(row => row.errors > 0).map(row => [row.route, row.errors]),
    [['GET /shop/fails/:id', rounds]],
  )
  const wanted = Object.fromEntries(
    Object.entries(statements).map(([text, calls]) => [text, calls * rounds]),
  )
  await until(
    () => console.ask('statements', 'since=1h'),
    answer => answer.statements.reduce((sum, row) => sum + row.count, 0) >= sumOf(wanted),
    'all statements',
  )
  const answer = await console.ask('statements', 'since=1h')
  // Knex asks for the version of each new connection.
  const counted = answer.statements.filter(row => row.statement !== 'select version()')
  assert.deepEqual(Object.fromEntries(counted.map(row => [row.statement, row.count])), wanted)
  assert.deepEqual(
    counted.filter(row => row.errors > 0).map(row => row.statement),
    ['select ?/? as secret_of_ann where ? = ?'],
  )
  // What is slow depends on the machine; what loops does not.
  const findings = await until(
    async () => {
      const answered = await console.ask('findings', 'since=1h')
      return answered.findings.filter(
        ({ kind }) => kind === 'n-plus-one' || kind === 'repeated-statement',
      )
    },
    found => found.every(one => one.evidence.of === rounds) && found.length >= loops.length,
    'findings from all requests',
  )
  assert.deepEqual(
    findings.map(one => `${one.route}: ${one.evidence.calls} × ${one.subject}`).sort(),
    loops,
  )
}

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, n) => sum + n, 0)

/** A trace of 25 statements through Knex is a few rows, each statement once, and says what is not shown. */
async function saysWhatItLeftOut(console: TestConsole): Promise<void> {
  const { traces } = await console.ask('traces', 'since=1h&route=GET%20/shop/built/:id')
  const id = traces[0]?.traceId ?? ''
  const { notes, rows } = await console.trace(id)
  const folded = rows.filter(row => row.folded !== undefined)
  assert.deepEqual(
    folded.map(row => [row.folded?.count, row.attributes['db.query.text']]),
    [[25, 'select "relname" from "pg_class" where "oid" = $1']],
  )
  assert.match(notes.join(' '), /25 spans whose statement the driver reported as well/)
  assert.ok(rows.length < 12, JSON.stringify(rows.map(row => row.name)))
  const stored = JSON.stringify(await console.spans(id), (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  assert.doesNotMatch(stored, /Ann|user_agent.*secret|connection_string/)
}
