import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { renewAfterMs } from '../../dist/pool/lifetime.js'
import { observe, ObservedApp } from '../observed.js'
import { type Postgres, startPostgres } from '../postgres.js'

const APP = 'pool-watch/app.cjs'

const ask = async (app: ObservedApp, path: string): Promise<unknown> =>
  (await fetch(`${app.url}${path}`)).json()

describe('of a pool of pg', () => {
  let postgres: Postgres
  let env: Record<string, string>
  before(async () => {
    postgres = await startPostgres()
    env = { DATABASE_URL: postgres.url }
  })
  after(() => postgres.stop())

  test('a connection that does not come back is reported with its borrower, once a place', async () => {
    const app = await ObservedApp.start(APP, env)
    await ask(app, '/leak')
    await ask(app, '/leak')
    await ask(app, '/in-time')
    // A statement of the pool’s own that takes long is no leak: nobody forgot it.
    await ask(app, '/long-statement')
    await app.collector.until(({ points }) => sum(points, 'hotpath.pool.leaks') === 2)
    await ask(app, '/give-back')
    const { output, spans, errors } = await app.finish()
    const reports = output.split('\n').filter(line => line.startsWith('hotpath:'))
    assert.equal(reports.length, 1, output)
    assert.match(
      reports[0] ?? '',
      /^hotpath: a connection of 127\.0\.0\.1:\d+\/postgres was borrowed [\d.]+ s ago and has not come back\. Release it in a finally block\./,
    )
    assert.match(output, /^ +at .*\/leak.*pool-watch\/app\.cjs:\d+:\d+\)$/m)
    assert.equal(sum(app.collector.points, 'hotpath.pool.leaks'), 2)
    const leaks = spans.filter(span => span.attributes['hotpath.leak'] === 'connection')
    const requests = new Map(spans.filter(span => span.kind === 2).map(span => [span.spanId, span]))
    assert.equal(leaks.length, 2)
    for (const leak of leaks) {
      assert.match(String(leak.attributes['code.file.path']), /app\.cjs$/)
      assert.equal(requests.get(leak.parentId ?? '')?.traceId, leak.traceId)
    }
    assert.deepEqual(errors, [])
  })

  test('a borrower that was not looked at is told by another of its route; the next by itself', async () => {
    const app = await ObservedApp.start(APP, env)
    const leaked = (n: number) =>
      app.collector.until(({ points }) => sum(points, 'hotpath.pool.leaks') === n)
    for (let n = 1; n <= 7; n++) await ask(app, '/sometimes')
    await leaked(1)
    for (let n = 8; n <= 9; n++) await ask(app, '/sometimes')
    await leaked(2)
    await ask(app, '/give-back')
    const { output, errors } = await app.finish()
    const [first = '', second = ''] = output.split(/^hotpath: a connection/m).slice(1)
    assert.match(first, /Its stack was not taken.*another was borrowed\n +at .*\/sometimes/)
    assert.doesNotMatch(first, /seldom/)
    assert.match(second, /It was borrowed\n +at oftenForgotten/)
    assert.deepEqual(errors, [])
  })

  test('waits, use, creation and age are measured', async () => {
    const app = await ObservedApp.start(APP, env)
    for (let n = 0; n < 3; n++) await ask(app, '/in-time')
    await app.finish()
    const count = (metric: string) =>
      app.collector.counted(metric, {
        'db.client.connection.pool.name': `127.0.0.1:${postgres.port}/postgres`,
      })
    assert.deepEqual(
      {
        wait: count('db.client.connection.wait_time'),
        use: count('db.client.connection.use_time'),
        create: count('db.client.connection.create_time'),
        age: count('hotpath.pool.age'),
      },
      { wait: 3, use: 3, create: 1, age: 1 },
    )
  })

  test('the server is asked once what it has room for, and nobody’s statement is counted for it', async () => {
    const app = await ObservedApp.start(APP, env)
    for (let n = 0; n < 3; n++) await ask(app, '/in-time')
    const { collector } = app
    await collector.until(({ points }) =>
      points.some(({ metric }) => metric === 'hotpath.pool.server_max'),
    )
    const { spans, errors } = await app.finish()
    const rooms = collector.points.filter(({ metric }) => metric === 'hotpath.pool.server_max')
    // PostgreSQL's default is 100, of which 3 are for superusers.
    assert.equal(rooms.at(-1)?.value, 97)
    assert.equal(collector.counted('db.client.operation.duration'), 3)
    assert.equal(spans.filter(({ name }) => name.startsWith('SELECT')).length, 3)
    assert.deepEqual(errors, [])
  })

  test('it is not asked over a connection of the app, whose `query` may be a wrapper', async () => {
    const app = await ObservedApp.start(APP, env)
    await ask(app, '/wrapped')
    await app.collector.until(({ points }) =>
      points.some(({ metric }) => metric === 'hotpath.pool.server_max'),
    )
    const { code, output, errors } = await app.finish()
    assert.equal(code, 0)
    assert.equal(output, '')
    assert.deepEqual(errors, [])
  })

  test('who comes when maxWaiting callers wait is refused at once, and told what to do', async () => {
    const { errors } = await observe(
      APP,
      async app => {
        const message =
          'HOTPATH_POOL_QUEUE: All 1 connections of the pool are in use, and 2 callers wait already (pool.maxWaiting is 2). Answer 503, let fewer requests in, or make statements shorter before the pool larger.'
        assert.deepEqual(await ask(app, '/queue'), [
          message,
          message,
          'HOTPATH_POOL_QUEUE undefined function',
          [{ n: 1 }],
        ])
      },
      env,
    )
    assert.deepEqual(errors, [])
  })

  test('a client that is slow to begin does not keep its caller, nor its slot, past the timeout', async () => {
    await observe(
      APP,
      async app => {
        const late = 'undefined: timeout exceeded when trying to connect'
        // The second would wait for the slot of the first for ever.
        assert.deepEqual(await ask(app, '/late'), [late, late, 0])
        await ask(app, '/in-time')
      },
      env,
    )
  })

  test('a hook that hangs does not either, and its connection is closed', async () => {
    await using admin = await connected(postgres.url)
    await observe(
      APP,
      async app => {
        assert.deepEqual(await ask(app, '/hangs'), [
          'undefined: timeout exceeded when trying to connect',
          0,
        ])
        const left = `select 1 from pg_stat_activity where application_name = 'hooked'`
        const deadline = Date.now() + 10_000
        while (((await admin.client.query(left)).rowCount ?? 0) > 0)
          assert.ok(Date.now() < deadline)
      },
      env,
    )
  })

  test('a connection is renewed after its lifetime, idle or not', async () => {
    await observe(
      APP,
      async app => {
        const first = await ask(app, '/backend')
        const deadline = Date.now() + 15_000
        while ((await ask(app, '/backend')) === first) assert.ok(Date.now() < deadline)
      },
      env,
    )
  })
})

test('lifetimes are spread over the last tenth', () => {
  assert.equal(
    renewAfterMs(1000, () => 0),
    1000,
  )
  assert.equal(
    renewAfterMs(1000, () => 0.5),
    950,
  )
  assert.ok(renewAfterMs(1000, () => 0.999999) > 900)
})

async function connected(connectionString: string) {
  const client = new pg.Client({ connectionString })
  await client.connect()
  return { client, [Symbol.asyncDispose]: () => client.end() }
}

function sum(points: readonly { metric: string; value: number }[], metric: string): number {
  return points.filter(point => point.metric === metric).reduce((all, one) => all + one.value, 0)
}
