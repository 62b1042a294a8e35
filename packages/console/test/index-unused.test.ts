import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Advice } from '../dist/advise/advice.js'
import { advise, type AdviseOptions } from '../dist/advise/advise.js'
import { IndexMemory } from '../dist/advise/memory.js'
import { type IndexServer, lacking, startIndexServer } from './verify/index/server.js'

const missing = lacking()
const aDayMs = 86_400_000

describe('indexes that nothing uses', { skip: missing ?? false }, () => {
  let server: IndexServer
  before(async () => {
    server = await startIndexServer()
    await server.run(
      'postgres',
      'create table things (id int primary key, a int not null, b int not null)',
      'create index things_old on things (a)',
      'insert into things select i, (i * 7919) % 20000, i from generate_series(1, 20000) i',
    )
    await server.run('postgres', 'create index things_young on things (b)', 'vacuum analyze')
  })
  after(() => server.stop())

  /** The statistics are as old as the server, some seconds: for this long nothing must have used it. */
  const asked = (text: string, more: Partial<AdviseOptions> = {}): Promise<Advice> =>
    advise({
      database: server.urlOf('postgres'),
      workload: { source: 'a test', statements: [{ text, calls: 10, routes: [] }] },
      unusedAfterDays: 1e-9,
      ...more,
    })
  const lookUp = 'select * from things where id = $1'
  const dropped = ({ drop }: Advice): string[] => drop.map(({ name }) => name)

  test('one that saw all writes is as old as the statistics; one that may be younger is only noted', async () => {
    const advice = await asked(lookUp)
    assert.deepEqual(dropped(advice), ['things_old'])
    assert.match(advice.notes.join(), /An index was not used so far \(things_young\), but may be/)
  })

  test('who remembers knows how long an index is there, also after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hotpath-memory-'))
    try {
      const file = join(folder, 'store.duckdb.indexes.json')
      const memory = new IndexMemory(file)
      assert.deepEqual(dropped(await asked(lookUp, { memory, unusedAfterDays: 1e-12 })), [
        'things_old',
      ])
      memory.save()
      const again = new IndexMemory(file)
      assert.deepEqual(dropped(await asked(lookUp, { memory: again, unusedAfterDays: 1e-12 })), [
        'things_old',
        'things_young',
      ])
      const { indexes } = JSON.parse(readFileSync(file, 'utf8')) as { indexes: [string, number][] }
      assert.equal(indexes.length, 3)
      const [[key, ms] = ['', 0]] = indexes
      assert.equal(new IndexMemory(file).firstSeenMs(key, ms + 20 * aDayMs), ms)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('of a partitioned table, an index that was only begun goes, and one that has parts is left', async () => {
    await server.run(
      'postgres',
      'create table tree (id int not null, part int not null) partition by list (part)',
      'create table tree_1 partition of tree for values in (1)',
      'create table tree_2 partition of tree for values in (2)',
      'insert into tree select i, i % 2 + 1 from generate_series(1, 20000) i',
      'create index tree_begun on only tree (part)',
      'create index tree_half on only tree (id)',
      'create index tree_1_half on tree_1 (id)',
      'alter index tree_half attach partition tree_1_half',
      'analyze tree',
    )
    const { drop, notes } = await asked('select * from tree where part = $1')
    assert.deepEqual(
      drop.map(({ name, reason, sql }) => [name, reason, sql]),
      [['tree_begun', 'invalid', 'DROP INDEX public.tree_begun']],
    )
    assert.match(
      notes.join(),
      /tree_half of tree is not valid: .* ALTER INDEX public.tree_half ATTACH/,
    )
  })
})
