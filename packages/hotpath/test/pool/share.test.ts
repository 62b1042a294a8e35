import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { bothWays, type Ending, withoutFrames } from '../differential.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { casesOf, lines } from './printed.js'

const SCHEMA = `
  create role guest login;
  create role owner;
  create role mapped login in role owner;
  alter role mapped set role = 'owner';
  create role secret login password 'right';
  create table notes (n int);
  create sequence numbers;`

/** Whoever is `secret` must say the password, all others need none. */
const ACCESS = `
  host all secret 127.0.0.1/32 scram-sha-256
  host all all 127.0.0.1/32 trust`

/**
 * The judge is the app without us: each of its requests must give the same, whoever used the
 * connection before.
 */
describe('an app that opens a client per request, with pool.share as without', () => {
  let postgres: Postgres
  let bare: Ending
  let shared: Ending
  before(async () => {
    postgres = await startPostgres()
    await prepare(postgres.url)
    const file = 'pool-share/app.cjs'
    const env = { DATABASE_URL: postgres.url, HOTPATH_ENDPOINT: 'http://127.0.0.1:1' }
    ;({ bare, attached: shared } = await bothWays({ file, env }))
  })
  after(() => postgres.stop())

  test('every request gives what it gives without us', () => {
    const [expected, got] = [casesOf(bare), casesOf(shared)]
    assert.ok(expected.size > 25)
    for (const [title, given] of expected) assert.deepEqual(got.get(title), given, String(title))
    assert.equal(got.size, expected.size)
  })

  test('ten requests use one connection, where they used ten', () => {
    assert.deepEqual(countsOf(bare), { backends: 10, parallel: 40 })
    assert.deepEqual(countsOf(shared), { backends: 1, parallel: 40 })
  })

  test('the process ends by itself, as it would without us', () => {
    assert.deepEqual(
      { code: shared.code, signal: shared.signal, stderr: withoutFrames(shared.stderr) },
      { code: 0, signal: null, stderr: withoutFrames(bare.stderr) },
    )
  })
})

async function prepare(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(SCHEMA)
  const { rows } = await client.query<{ hba_file: string }>('show hba_file')
  for (const [n, line] of ACCESS.trim().split('\n').entries()) {
    await client.query('create table if not exists access (n int, line text)')
    await client.query('insert into access values ($1, $2)', [n, line.trim()])
  }
  await client.query(
    `copy (select line from access order by n) to '${rows[0]?.hba_file}' with (format text)`,
  )
  await client.query('select pg_reload_conf()')
  await client.end()
}

const countsOf = (ending: Ending): unknown => lines(ending).at(-1)
