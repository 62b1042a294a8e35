import assert from 'node:assert/strict'
import { chownSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { missingRedis, redisCli, type Server, startRedis, until } from '../cache/servers.js'
import { ObservedApp } from '../observed.js'
import { type MariaDb, missingMariaDb, startMariaDb } from '../pool/mariadb.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { certificate } from '../serve/certificate.js'

const config = fileURLToPath(new URL('../../test/apps/other-drivers.config.mjs', import.meta.url))
const TABLE = 'create table menu (id int primary key, price int)'
const ROW = 'insert into menu values (1, 0)'

interface Got {
  readonly body: string
  readonly hit: boolean
}

class Shop {
  private price = 0
  private constructor(private readonly app: ObservedApp) {}

  static async start(
    environment: Record<string, string>,
    nodeArgs: readonly string[] = [],
  ): Promise<Shop> {
    const env = { HOTPATH_CONFIG: config, ...environment }
    return new Shop(await ObservedApp.start('other-drivers.mjs', env, nodeArgs))
  }

  async get(path: string): Promise<Got> {
    const response = await fetch(`${this.app.url}${path}`)
    const hit = String(response.headers.get('cache-status')).includes('hit')
    return { body: await response.text(), hit }
  }

  async post(path: string): Promise<void> {
    assert.equal((await fetch(`${this.app.url}${path}`, { method: 'POST' })).status, 200)
  }

  /** Asks until the answer comes from the cache. */
  hits(path: string): Promise<void> {
    return until(async () => (await this.get(path)).hit, `a hit of ${path}`, 120_000)
  }

  /** A hit before each write, and after it nothing that is older. */
  async isNeverStale(reads: string, writes: string): Promise<void> {
    for (let n = 0; n < 20; n++) {
      await this.hits(reads)
      const price = ++this.price
      await this.post(`${writes}/${price}`)
      assert.equal((await this.get(reads)).body, String(price), `${reads} after ${writes}`)
    }
  }

  kill(): void {
    this.app.kill()
  }

  /** What it has printed. */
  async end(): Promise<string> {
    const { errors, output } = await this.app.finish()
    assert.deepEqual(errors, [])
    return output
  }
}

/** What is written through a driver whose statements are not read one by one is as old as what pg writes. */
describe('writes through postgres.js', () => {
  let postgres: Postgres
  let shop: Shop
  before(async () => {
    postgres = await startPostgres()
    await prepare(postgres)
    shop = await Shop.start({ PG_URL: postgres.url })
  })
  after(async () => {
    await shop?.end()
    await postgres?.stop()
  })

  const ways = ['postgres', 'postgres-simple', 'postgres-transaction', 'postgres-function', 'pg']
  for (const way of ways)
    for (const reads of ['/pg', '/postgres'])
      test(`${reads} is never older than a write by ${way}`, () =>
        shop.isNeverStale(reads, `/${way}`))
})

describe('writes through postgres.js over TLS', () => {
  let postgres: Postgres
  let shop: Shop
  before(async () => {
    postgres = await startPostgres()
    await prepare(postgres)
    await encrypt(postgres)
    shop = await Shop.start({ PG_URL: postgres.url, TLS: 'yes' })
  })
  after(async () => {
    await shop?.end()
    await postgres?.stop()
  })

  for (const reads of ['/pg', '/postgres'])
    test(`${reads} is never older than one`, () => shop.isNeverStale(reads, '/postgres'))
})

describe('writes through mysql2', { skip: missingMariaDb() ?? false }, () => {
  let postgres: Postgres
  let mariadb: MariaDb
  let shop: Shop
  before(async () => {
    postgres = await startPostgres()
    mariadb = await startMariaDb()
    const url = mariadb.url.replace('app@', 'root@')
    const client = await mysql.createConnection(url)
    await client.query(TABLE)
    await client.query(ROW)
    await client.query(`create function change_price(given int) returns int modifies sql data begin
      update menu set price = given where id = 1; return given; end`)
    await client.end()
    shop = await Shop.start({ PG_URL: postgres.url, MYSQL_URL: mariadb.url })
  })
  after(async () => {
    await shop?.end()
    await mariadb?.stop()
    await postgres?.stop()
  })

  for (const way of ['mysql', 'mysql-execute', 'mysql-function', 'mysql-transaction'])
    for (const reads of ['/mysql', '/mysql-execute'])
      test(`${reads} is never older than a write by ${way}`, () =>
        shop.isNeverStale(reads, `/${way}`))

  test('what is read within a transaction is not kept', async () => {
    for (let n = 0; n < 40; n++) assert.equal((await shop.get('/mysql-transaction')).hit, false)
  })

  test('what is rolled back is never given', async () => {
    await shop.post('/mysql/7')
    await shop.hits('/mysql')
    await shop.post('/leave-open')
    for (let n = 0; n < 30; n++) assert.equal((await shop.get('/mysql')).body, '7')
    await shop.post('/roll-back')
    assert.equal((await shop.get('/mysql')).body, '7')
  })
})

const noGrammar = fileURLToPath(
  new URL('../../../../test/fixtures/batching/no-grammar.cjs', import.meta.url),
)

describe("without PostgreSQL's grammar", () => {
  let postgres: Postgres
  let shop: Shop
  before(async () => {
    postgres = await startPostgres()
    await prepare(postgres)
    shop = await Shop.start({ PG_URL: postgres.url }, ['--require', noGrammar])
  })
  after(async () => {
    await shop?.end()
    await postgres?.stop()
  })

  for (const way of ['pg', 'postgres-transaction'])
    for (const reads of ['/pg', '/postgres'])
      test(`${reads} is never older than a write by ${way}`, () =>
        shop.isNeverStale(reads, `/${way}`))
})

describe('a route that is in the config and mounted by hand', () => {
  let postgres: Postgres
  let shop: Shop
  before(async () => {
    postgres = await startPostgres()
    await prepare(postgres)
    shop = await Shop.start({ PG_URL: postgres.url })
  })
  after(async () => {
    await shop?.end()
    await postgres?.stop()
  })

  test('is never older than a write', async () => {
    // Until both have earned it: then what the one keeps may be a hit of the other.
    for (let n = 0; n < 60; n++) await shop.get('/both')
    await shop.isNeverStale('/both', '/pg')
  })
})

/** What cannot be marked before it is committed: then nobody gives a hit. */
describe('strict, beside a process whose writes are not marked', { skip: missingRedis() }, () => {
  let postgres: Postgres
  let redis: Server
  let shop: Shop
  before(async () => {
    postgres = await startPostgres()
    await prepare(postgres)
    redis = await startRedis()
    shop = await start()
  })
  after(async () => {
    await shop?.end()
    await redis?.stop()
    await postgres?.stop()
  })

  const start = (args: string[] = [], more: Record<string, string> = {}) =>
    Shop.start(
      { PG_URL: postgres.url, STRICT_URL: `redis://127.0.0.1:${redis.port}`, ...more },
      args,
    )
  const told = /in a way that cannot be marked/

  /** For those that were here and never said where they write: as if their leases had ended so long ago. */
  const halfAMinuteLater = () => {
    const age = `for _, one in ipairs(redis.call('zrange', KEYS[1], 0, -1)) do
      redis.call('zincrby', KEYS[1], -31000, one) end`
    redisCli(redis.port, 'eval', age, '1', '{hotpath:strict}:l:?')
  }

  test('that speaks through postgres.js', async () => {
    const other = await start()
    try {
      await other.get('/pg')
      for (let n = 1; n <= 10; n++) {
        // The first write comes over a connection of which nobody knows yet.
        if (n === 1) await shop.hits('/pg')
        else await shop.get('/pg')
        await other.post(`/postgres/${n}`)
        const { body, hit } = await shop.get('/pg')
        assert.deepEqual([body, hit], [String(n), false])
        assert.equal((await other.get('/postgres')).hit, false)
      }
      await other.post('/close-postgres')
      await shop.hits('/pg')
    } finally {
      await other.end()
    }
  })

  test('no process is, that only opened its connections before the config was read', async () => {
    const early = await start([], { EARLY: '1' })
    await early.hits('/pg')
    await shop.hits('/pg')
    await early.post('/pg/50')
    assert.equal((await shop.get('/pg')).body, '50')
    assert.doesNotMatch(await early.end(), told)
  })

  test('it says so once', async () => {
    const early = await start([], { EARLY: '1' })
    await early.post('/postgres/60')
    await early.post('/postgres/61')
    assert.equal((await early.end()).split(told).length, 2)
    assert.equal((await shop.get('/pg')).body, '61')
  })

  test('that has no grammar', async () => {
    await shop.hits('/pg')
    const other = await start(['--require', noGrammar])
    try {
      for (let n = 1; n <= 10; n++) {
        await shop.get('/pg')
        await other.post(`/pg/${n + 100}`)
        assert.equal((await shop.get('/pg')).body, String(n + 100))
        assert.equal((await other.get('/pg')).hit, false)
      }
    } finally {
      await other.end()
    }
    // It is gone.
    halfAMinuteLater()
    await shop.hits('/pg')
  })

  test('that was killed before anybody saw its session', async () => {
    const other = await start(['--require', noGrammar])
    await other.post('/pg/7')
    other.kill()
    halfAMinuteLater()
    await shop.hits('/pg')
    assert.equal((await shop.get('/pg')).body, '7')
  })
})

/** From now on it speaks TLS to who wants it. */
async function encrypt({ url }: Postgres): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query('show data_directory')
  const folder = (rows[0] as { data_directory: string }).data_directory
  const { uid, gid } = statSync(folder)
  for (const [kind, text] of Object.entries(certificate())) {
    const file = join(folder, kind === 'key' ? 'server.key' : 'server.crt')
    writeFileSync(file, text, { mode: 0o600 })
    chownSync(file, uid, gid)
  }
  await client.query('alter system set ssl = on')
  await client.query('select pg_reload_conf()')
  await until(
    async () => ((await client.query('show ssl')).rows[0] as { ssl: string }).ssl === 'on',
    'TLS',
  )
  await client.end()
}

async function prepare({ url }: Postgres): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(`${TABLE}; ${ROW};
    create function change_price(int) returns int language sql as
      'update menu set price = $1 where id = 1 returning price'`)
  await client.end()
}
