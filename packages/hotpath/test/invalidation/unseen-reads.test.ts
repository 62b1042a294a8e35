import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { compute } from '../../dist/cache/computation.js'
import { createCache } from '../../dist/cache/index.js'
import { gatePg } from '../../dist/gate/pg.js'
import { useQueries } from '../../dist/gate/pg-queries.js'
import { counts } from '../../dist/trace/counts.js'
import { type Postgres, startPostgres } from '../postgres.js'

const READ = 'select price from menu where id = 1'

describe('what is made of a statement that was not seen', () => {
  let postgres: Postgres
  let pool: pg.Pool
  before(async () => {
    postgres = await startPostgres()
    gatePg()
    await useQueries({ queries: { observe: true } }, process.cwd())
    pool = new pg.Pool({ connectionString: postgres.url, max: 3 })
    await pool.query('create table menu (id int primary key, price int)')
    await pool.query('insert into menu values (1, 1)')
    // The catalog is asked, and a connection says where it stands.
    for (let n = 0; n < 3; n++) await compute(() => pool.query(READ))
  })
  after(async () => {
    await pool?.end()
    await postgres?.stop()
  })

  /** A statement whose text can be read, but for one time. */
  const broken = (at: number) => {
    let times = 0
    return {
      get text() {
        if (++times === at) throw new Error('not this time')
        return READ
      },
    }
  }
  const caughtHere = () => [...counts.errors.values()].reduce((sum, n) => sum + n, 0)

  for (const at of [1, 2])
    test(`is not kept: an exception of ours at the look number ${at}`, async () => {
      const client = await pool.connect()
      try {
        const before = caughtHere()
        const objection = await compute(async computation => {
          const { rows } = await client.query(broken(at))
          assert.equal(rows.length, 1)
          return computation.objection
        })
        assert.notEqual(objection, '')
        assert.ok(caughtHere() > before)
      } finally {
        client.release()
      }
    })

  test('nobody joins a function that has read before the write that the caller has made', async () => {
    const cache = createCache({ ttl: '1h' })
    let hasRead: () => void = () => {}
    let goOn: () => void = () => {}
    const price = (waits: boolean) =>
      cache.getOrSet('price', async () => {
        const { rows } = await pool.query(READ)
        if (waits) {
          hasRead()
          await new Promise<void>(resolve => {
            goOn = resolve
          })
        }
        return rows[0] as { price: number }
      })
    const reading = new Promise<void>(resolve => {
      hasRead = resolve
    })
    const first = price(true)
    await reading
    await pool.query('update menu set price = 2 where id = 1')
    const second = price(false)
    goOn()
    assert.equal((await second).price, 2)
    assert.equal((await first).price, 1)
    assert.equal((await price(false)).price, 2)
  })
})
