import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { TraceAnswer } from '@hotpath/console'
import { fixtures } from '../places.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { ask, askTrace } from '../processes/console.js'
import { hotpathBin, Program } from '../processes/program.js'
import { getAll } from '../processes/requests.js'
import { until } from '../processes/until.js'

const clients = 32
const requestsOfEach = 10
const ways = ['promise', 'callback', 'client', 'connect_callback', 'after']

describe('32 clients over a pool of 10 connections, under `hotpath dev`', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-dev-'))
  let postgres: Postgres
  let dev: Program
  let url = ''
  before(async () => {
    postgres = await startPostgres()
    const app = join(fixtures, 'apps', 'attribution.cjs')
    dev = Program.node([hotpathBin, 'dev', '--port', '0', '--', 'node', app], {
      cwd: folder,
      env: { DATABASE_URL: postgres.url },
    })
    const [, port] = await dev.line(/port (\d+)/)
    url = /console at (http\S+)/.exec(dev.stderr)?.[1] ?? ''
    await load(`http://127.0.0.1:${port}`, url)
  })
  after(async () => {
    dev.kill('SIGTERM')
    assert.equal((await dev.ended).code, 0, dev.stderr)
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('each request is counted on its own route', async () => {
    const { routes } = await ask(url, 'routes', 'since=1h')
    assert.deepEqual(
      Object.fromEntries(routes.map(row => [row.route, row.count])),
      Object.fromEntries(numbers.map(n => [`GET /r${n}`, requestsOfEach])),
    )
  })

  test('each statement is counted once', async () => {
    const { statements } = await ask(url, 'statements', 'since=1h')
    const counts = Object.fromEntries(statements.map(row => [nameIn(row.statement), row.count]))
    const expected = numbers.flatMap(n => ways.map(way => [`route_${n}_${way}`, requestsOfEach]))
    assert.deepEqual(counts, Object.fromEntries(expected))
  })

  test('each trace holds the five statements of its own request, in order, and no other', async () => {
    const { traces } = await ask(url, 'traces', 'since=1h&limit=32')
    assert.ok(traces.length >= clients, `${traces.length} traces were kept`)
    for (const { traceId, route } of traces) {
      const trace = await askTrace(url, traceId, 'expand=1')
      const number = route.replace('GET /r', '')
      assert.deepEqual(
        statementsOf(trace),
        ways.map(way => `route_${number}_${way}`),
        `${route}, trace ${traceId}`,
      )
    }
  })
})

const numbers = Array.from({ length: clients }, (_, n) => n)

/** Every client has its own route, so that a statement shows whose it is. */
async function load(app: string, url: string): Promise<void> {
  const once = numbers.map(n => `${app}/r${n}`)
  const urls = Array.from({ length: requestsOfEach }, () => once).flat()
  assert.deepEqual(await getAll(urls, clients), { 200: clients * requestsOfEach })
  await until(
    () => ask(url, 'routes', 'since=1h'),
    answer => answer.routes.reduce((sum, row) => sum + row.count, 0) === urls.length,
    'all requests in the histograms',
  )
}

function statementsOf(trace: TraceAnswer): string[] {
  return trace.rows.flatMap(row => {
    const text = row.attributes['db.query.text']
    return typeof text === 'string' ? [nameIn(text)] : []
  })
}

const nameIn = (statement: string): string => /route_\d+_\w+/.exec(statement)?.[0] ?? statement
