import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Batched, batch, batchScope, by } from 'hotpath/batch'
import pg from 'pg'
import { cacheOver } from '../../dist/cache/cache.js'
import { Computation, compute, currentComputation } from '../../dist/cache/computation.js'
import { processTags } from '../../dist/cache/tags.js'
import { gatePg } from '../../dist/gate/pg.js'
import { useQueries } from '../../dist/gate/pg-queries.js'
import { type Postgres, startPostgres } from '../postgres.js'

interface Row {
  readonly id: number
  readonly v: string
}

const SCHEMA = `
  create table rows (id int primary key, v text);
  insert into rows select n, 'old' || n from generate_series(1, 9) n;`

describe('batch, in functions whose results are kept', () => {
  let postgres: Postgres
  let pool: pg.Pool
  let statements = 0
  before(async () => {
    postgres = await startPostgres()
    gatePg()
    await useQueries({ queries: { observe: true } }, process.cwd())
    pool = new pg.Pool({ connectionString: postgres.url, max: 4 })
    // Connections that are closing when the server stops.
    pool.on('error', () => {})
    await pool.query(SCHEMA)
  })
  after(async () => {
    await pool?.end()
    await postgres?.stop()
  })

  const batched = (text = 'select id, v from rows where id = any($1)'): Batched<number, Row> =>
    batch((ids: number[]) => {
      statements++
      return pool.query<Row>(text, [ids])
    }, by('id')) as Batched<number, Row>

  /** Cached functions, one for each key, whose rows one batch reads. */
  const cachedOf = (rowOf: Batched<number, Row>) => {
    const cache = cacheOver({ ttl: '1h' }, processTags())
    const of = (id: number) => cache(async () => (await rowOf(id)).v, { name: `row ${id}` })
    return { cache, one: of(1), two: of(2), again: cache(async () => (await rowOf(1)).v) }
  }

  const write = (v: string) => pool.query(`update rows set v = $1 || id`, [v])

  for (const [where, scope] of [
    ['outside of a request', <T>(fn: () => T) => fn()],
    ['in a request', batchScope],
  ] as const)
    test(`all who share a statement have read what it reads, ${where}`, async () => {
      await write('old')
      const { one, two, again } = cachedOf(batched())
      const all = () => scope(() => Promise.all([one(), two(), again()]))
      statements = 0
      assert.deepEqual(await all(), ['old1', 'old2', 'old1'])
      assert.deepEqual(await all(), ['old1', 'old2', 'old1'])
      assert.equal(statements, 1)
      await write('new')
      assert.deepEqual(await all(), ['new1', 'new2', 'new1'])
      assert.equal(statements, 2)
    })

  test('so has who is given what the request remembers', async () => {
    await write('old')
    const { one, again } = cachedOf(batched())
    const both = () => batchScope(async () => [await one(), await again()])
    statements = 0
    assert.deepEqual(
      [await both(), await both(), statements],
      [['old1', 'old1'], ['old1', 'old1'], 1],
    )
    await write('new')
    assert.deepEqual([await both(), statements], [['new1', 'new1'], 2])
  })

  test('what the request remembers and nobody noted is read again, and kept', async () => {
    await write('old')
    const rowOf = batched()
    const { one } = cachedOf(rowOf)
    statements = 0
    const first = await batchScope(async () => [
      (await rowOf(1)).v,
      await one(),
      (await rowOf(1)).v,
    ])
    assert.deepEqual([first, statements], [['old1', 'old1', 'old1'], 2])
    assert.deepEqual([await one(), statements], ['old1', 2])
    await write('new')
    assert.deepEqual([await one(), statements], ['new1', 3])
  })

  test('a call from outside may be the first of a batch', async () => {
    await write('old')
    const rowOf = batched()
    const { one, two } = cachedOf(rowOf)
    statements = 0
    await batchScope(() => Promise.all([rowOf(1), rowOf(3), one(), two()]))
    assert.equal(statements, 1)
    await write('new')
    assert.deepEqual(await Promise.all([one(), two()]), ['new1', 'new2'])
  })

  test('what must not be kept is kept by none of them', async () => {
    const { cache, one, two } = cachedOf(
      batched('select id, clock_timestamp()::text as v from rows where id = any($1)'),
    )
    await batchScope(() => Promise.all([one(), two()]))
    const { names } = cache.stats()
    assert.deepEqual([names['row 1']?.forbidden, names['row 2']?.forbidden], [1, 1])
    assert.equal(cache.stats().entries, 0)
  })

  test('nobody who comes after a change joins who waits for a batch of before', async () => {
    const tags = processTags()
    let value = 'old'
    let release = () => {}
    const held = new Promise<void>(resolve => (release = resolve))
    let sent = () => {}
    const sending = new Promise<void>(resolve => (sent = resolve))
    const valueOf = batch(async (keys: number[]) => {
      currentComputation()?.readsStatement([tags.of('held')])
      const rows = keys.map(id => ({ id, v: value }))
      sent()
      if (value === 'old') await held
      return rows
    }, by('id')) as Batched<number, Row>
    const { one, two } = cachedOf(valueOf)
    const before = Promise.all([one(), two()])
    await sending
    value = 'new'
    tags.bump(['held'])
    const after = await Promise.all([one(), two()])
    release()
    assert.deepEqual([await before, after], [['old1', 'old2'].map(() => 'old'), ['new', 'new']])
  })

  test('outside of computations it loads in none', async () => {
    const seen: unknown[] = []
    const keyOf = batch((keys: number[]) => {
      seen.push(currentComputation())
      return keys.map(id => ({ id }))
    }, by('id'))
    await batchScope(() => Promise.all([keyOf(1), keyOf(2)]))
    await compute(() => keyOf(1))
    assert.equal(seen[0], undefined)
    assert.ok(seen[1] instanceof Computation)
  })
})
