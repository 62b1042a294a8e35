import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { observe, ObservedApp } from '../observed.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { missingPgBouncer, startPgBouncer } from './pgbouncer.js'
import { startRelay } from './relay.js'

const APP = 'pool-share/serve.cjs'
const PID = 'select pg_backend_pid() as pid'

/** What a request of the app answers. */
async function ask(app: ObservedApp, q: string, options = {}): Promise<unknown> {
  const search = new URLSearchParams({ ...options, q })
  return (await fetch(`${app.url}/?${search}`)).json()
}

describe('with pool.share', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgres()
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    await client.query('create role few login connection limit 3')
    await client.end()
  })
  after(() => postgres.stop())

  test('what became of clients is counted', async () => {
    const app = await ObservedApp.start(APP, { DATABASE_URL: postgres.url })
    for (let n = 0; n < 3; n++) await ask(app, PID)
    await ask(app, 'listen news')
    await ask(app, PID, { subclass: 'yes' })
    await app.finish()
    const counts = app.collector.points
      .filter(point => point.metric === 'hotpath.pool.share')
      .map(({ attributes, value }) => [Object.values(attributes).join(' '), value])
      .sort()
    assert.deepEqual(sums(counts as [string, number][]), {
      'closed listen': 1,
      kept: 3,
      opened: 1,
      reused: 3,
      'unshared subclass': 1,
    })
  })

  test('idle connections make room where the server has no place left', async () => {
    const { errors } = await observe(
      APP,
      async app => {
        const busy = 'select pg_sleep(0.3)'
        const user = { user: 'few' }
        await Promise.all(Array.from({ length: 3 }, () => ask(app, busy, user)))
        // Three lie idle, and the role may have no more. These options are not theirs.
        const other = { ...user, application_name: 'other' }
        assert.deepEqual(await ask(app, 'select 1 as n', other), [{ n: 1 }])
      },
      { DATABASE_URL: postgres.url },
    )
    assert.deepEqual(errors, [])
  })

  test('a limit that is not ours is told as without us', async () => {
    await observe(
      APP,
      async app => {
        const four = await Promise.all(
          Array.from({ length: 4 }, () => ask(app, 'select pg_sleep(0.5)', { user: 'few' })),
        )
        assert.deepEqual(
          four.filter(answer => typeof answer === 'string'),
          ['53300: too many connections for role "few"'],
        )
      },
      { DATABASE_URL: postgres.url },
    )
  })

  test('a connection that a firewall dropped is found out before a request has it', async () => {
    const relay = await startRelay(postgres.port)
    try {
      await observe(
        APP,
        async app => {
          const [first] = (await ask(app, PID)) as [{ pid: number }]
          assert.deepEqual(await ask(app, PID), [first])
          relay.freeze()
          const frozenAt = performance.now()
          // Used so recently, it would not be asked.
          while (performance.now() - frozenAt < 60) await new Promise(setImmediate)
          const [next] = (await ask(app, PID)) as [{ pid: number }]
          assert.notEqual(next.pid, first.pid)
        },
        { DATABASE_URL: `postgres://postgres@127.0.0.1:${relay.port}/postgres` },
      )
    } finally {
      await relay.stop()
    }
  })

  const missing = missingPgBouncer()
  test('pgbouncer in transaction mode is left alone', { skip: missing ?? false }, async () => {
    const relay = await startRelay(postgres.port)
    const bouncer = await startPgBouncer(relay.port)
    try {
      const { output, errors } = await observe(
        APP,
        async app => {
          for (let n = 0; n < 5; n++) assert.deepEqual(await ask(app, 'select 1 as n'), [{ n: 1 }])
          const many = await Promise.all(
            Array.from({ length: 20 }, () => ask(app, 'select 1 as n')),
          )
          assert.ok(many.every(answer => JSON.stringify(answer) === '[{"n":1}]'))
        },
        { DATABASE_URL: `postgres://postgres@127.0.0.1:${bouncer.port}/postgres` },
      )
      assert.equal(output.split('pool.share: a pooler such as pgbouncer').length, 2, output)
      assert.match(relay.sent(), /select 1 as n/)
      // It would clean the connection of whoever has it next.
      assert.doesNotMatch(relay.sent(), /DISCARD|ROLLBACK/)
      assert.deepEqual(errors, [])
    } finally {
      await bouncer.stop()
      await relay.stop()
    }
  })
})

function sums(pairs: readonly (readonly [string, number])[]): Record<string, number> {
  const all: Record<string, number> = {}
  for (const [key, value] of pairs) all[key] = (all[key] ?? 0) + value
  return all
}
