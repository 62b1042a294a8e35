import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { IndexMemory } from '../dist/advise/memory.js'
import { advise } from '../dist/advise/mysql/advise.js'
import { dropsOf } from '../dist/advise/mysql/drops.js'
import { readCatalog } from '../dist/advise/mysql/read-catalog.js'
import { Session } from '../dist/advise/mysql/session.js'
import type { FindingsAnswer } from '../dist/api/answers.js'
import { withPlace } from './running.js'
import { asking } from './verify/index/asking.js'
import { writeLookUps } from './verify/index/look-ups.js'
import { until } from './verify/index/server.js'
import {
  lackingMariaDb,
  type MySqlServer,
  startMySqlServer,
  things,
  withConnection,
} from './verify/mysql/server.js'

const lookUp = 'select * from things where a = ?'

describe('a console that has a MariaDB', { skip: lackingMariaDb() ?? false }, () => {
  let server: MySqlServer
  before(async () => {
    server = await startMySqlServer(['--userstat=1', '--performance-schema=1'])
    await server.run(
      'app',
      'create database shop',
      `create user reader@'127.0.0.1'`,
      `grant select on shop.* to reader@'127.0.0.1'`,
    )
    await withConnection(server.urlOf('shop'), connection => connection.query(things))
  })
  after(() => server.stop())

  const of = asking(advise, () => server.urlOf('shop', 'reader'))

  test('an index is called unused only where it is known to be as old as that', async () => {
    await server.run('shop', 'create table shelves (id int primary key, b int, index young (b))')
    await server.run(
      'shop',
      'insert into shelves values (1, 2)',
      'select * from shelves where id = 1',
    )
    const session = await Session.open(server.urlOf('shop'))
    try {
      const catalog = await readCatalog(session, [{ schema: undefined, name: 'shelves' }])
      const asked = { used: new Set<string>(), hinted: new Set<string>(), made: [] }
      const longUp = { ...catalog, statsDays: 60 }
      const young = dropsOf(longUp, asked)
      assert.deepEqual(young.drop, [])
      assert.match(
        young.notes.join(),
        /An index was not used so far \(young\), but may be younger than 14 days: MariaDB/,
      )
      const known = dropsOf(longUp, { ...asked, knownDays: () => 15 })
      assert.deepEqual([known.drop.map(({ name }) => name), known.notes], [['young'], []])
      const unaltered = catalog.tables.map(table => ({ ...table, unalteredDays: 15 }))
      const old = { ...longUp, tables: unaltered, counted: new Set(unaltered) }
      assert.deepEqual(
        dropsOf(old, asked).drop.map(({ name }) => name),
        ['young'],
      )
      assert.ok(Number(catalog.tables[0]?.unalteredDays) < 1)
    } finally {
      await session.close()
      await server.run('shop', 'drop table shelves')
    }
  })

  test('who remembers since when indexes are there does so for each of a table', async () => {
    await withPlace(async ({ directory }) => {
      const memory = new IndexMemory(join(directory, 'indexes.json'))
      await of([lookUp], { memory })
      memory.save()
      const { indexes } = JSON.parse(readFileSync(join(directory, 'indexes.json'), 'utf8')) as {
        indexes: [string, number][]
      }
      const place = new URL(server.urlOf('shop')).host
      assert.deepEqual(
        indexes.map(([key]) => key),
        [JSON.stringify([`${place}/shop`, 'shop', 'things', 'PRIMARY'])],
      )
    })
  })

  test('tells an estimate as one, with what would try it, and no size that nobody told', () =>
    withPlace(async place => {
      await server.run(
        'shop',
        'alter table things add index twin (filler), add index other (filler)',
      )
      try {
        const { url, store } = await place.start({ database: server.urlOf('shop', 'reader') })
        await writeLookUps(store, 'mysql', lookUp)
        const findings = async (): Promise<FindingsAnswer['findings']> =>
          ((await (await fetch(`${url}/api/findings`)).json()) as FindingsAnswer).findings
        await until(async () => (await findings()).some(({ about }) => about === 'index'))
        const told = await findings()
        const [fix] = told.find(({ subject }) => subject === lookUp)?.fixes ?? []
        assert.equal(fix?.title, 'An index to try, for all statements together')
        assert.match(
          fix.note ?? '',
          /^Not tried: this is an estimate .* to hotpath index with --copy, .* By that estimate the cost of a call falls from \d+ to \d+\./,
        )
        assert.doesNotMatch(fix.note ?? '', /hypopg/)
        const [drop] = told.filter(({ about }) => about === 'index')
        assert.equal(drop?.title, 'Redundant index: other')
        assert.match(
          drop.evidence.sentences[1] ?? '',
          /^It takes its part of the work of each write/,
        )
      } finally {
        await server.run('shop', 'alter table things drop index twin, drop index other')
      }
    }))
})
