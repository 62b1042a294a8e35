import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { RowDataPacket } from 'mysql2/promise'
import type { Advice } from '../dist/advise/advice.js'
import type { Applied } from '../dist/advise/apply.js'
import { advise } from '../dist/advise/mysql/advise.js'
import { apply } from '../dist/advise/mysql/apply.js'
import { migration } from '../dist/advise/mysql/migration.js'
import { fromServer } from '../dist/advise/mysql/workload.js'
import type { HistogramPoint } from '../dist/model.js'
import { hotpath } from './cli/hotpath.js'
import { withPlace } from './running.js'
import { asking } from './verify/index/asking.js'
import { withCutOff } from './verify/index/cut-off.js'
import { until } from './verify/index/server.js'
import { mysqlCases } from './verify/mysql/cases.js'
import { judgeMySql } from './verify/mysql/judge.js'
import {
  lackingMariaDb,
  type MySqlServer,
  startMySqlServer,
  things,
  withConnection,
} from './verify/mysql/server.js'

/** A few of the cases of `npm run verify index`; the others are of the same kinds. */
const chosen = [
  'OR over two columns',
  'words of a text',
  'a condition of a view',
  'names that need quotes',
  'the new one makes the shorter one needless',
  'the trap of a unique prefix',
  'the trap of an index that a foreign key goes by',
  'an unused one, where the server counts uses',
  'the trap of a short time',
]

const lookUp = 'select * from things where a = ?'

