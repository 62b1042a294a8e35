import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { Advice } from '../dist/advise/advice.js'
import { dropFindings } from '../dist/advise/dropping.js'
import type { FindingAnswer, FindingsAnswer } from '../dist/api/answers.js'
import { withPlace } from './running.js'
import { writeLookUps } from './verify/index/look-ups.js'
import { type IndexServer, lacking, startIndexServer, until } from './verify/index/server.js'

const missing = lacking()
const statement = 'select * from things where a = $1'
describe('a console that has a database', { skip: missing ?? false }, () => {
  let server: IndexServer
  before(async () => {
    server = await startIndexServer()
    await server.run(
      'postgres',
      'create extension hypopg',
      'create table things (id int primary key, a int not null, filler text not null)',
      `insert into things select i, i % 2000, repeat('x', 50) from generate_series(1, 20000) i`,
      'analyze',
    )
  })
  after(() => server.stop())

  const findings = async (url: string, query = ''): Promise<FindingsAnswer['findings']> =>
    ((await (await fetch(`${url}/api/findings${query}`)).json()) as FindingsAnswer).findings

  test('tells the index that was tried as the first fix of a slow query', () =>
    withPlace(async place => {
      const { url, store } = await place.start({ database: server.urlOf('postgres') })
      await writeLookUps(store, 'postgresql', statement)
      const deadline = Date.now() + 30_000
      for (;;) {
        const [fix, ...others] =
          (await findings(url)).find(one => one.subject === statement)?.fixes ?? []
        if (fix?.title === 'Make this index') {
          assert.equal(fix.text, 'CREATE INDEX CONCURRENTLY things_a_idx ON public.things (a);')
          assert.match(
            fix.note ?? '',
            /^Tried by the planner: the cost of a call falls from \d+ to \d+\./,
          )
          assert.ok(others.every(({ title }) => !title.startsWith('An index to try')))
          return
        }
        assert.ok(Date.now() < deadline, `no advice came: ${JSON.stringify(fix)}`)
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    }))

  test('tells an index that another one replaces, and none as unused before the statistics are old', () =>
    withPlace(async place => {
      await server.run(
        'postgres',
        'create index one on things (filler)',
        'create index two on things (filler)',
        'create index three on things (id, filler)',
      )
      const { url, store } = await place.start({ database: server.urlOf('postgres') })
      await writeLookUps(store, 'postgresql', statement)
      const ofTables = async (query = ''): Promise<FindingsAnswer['findings']> =>
        (await findings(url, query)).filter(({ about }) => about === 'index')
      await until(async () => (await ofTables()).length > 0)
      const [found, ...more] = await ofTables()
      assert.deepEqual(more, [])
      assert.equal(found?.kind, 'redundant-index')
      assert.equal(found?.title, 'Redundant index: one')
      assert.equal(found?.route, 'table things')
      assert.equal(found?.fixes[0]?.text, 'DROP INDEX CONCURRENTLY public.one;')
      const one = (await (await fetch(`${url}/api/findings/${found?.id}`)).json()) as FindingAnswer
      assert.deepEqual(one.finding, found)
      assert.deepEqual(await ofTables(`?service=${found?.service}`), [])
      // Since when it sees them it remembers.
      const { path } = await store.status()
      assert.match(readFileSync(`${path}.indexes.json`, 'utf8'), /three/)
      await server.run('postgres', 'drop index one, two, three')
    }))

  test('that cannot be asked says why in its status, and tells findings as without', () =>
    withPlace(async place => {
      const { url, store } = await place.start({ database: 'postgres://me:secret@127.0.0.1:1/x' })
      await writeLookUps(store, 'postgresql', statement)
      const deadline = Date.now() + 30_000
      for (;;) {
        const found = await findings(url)
        const { notes } = (await (await fetch(`${url}/api/status`)).json()) as { notes: string[] }
        const note = notes.find(text => text.startsWith('No index advice'))
        if (note !== undefined) {
          assert.match(note, /127\.0\.0\.1:1\/x.*nothing listens there/)
          assert.doesNotMatch(note, /secret/)
          assert.equal(found.length, 1)
          return
        }
        assert.ok(Date.now() < deadline, 'no note came')
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    }))
})

test('what is dropped for one that is to be made is told with that, and what is unused with a look before', () => {
  const one: Advice['drop'][number] = {
    name: 'things_b_idx',
    table: 'things',
    definition: 'btree (b)',
    reason: 'unused',
    why: 'No statement has used it for 20 days.',
    sql: 'DROP INDEX CONCURRENTLY public.things_b_idx',
    bytes: 12e6,
    scans: 0,
  }
  const after = { ...one, name: 'a', reason: 'prefix', after: 'b' } as const
  const advice = { database: 'db:5432/shop', drop: [one, after] } as unknown as Advice
  const [found, ...more] = dropFindings(advice)
  assert.equal(more.length, 0)
  assert.equal(found?.kind, 'unused-index')
  assert.deepEqual(
    found?.fixes.map(({ check }) => check ?? false),
    [false, true],
  )
  assert.match(found?.fixes[1]?.text ?? '', /'public\.things_b_idx'::regclass/)
})
