import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fixtures } from '../../places.js'
import { type Postgres, startPostgresWith } from '../../postgres.js'
import { TestConsole } from '../../processes/console.js'
import { until } from '../../processes/until.js'
import { BatchedApp, type Tools, written } from './app.js'

const TEXT = 'select id, name, price, since, note from menu where id = $1'

/** All that an answer tells the app. */
const read = written<Record<string, unknown>>(`async ({ pool }) => {
  const { rows, fields, command, rowCount } = await pool.query('${TEXT}', [1])
  return { rows, command, rowCount, types: rows.map(row => Object.values(row).map(value => value?.constructor?.name)),
    fields: fields.map(field => ({ ...field, own: field.constructor.name })) }
}`)

const count = async ({ pool }: Tools) =>
  (await pool.query<{ n: number }>('select count(*)::int as n from menu')).rows[0]?.n

interface Seen {
  mode: string
  keeps?: boolean
  asked: [text: string, relations: string[]][]
  told: number
  wrote: [phase: string, text: string, certain: boolean][]
}

/** Says how the cache behaves from now on, and gives what it saw until now. */
const behave = (mode: string, keeps = false) =>
  written<Seen>(`() => {
    const before = structuredClone(globalThis.statementCache)
    Object.assign(globalThis.statementCache, { mode: '${mode}', keeps: ${keeps}, asked: [], told: 0, wrote: [] })
    return before
  }`)

describe('queries: { cache }', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgresWith(`
      create table menu (id int primary key, name text, price numeric, since date, note text);
      insert into menu values (1, 'latte', 3.50, '2026-01-02', null), (2, 'mocha', 4, null, 'new');
      create function add_to_menu() returns int language sql volatile as
        'insert into menu values (3, ''flat white'') on conflict do nothing; select 3'`)
  })
  after(() => postgres?.stop())

  const start = (env = {}) =>
    BatchedApp.start({
      databaseUrl: postgres.url,
      env: { HOTPATH_CONFIG: join(fixtures, 'batching', 'cache.config.mjs'), ...env },
    })

  for (const mode of ['memory', 'promise'])
    test(`an answer of another request is given, as the database would give it (${mode})`, async () => {
      await using app = await start()
      const { value: first } = await app.learned('menu', read)
      await app.send('behave', behave(mode))
      const hit = await app.request('menu', read)
      assert.deepEqual(hit.value, first)
      assert.deepEqual(hit.texts, [])
      const { asked, told } = await app.send('behave', behave(mode))
      assert.deepEqual([asked, told], [[[TEXT, ['"menu"']]], 0])
    })

  test('a hit is counted and shown as one', async () => {
    await using hotpath = await TestConsole.start()
    await using app = await start(hotpath.env)
    await app.learned('menu', read)
    const spans = await until(
      async () => {
        await app.send('menu', read)
        const { traces } = await hotpath.ask('traces')
        return (await Promise.all(traces.map(({ traceId }) => hotpath.spans(traceId)))).flat()
      },
      all => all.some(({ attributes }) => attributes['hotpath.cache'] === 'hit'),
      'a span of a hit',
    )
    const hit = spans.find(({ attributes }) => attributes['hotpath.cache'] === 'hit')
    assert.equal(hit?.attributes['db.query.text'], TEXT)
    assert.equal(hit.attributes['hotpath.batch'], 'served')
  })

  test('the cache hears of writes before and after them, and the next read sees them', async () => {
    await using app = await start()
    const { value: before } = await app.learned('count', count)
    await app.send('behave', behave('memory'))
    await app.send('write', async ({ pool }: Tools) => {
      await pool.query(`insert into menu values (9, 'espresso')`)
    })
    const { wrote } = await app.send('behave', behave('memory'))
    const phases = wrote.filter(([, text]) => text.startsWith('insert')).map(([phase]) => phase)
    assert.equal(phases[0], 'begins')
    assert.equal(phases.at(-1), 'ended')
    assert.equal(await app.send('count', count), (before ?? 0) + 1)
  })

  test('a select that writes is told as a write, and never asked for', async () => {
    await using app = await start()
    const add = async ({ pool }: Tools) => (await pool.query('select add_to_menu()')).rows
    await app.learned('add', add)
    const { asked, wrote } = await app.send('behave', behave('memory'))
    assert.deepEqual(asked, [])
    assert.deepEqual(wrote.at(-1), ['ended', 'select add_to_menu()', true])
  })

  test('nobody is asked inside of a transaction, nor for what changes by itself', async () => {
    await using app = await start()
    await app.learned('menu', read)
    await app.send('behave', behave('memory'))
    await app.send('transaction', async ({ pool }: Tools) => {
      const client = await pool.connect()
      await client.query('begin')
      await client.query('select id, name, price, since, note from menu where id = $1', [1])
      await client.query('commit')
      client.release()
    })
    await app.learned('clock', async ({ pool }: Tools) => (await pool.query('select now()')).rows)
    assert.deepEqual((await app.send('behave', behave('memory'))).asked, [])
  })

  test('other parameters are another answer', async () => {
    await using app = await start()
    await app.learned('menu', read)
    const other = written<string>(
      `async ({ pool }) => (await pool.query('${TEXT}', [2])).rows[0].name`,
    )
    assert.equal(await app.send('menu', other), 'mocha')
    assert.equal(await app.send('menu', other), 'mocha')
  })

  test('an answer in columns of other types than the table has now is not given', async () => {
    await using app = await start()
    const all = async ({ pool }: Tools) =>
      (await pool.query<{ note: unknown }>('select note from menu where id = $1', [1])).rows[0]
        ?.note
    await app.learned('all', all)
    await app.send('behave', behave('memory', true))
    await app.send('alter', async ({ pool }: Tools) => {
      await pool.query('alter table menu alter column note type int using 7')
    })
    assert.equal((await app.learned('all', all)).value, 7)
  })

  for (const mode of ['throws', 'rejects', 'never', 'nonsense'])
    test(`a cache that ${mode} holds nobody up: after one call it is let alone for a while`, async () => {
      await using app = await start()
      const { value: first } = await app.learned('menu', read)
      await app.send('behave', behave(mode))
      const twenty = written<unknown[]>(`async tools => {
        const read = ${read.toString()}
        const answers = []
        for (let n = 0; n < 20; n++) answers.push(await read(tools))
        return answers
      }`)
      assert.deepEqual(await app.send('twenty', twenty), Array(20).fill(first))
      const { asked } = await app.send('behave', behave('memory'))
      // A machine that stands still for a second asks again.
      assert.ok(asked.length < 20, `asked ${asked.length} times`)
    })
})
