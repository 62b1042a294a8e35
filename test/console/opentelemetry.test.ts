import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fixtures } from '../places.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { TestConsole } from '../processes/console.js'
import { Program } from '../processes/program.js'
import { getAll } from '../processes/requests.js'
import { until } from '../processes/until.js'
import { companyFolder } from '../run/company.js'

describe('an app with the OpenTelemetry SDK, and nothing of ours in it', () => {
  let postgres: Postgres
  before(async () => void (postgres = await startPostgres()))
  after(() => postgres.stop())

  test('sends to the console as to any collector, and its N+1 is found', async () => {
    await using console = await TestConsole.start()
    const tracer = join(fixtures, 'company', 'tracers', 'opentelemetry.cjs')
    await using app = Program.node(['--require', tracer, join(fixtures, 'company', 'api.cjs')], {
      env: {
        COMPANY: companyFolder(),
        DATABASE_URL: postgres.url,
        OTEL_SERVICE_NAME: 'people',
        OTEL_EXPORTER_OTLP_ENDPOINT: console.url,
        OTEL_BSP_SCHEDULE_DELAY: '100',
        OTEL_LOGS_EXPORTER: 'none',
        OTEL_NODE_RESOURCE_DETECTORS: 'none',
      },
    })
    const [, port] = await app.line(/port (\d+)/)
    const urls = Array.from({ length: 10 }, () => `http://127.0.0.1:${port}/people`)
    assert.deepEqual(await getAll(urls, 1), { 200: 10 })
    const { findings } = await until(
      () => console.ask('findings', 'since=1h'),
      answer => answer.findings.length > 0 && answer.findings[0]?.evidence.of === urls.length,
      'a finding from all ten requests',
    )
    const [finding, ...others] = findings
    assert.equal(finding?.kind, 'n-plus-one')
    assert.equal(finding.route, 'GET /people')
    assert.match(finding.subject, /select typname from pg_type where oid = \$1/)
    assert.equal(finding.evidence.calls, 25)
    assert.deepEqual(others, [])
  })
})
