import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Postgres, startPostgresWith } from '../../postgres.js'
import { TestConsole } from '../../processes/console.js'
import { until } from '../../processes/until.js'
import { BatchedApp, isBatch, type Tools } from './app.js'

const page = async ({ pool }: Tools) => {
  const { rows } = await pool.query<{ id: number }>('select id, name from users order by id')
  for (const { id } of rows) await pool.query('select price from items where user_id = $1', [id])
}

describe('what the console is told of batching', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgresWith(`
      create table users (id int primary key, name text);
      create table items (id serial primary key, user_id int, price int);
      insert into users select g, 'u' || g from generate_series(1, 60) g;
      insert into items (user_id, price) select g, g from generate_series(1, 60) g`)
  })
  after(() => postgres?.stop())

  test('served statements are counted and shown, and say what they were', async () => {
    await using hotpath = await TestConsole.start()
    await using app = await BatchedApp.start({ databaseUrl: postgres.url, env: hotpath.env })
    await app.learned('users', page)
    const text = 'select price from items where user_id = $1'
    await until(
      () => hotpath.ask('statements'),
      answer => answer.statements.some(each => each.statement === text && each.count === 240),
      'all calls of four requests to be counted',
    )
    // Counts and traces travel apart, and a busy machine may have learned a request later.
    const spans = await until(
      async () => {
        await app.request('users', page)
        const { traces } = await hotpath.ask('traces')
        return (await Promise.all(traces.map(({ traceId }) => hotpath.spans(traceId)))).flat()
      },
      seen => seen.some(span => span.attributes['hotpath.batch.keys'] === 60),
      'a batch of all sixty keys',
    )
    const lead = spans.find(span => span.attributes['hotpath.batch.keys'] === 60)
    assert.equal(lead?.attributes['hotpath.batch'], 'lead')
    assert.ok(spans.some(span => span.attributes['hotpath.batch'] === 'served'))
  })

  test('shadow: every call goes out, a few batches beside them, and what they would gain is told', async () => {
    await using hotpath = await TestConsole.start()
    await using app = await BatchedApp.start({
      databaseUrl: postgres.url,
      env: hotpath.env,
      config: { queries: { batch: 'shadow' } },
    })
    let singles = 0
    let batches = 0
    const found = await until(
      async () => {
        const { texts } = await app.request('users', page)
        singles = texts.filter(text => text.startsWith('select price')).length
        batches += texts.filter(isBatch).length
        const { findings } = await hotpath.ask('findings')
        return findings.find(({ kind }) => kind === 'n-plus-one')?.evidence.sentences ?? []
      },
      sentences => sentences.some(sentence => sentence.startsWith('In shadow mode')),
      'the gain to be told',
    )
    assert.ok(singles >= 60, `${singles} single statements of 60`)
    assert.ok(batches > 0)
    assert.match(
      found.join('\n'),
      /In shadow mode batching would have saved .*; no answer differed\./,
    )
  })

  test('off: the finding says which line would turn it on', async () => {
    await using hotpath = await TestConsole.start()
    await using app = await BatchedApp.start({
      databaseUrl: postgres.url,
      env: { ...hotpath.env, HOTPATH_BATCH: 'off' },
    })
    for (let i = 0; i < 3; i++) await app.request('users', page)
    const { findings } = await until(
      () => hotpath.ask('findings'),
      answer => answer.findings.some(({ kind }) => kind === 'n-plus-one'),
      'the finding',
    )
    const [first] = findings.find(({ kind }) => kind === 'n-plus-one')?.fixes ?? []
    assert.equal(first?.kind, 'config')
    assert.equal(
      first?.text,
      `export default {\n  routes: {\n    'POST /users': { queries: { batch: 'on' } },\n  },\n}`,
    )
    assert.match(first?.note ?? '', /hotpath\.config\.js.* npm install libpg-query/)
  })
})
