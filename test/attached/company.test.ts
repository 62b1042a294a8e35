import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fixtures } from '../places.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { TestConsole } from '../processes/console.js'
import { Program, register } from '../processes/program.js'
import { Receiver } from '../processes/receiver.js'
import { getAll } from '../processes/requests.js'
import { until } from '../processes/until.js'
import { companyFolder } from '../run/company.js'

const requests = 20

/** What shows, in what each tool sends, that it recorded the request and its statement. */
const tools = {
  opentelemetry: [/\/v1\/traces/, /\/orders\/:id/, /select \$1::int as order_id/],
  datadog: [/\/v0\.\d\/traces/, /\/orders\/:id/, /select \$1::int as order_id/],
  sentry: [/\/envelope\//, /GET \/orders\/:id/, /select \$1::int as order_id/],
}
type Tool = keyof typeof tools

const tracerFile = (tool: Tool): string => join(fixtures, 'company', 'tracers', `${tool}.cjs`)

/** Node runs --require before --import, and the flags of one kind in their order. */
const orders: readonly (readonly [title: string, flags: (tool: Tool) => readonly string[]])[] = [
  ['loaded before us', tool => ['--require', tracerFile(tool), '--import', register]],
  ['loaded after us', tool => ['--import', register, '--import', tracerFile(tool)]],
  ['started by the app itself', () => ['--import', register]],
]

describe('beside another tool in the same process, both record', () => {
  let postgres: Postgres
  let company = ''
  before(async () => {
    company = companyFolder()
    postgres = await startPostgres()
  })
  after(() => postgres.stop())

  for (const tool of Object.keys(tools) as Tool[]) {
    for (const [title, flags] of orders) {
      test(`${tool}, ${title}`, async () => {
        await using console = await TestConsole.start()
        await using receiver = await Receiver.start()
        const env = {
          ...console.env,
          ...settings(receiver.url),
          COMPANY: company,
          DATABASE_URL: postgres.url,
          ...(title === 'started by the app itself' ? { TRACER: tracerFile(tool) } : {}),
        }
        const api = join(fixtures, 'company', 'api.cjs')
        await using app = Program.node([...flags(tool), api], { env })
        const [, port] = await app.line(/port (\d+)/)
        await answersRight(Number(port))
        await recordsEachOnce(console)
        for (const sign of tools[tool]) {
          await until(
            () => receiver.text,
            text => sign.test(text),
            `${tool} to send ${sign}`,
          )
        }
      })
    }
  }
})

/** Sends often, asks no cloud where it runs. */
const settings = (receiver: string): Record<string, string> => ({
  RECEIVER: receiver,
  OTEL_EXPORTER_OTLP_ENDPOINT: receiver,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_BSP_SCHEDULE_DELAY: '100',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  OTEL_NODE_RESOURCE_DETECTORS: 'none',
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  HOTPATH_SERVICE: 'api',
})

async function answersRight(port: number): Promise<void> {
  const url = `http://127.0.0.1:${port}/orders/7`
  assert.deepEqual(await (await fetch(url)).json(), [7, 1, 'Ada'])
  const rest = Array.from({ length: requests - 1 }, () => url)
  assert.deepEqual(await getAll(rest, 5), { 200: requests - 1 })
}

async function recordsEachOnce(console: TestConsole): Promise<void> {
  await until(
    () => console.ask('routes', 'since=1h'),
    ({ routes }) => routes.some(row => row.count >= requests),
    'all requests in the histograms',
  )
  const { routes } = await console.ask('routes', 'since=1h')
  assert.deepEqual(
    routes.map(({ route, count }) => ({ route, count })),
    [{ route: 'GET /orders/:id', count: requests }],
  )
  const { statements, notes } = await console.ask('statements', 'since=1h')
  assert.deepEqual(
    statements.map(({ statement, count }) => `${count} ${statement}`).sort(),
    ['$1::int as order_id', '$1::text as customer', '? as line'].map(
      text => `${requests} select ${text}`,
    ),
  )
  assert.deepEqual(notes, [])
}