describe('index advice for MariaDB', { skip: lackingMariaDb() ?? false }, () => {
  let server: MySqlServer
  before(async () => {
    server = await startMySqlServer(['--userstat=1', '--performance-schema=1'])
    await server.run(
      'app',
      'create database shop',
      'create database shop_copy',
      `create user reader@'127.0.0.1'`,
      `grant select on shop.* to reader@'127.0.0.1'`,
      `create user stranger@'127.0.0.1' identified by 'right'`,
      `grant select on shop_copy.* to stranger@'127.0.0.1'`,
    )
    for (const name of ['shop', 'shop_copy'])
      await withConnection(server.urlOf(name), connection => connection.query(things))
  })
  after(() => server.stop())

  for (const [number, name] of chosen.entries())
    test(`is right for ${name}`, async () => {
      const one = mysqlCases.find(other => other.name === name)
      assert.ok(one, `there is no case ${name}`)
      const { wrong } = await judgeMySql(server, one, number)
      assert.deepEqual(wrong, [])
    })

  const of = asking(advise, () => server.urlOf('shop', 'reader'))
  const tried = { copy: '' }
  before(() => (tried.copy = server.urlOf('shop_copy')))

  const indexes = (database: string): Promise<string[]> =>
    withConnection(server.urlOf(database), async connection => {
      const [rows] = await connection.query<RowDataPacket[]>('show index from things')
      return rows.map(row => String(row['Key_name'])).filter(name => name !== 'PRIMARY')
    })

  test('a user who is not known, and a database that is not there, is one clear sentence', async () => {
    const wrong = server.urlOf('shop', 'stranger:secret')
    await assert.rejects(of([lookUp], { database: wrong }), {
      code: 'DATABASE_AWAY',
      message: /No connection to the database \S+: wrong user or password(?!.*secret)/,
    })
    await assert.rejects(of([lookUp], { database: 'mysql://me:secret@127.0.0.1:1/x' }), {
      code: 'DATABASE_AWAY',
      message: /nothing listens there(?!.*secret)/,
    })
    await assert.rejects(of([lookUp], { database: server.urlOf('nowhere') }), {
      code: 'DATABASE_AWAY',
      message: /there is no such database/,
    })
  })

  test('what a user may not read, or is not there, costs its statements alone', async () => {
    const advice = await of([
      lookUp,
      'select * from shop_copy.things where a = ?',
      'select * from gone',
    ])
    const reasons = advice.workload.skipped.map(({ reason }) => reason).join('; ')
    assert.match(reasons, /may not read a table of it/)
    assert.match(reasons, /a table of it is not here/)
    assert.equal(advice.create[0]?.definition, '(a)')
  })

  test('text that is no single read or write is never given to the server', async () => {
    const evil = [
      'select 1; drop table things',
      'drop table things',
      'select * from things /*! into outfile "/tmp/x" */',
      'select from where',
      'select * from things where a = ? and ...',
    ]
    const advice = await of([...evil, lookUp], tried)
    assert.equal(advice.workload.statements, 1)
    assert.match(advice.workload.skipped.map(({ reason }) => reason).join(), /cut off/)
  })

  test('what writes is not run, on the copy neither, and a reader may ask for it', async () => {
    const advice = await of(
      ['delete from things where a = ?', 'update things set filler = ? where a = ?'],
      tried,
    )
    assert.deepEqual(
      advice.create.map(({ definition, verified }) => [definition, verified]),
      [['(a)', 'copy']],
    )
    await withConnection(tried.copy, async connection => {
      const [[row]] = await connection.query<RowDataPacket[]>(
        `select count(*) as n from things where filler like 'x%'`,
      )
      assert.equal(row?.['n'], 20_000)
    })
    assert.deepEqual(await indexes('shop_copy'), [])
  })

  test('without a copy it is an estimate, which is neither applied nor written down', async () => {
    const advice = await of([lookUp])
    const [made] = advice.create
    assert.deepEqual([made?.verified, advice.load.verifiedBy], ['none', 'none'])
    assert.ok(Number(made?.serves[0]?.cost.after) < 0.1 * Number(made?.serves[0]?.cost.before))
    const [applied] = await apply(server.urlOf('shop'), advice, { tell: () => {} })
    assert.equal(applied?.outcome, 'left')
    assert.match(migration('sql', advice), /Nothing to make/)
    assert.deepEqual(await indexes('shop'), [])
  })

  test('a migration is for each tool, with its way back', async () => {
    const advice = await of([lookUp], tried)
    await server.run('shop', 'alter table things add index things_c (a), add index things_d (a)')
    const { drop } = await of([lookUp])
    await server.run('shop', 'alter table things drop index things_c, drop index things_d')
    for (const tool of ['knex', 'typeorm', 'prisma', 'drizzle', 'sql']) {
      const text = migration(tool, { ...advice, drop })
      for (const step of [
        'ADD INDEX `things_a_idx` (`a`)',
        'DROP INDEX `things_c`',
        'ADD INDEX `things_c` (a)',
        'DROP INDEX `things_a_idx`',
      ])
        assert.ok(
          text.includes(`ALTER TABLE \`things\` ${step}, ALGORITHM=INPLACE, LOCK=NONE`),
          text,
        )
    }
  })

  test('what a run before left on the copy is cleaned up', async () => {
    await server.run('shop_copy', 'alter table things add index hotpath_try_7 (filler)')
    await of([lookUp], tried)
    assert.deepEqual(await indexes('shop_copy'), [])
  })

  test('the database itself is taken for no copy', async () => {
    await assert.rejects(of([lookUp], { copy: server.urlOf('shop') }), {
      code: 'PARAMETER',
      message: /which is that one/,
    })
  })

  test('a connection that is lost in the middle is an error, and no advice of what was seen', async () => {
    await withCutOff(server.urlOf('shop', 'reader'), 'explain format', database =>
      assert.rejects(of([lookUp], { database }), {
        code: 'DATABASE_FAILED',
        message: /connection was lost/,
      }),
    )
  })

  test('performance_schema counts the workload, and its texts are read', async () => {
    await withConnection(server.urlOf('shop', 'reader'), async connection => {
      for (const a of [1, 2, 3])
        await connection.query(
          `select count(*) from things where a in (${a}, 7) and filler like 'x%'`,
        )
    })
    const workload = await fromServer(server.urlOf('shop'))
    const counted = workload?.statements.filter(({ text }) => /`filler` LIKE/.test(text)) ?? []
    assert.equal(counted[0]?.calls, 3)
    const advice = await of([counted[0]?.text ?? ''])
    assert.deepEqual(advice.workload.skipped, [])
    assert.match(advice.create[0]?.definition ?? '', /^\(a/)
    // A reader may not look there, and is told no fault for it.
    assert.equal((await fromServer(server.urlOf('shop', 'reader')))?.statements.length ?? 0, 0)
  })

  test('--apply makes one at a time, not behind a lock, and not twice', async () => {
    const advice = await of([lookUp], tried)
    const database = server.urlOf('shop')
    await withConnection(database, async holder => {
      await holder.query('start transaction')
      await holder.query('select * from things where id = 1')
      const [failed] = await apply(database, advice, { tell: () => {}, waitMs: 1_000 })
      assert.equal(failed?.outcome, 'failed')
      assert.match(failed?.why ?? '', /locked by somebody.*Nothing is left of it/)
      await holder.query('rollback')
    })
    assert.deepEqual(await indexes('shop'), [])
    assert.equal((await apply(database, advice, { tell: () => {} }))[0]?.outcome, 'done')
    const [again] = await apply(database, advice, { tell: () => {} })
    assert.match(again?.why ?? '', /there already, and stays/)
    assert.deepEqual(await indexes('shop'), ['things_a_idx'])
    await withConnection(database, async other => {
      await other.query(`select get_lock('hotpath index shop', 0)`)
      await assert.rejects(
        apply(database, advice, { tell: () => {} }),
        /another hotpath index --apply/,
      )
    })
    const [refused] = await apply(server.urlOf('shop', 'reader'), advice, { tell: () => {} })
    assert.match(refused?.why ?? '', /takes the rights INDEX and ALTER/)
    await server.run('shop', 'alter table things drop index things_a_idx')
  })

  test('--apply that is interrupted cancels what it waits for, and leaves the rest', async () => {
    const advice = await of([lookUp], tried)
    const database = server.urlOf('shop')
    const ending = new AbortController()
    await withConnection(database, async holder => {
      await holder.query('start transaction')
      await holder.query('select * from things where id = 1')
      const twice = { ...advice, create: [...advice.create, ...advice.create] }
      const applying = apply(database, twice, {
        tell: () => {},
        waitMs: 60_000,
        signal: ending.signal,
      })
      await until(async () => {
        const [rows] = await holder.query<RowDataPacket[]>(
          `select 1 from information_schema.processlist where state like 'Waiting for table metadata lock'`,
        )
        return rows.length > 0
      })
      ending.abort()
      const outcomes = (await applying).map(({ outcome, why }) => `${outcome} ${why}`)
      assert.match(outcomes[0] ?? '', /^failed It was cancelled/)
      assert.match(outcomes[1] ?? '', /^left It was interrupted/)
    })
    assert.deepEqual(await indexes('shop'), [])
  })

  test('the command advises, prints a migration, and applies with a receipt', () =>
    withPlace(async ({ directory }) => {
      writeFileSync(join(directory, 'w.sql'), `${lookUp}; # a comment; of MySQL's\n${lookUp};`)
      const run = async (...more: readonly string[]): Promise<string> => {
        const args = [
          'index',
          '--database',
          server.urlOf('shop'),
          '--statements',
          'w.sql',
          '--copy',
          tried.copy,
        ]
        const { code, stdout, stderr } = await hotpath([...args, ...more], directory).ended
        assert.equal(code, 0, stderr)
        return stdout
      }
      const add =
        'ALTER TABLE `things` ADD INDEX `things_a_idx` (`a`), ALGORITHM=INPLACE, LOCK=NONE'
      assert.match(
        await run(),
        /1 index to make.*\n[^]*things \(a\)[^]*tried\s+on\s+the\s+copy, where nothing is left/,
      )
      assert.ok((await run('--migration', 'sql')).includes(add))
      const { applied } = JSON.parse(await run('--apply', '--json')) as { applied: Applied[] }
      assert.deepEqual(
        applied.map(({ name, outcome }) => [name, outcome]),
        [['things_a_idx', 'done']],
      )
      const [file = ''] = readdirSync(join(directory, '.hotpath'))
      const receipt = JSON.parse(readFileSync(join(directory, '.hotpath', file), 'utf8')) as {
        statements: { before: number; now: number }[]
      }
      const [first] = receipt.statements
      assert.ok(first !== undefined && first.now < 0.1 * first.before, JSON.stringify(receipt))
      await server.run('shop', 'alter table things drop index things_a_idx')
    }))

  test('what the console counted of MySQL is the workload, with its times', () =>
    withPlace(async place => {
      const { url, store } = await place.start()
      const atNs = BigInt(Date.now() - 60_000) * 1_000_000n
      const counted = (system: string, text: string): HistogramPoint => ({
        metric: 'db.client.operation.duration',
        service: 'shop',
        instance: 'one',
        startNs: atNs,
        endNs: atNs + 1_000_000_000n,
        attributes: { 'db.system.name': system, 'db.query.text': text },
        histogram: { count: 20, sum: 1.6, scale: 0, zeroCount: 0, offset: -4, buckets: [20] },
        sampled: false,
      })
      const histograms = [counted('mysql', lookUp), counted('postgresql', 'select * from "things"')]
      await store.write({ spans: [], histograms, counters: [] })
      const args = ['index', '--url', url, '--database', server.urlOf('shop', 'reader'), '--json']
      const { stdout, stderr } = await hotpath(args, place.directory).ended
      assert.ok(stdout.startsWith('{'), stderr)
      const { workload, create } = JSON.parse(stdout) as Advice
      assert.equal(workload.statements, 1)
      assert.match(workload.source, /the console/)
      assert.deepEqual([create[0]?.definition, create[0]?.serves[0]?.calls], ['(a)', 20])
      assert.equal(create[0]?.serves[0]?.ms?.before, 80)
    }))
})
