import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import mysql from 'mysql2/promise'
import { bothWays, type Ending, withoutFrames } from '../differential.js'
import { observe, ObservedApp } from '../observed.js'
import { type MariaDb, missingMariaDb, startMariaDb } from './mariadb.js'
import { casesOf, lines } from './printed.js'
import { startRelay } from './relay.js'

const SCHEMA = `
  create table notes (n int);
  create table numbered (id int auto_increment primary key, note text);
  create user guest@'127.0.0.1';
  grant all on app.* to guest@'127.0.0.1';
  create user secret@'127.0.0.1' identified by 'right';
  grant all on app.* to secret@'127.0.0.1';
  create user few@'127.0.0.1' with max_user_connections 3;
  grant all on app.* to few@'127.0.0.1';
  create role reader;
  grant select on app.* to reader;
  grant reader to app@'127.0.0.1';
  grant select on mysql.* to app@'127.0.0.1';
  grant process, connection admin on *.* to app@'127.0.0.1';`

const APP = 'pool-share-mysql2/serve.cjs'
const ID = 'select connection_id() as id'

const missing = missingMariaDb()

describe('connections of mysql2 that are opened per request', { skip: missing ?? false }, () => {
  let mariadb: MariaDb
  before(async () => {
    mariadb = await startMariaDb()
    await asRoot(SCHEMA)
  })
  after(() => mariadb.stop())

  /**
   * The judge is the app without us: each of its requests must give the same, whoever used the
   * connection before.
   */
  describe('with pool.share as without', () => {
    let bare: Ending
    let shared: Ending
    before(async () => {
      const env = { DATABASE_URL: mariadb.url, HOTPATH_ENDPOINT: 'http://127.0.0.1:1' }
      const program = { file: 'pool-share-mysql2/app.cjs', env }
      ;({ bare, attached: shared } = await bothWays(program))
    })

    test('every request gives what it gives without us', () => {
      const [expected, got] = [casesOf(bare), casesOf(shared)]
      assert.ok(expected.size > 30)
      for (const [title, given] of expected) assert.deepEqual(got.get(title), given, String(title))
      assert.equal(got.size, expected.size)
    })

    test('ten requests use one session, where they used ten', () => {
      assert.deepEqual(lines(bare).at(-1), { backends: 10, parallel: 40 })
      assert.deepEqual(lines(shared).at(-1), { backends: 1, parallel: 40 })
    })

    test('the process ends by itself, as it would without us', () => {
      assert.deepEqual(
        { code: shared.code, signal: shared.signal, stderr: withoutFrames(shared.stderr) },
        { code: 0, signal: null, stderr: withoutFrames(bare.stderr) },
      )
    })
  })

  test('what became of connections is counted', async () => {
    const app = await ObservedApp.start(APP, { DATABASE_URL: mariadb.url })
    for (let n = 0; n < 3; n++) await ask(app, ID)
    await ask(app, 'set role reader')
    await ask(app, ID, { own: 'yes' })
    const { errors } = await app.finish()
    const counts: Record<string, number> = {}
    for (const { metric, attributes, value } of app.collector.points) {
      if (metric !== 'hotpath.pool.share') continue
      const key = Object.values(attributes).join(' ')
      counts[key] = (counts[key] ?? 0) + value
    }
    assert.deepEqual(counts, {
      'closed role': 1,
      kept: 3,
      opened: 1,
      reused: 3,
      'unshared stream': 1,
    })
    assert.deepEqual(errors, [])
  })

  test('connections with TLS are shared, with TLS', async () => {
    const { errors } = await withApp(async app => {
      const cipher = `select connection_id() as id, variable_value <> '' as safe
        from information_schema.session_status where variable_name = 'Ssl_cipher'`
      const first = await ask(app, cipher, { tls: 'yes' })
      assert.equal((first as [{ safe: number }])[0].safe, 1)
      assert.deepEqual(await ask(app, cipher, { tls: 'yes' }), first)
      const [plain] = (await ask(app, cipher)) as [{ safe: number }]
      assert.equal(plain.safe, 0)
    })
    assert.deepEqual(errors, [])
  })

  test('idle connections make room where the server has no place left', async () => {
    const { errors } = await withApp(async app => {
      const user = { user: 'few' }
      await Promise.all(Array.from({ length: 3 }, () => ask(app, 'do sleep(0.3)', user)))
      // Three lie idle, and the user may have no more. These options are not theirs.
      const other = { ...user, timezone: 'Z' }
      assert.deepEqual(await ask(app, 'select 1 as n', other), [{ n: 1 }])
    })
    assert.deepEqual(errors, [])
  })

  test('a limit that is not ours is told as without us', async () => {
    await withApp(async app => {
      const four = await Promise.all(
        Array.from({ length: 4 }, () => ask(app, 'do sleep(0.5)', { user: 'few' })),
      )
      assert.deepEqual(
        four.filter(answer => typeof answer === 'string'),
        [
          "ER_USER_LIMIT_REACHED: User 'few' has exceeded the 'max_user_connections' resource (current value: 3)",
        ],
      )
    })
  })

  test('a connection that a firewall dropped is found out before a request has it', async () => {
    const relay = await startRelay(mariadb.port)
    try {
      await withApp(async app => {
        const first = await ask(app, ID)
        assert.deepEqual(await ask(app, ID), first)
        relay.freeze()
        const frozenAt = performance.now()
        // Used so recently, it would not be asked.
        while (performance.now() - frozenAt < 60) await new Promise(setImmediate)
        const next = (await ask(app, ID)) as [{ id: number }]
        assert.equal(typeof next[0].id, 'number')
        assert.notDeepEqual(next, first)
      }, relay.port)
    } finally {
      await relay.stop()
    }
  })

  test('where the server does something in each new session, none is shared', async () => {
    await asRoot(`set global init_connect = 'set @first = 1'`)
    try {
      const { output, errors } = await withApp(async app => {
        for (let n = 0; n < 3; n++) {
          assert.deepEqual(await ask(app, 'select @first as first', { user: 'guest' }), [
            { first: 1 },
          ])
        }
      })
      assert.equal(output.split('runs init_connect in each new session').length, 2, output)
      assert.deepEqual(errors, [])
    } finally {
      await asRoot(`set global init_connect = ''`)
    }
  })

  /** What a request of the app answers. */
  async function ask(app: ObservedApp, q: string, options = {}): Promise<unknown> {
    return (await fetch(`${app.url}/?${new URLSearchParams({ ...options, q })}`)).json()
  }

  function withApp(use: (app: ObservedApp) => Promise<void>, port = mariadb.port) {
    return observe(APP, use, { DATABASE_URL: `mysql://app@127.0.0.1:${port}/app` })
  }

  async function asRoot(sql: string): Promise<void> {
    const options = { host: '127.0.0.1', port: mariadb.port, user: 'root', database: 'app' }
    const connection = await mysql.createConnection({ ...options, multipleStatements: true })
    await connection.query(sql)
    await connection.end()
  }
})
