import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Span } from '@hotpath/console'
import { fixtures } from '../places.js'
import { type Postgres, startPostgresWith } from '../postgres.js'
import { TestConsole } from '../processes/console.js'
import { Program, register } from '../processes/program.js'
import { until } from '../processes/until.js'

const tables = `
  create table notes (id int, title text, body text, ip text, agent text, history jsonb, owner text, tag text);
  insert into notes
    select n, 'Title ' || n, 'Body ' || n || repeat('x', 2000), 'ip-10-0-0-' || n, 'Agent ' || n,
           jsonb_build_array('first ' || n, 'second ' || n), 'Owner ' || n % 5, null
      from generate_series(1, 100) n;
  create table others (n int);
  insert into others values (1);
`

for (const framework of ['express', 'fastify'])
  describe(`what the recorder sees of answers on ${framework}`, () => {
    let postgres: Postgres
    let console: TestConsole
    let app: Program
    let url: string
    before(async () => {
      postgres = await startPostgresWith(tables)
      console = await TestConsole.start()
      app = Program.node(['--import', register, join(fixtures, 'apps', 'answers.cjs'), framework], {
        env: { ...console.env, DATABASE_URL: postgres.url },
      })
      const [, port] = await app.line(/listening on (\d+)/)
      url = `http://127.0.0.1:${port}`
    })
    after(async () => {
      await app[Symbol.asyncDispose]()
      await console[Symbol.asyncDispose]()
      await postgres.stop()
    })

    const sent = new Map<string, number>()
    async function get(path: string, headers = {}): Promise<string> {
      const route = `GET ${path.split('?')[0]}`
      sent.set(route, (sent.get(route) ?? 0) + 1)
      return (await fetch(url + path, { headers })).text()
    }

    /** Asks `times` times, and gives the spans of the last request once they are there. */
    async function ask(path: string, times = 1, headers = {}): Promise<readonly Span[]> {
      for (let i = 0; i < times; i++) await get(path, headers)
      const route = `GET ${path.split('?')[0]}`
      const traces = await until(
        () => tracesOf(route),
        found => found.length >= (sent.get(route) ?? 0),
        `all traces of ${route}`,
      )
      return console.spans(traces[0]?.traceId ?? '')
    }

    async function tracesOf(route: string) {
      const { traces } = await console.ask(
        'traces',
        `limit=1000&route=${encodeURIComponent(route)}`,
      )
      return traces.filter(trace => trace.route === route)
    }

    const serverOf = (spans: readonly Span[]) =>
      spans.find(({ kind }) => kind === 'server')?.attributes ?? {}
    const statementOf = (spans: readonly Span[], text = /select \*/) =>
      spans.find(({ attributes }) => text.test(String(attributes['db.query.text'])))?.attributes ??
      {}

    test('columns and bytes of a result, and those columns that reach no answer', async () => {
      const spans = await ask('/titles', 8)
      const statement = statementOf(spans)
      assert.equal(statement['hotpath.returned.columns'], 8)
      const bytes = Number(statement['hotpath.returned.bytes'])
      assert.ok(bytes > 200_000 && bytes < 250_000, `${bytes} bytes`)
      // `tag` is null in all rows, and of `history`, a jsonb, a part may be sent: nobody can tell.
      assert.deepEqual(statement['hotpath.columns.unused'], ['body', 'ip', 'agent', 'owner'])
      const unused = Number(statement['hotpath.columns.unused_bytes'])
      assert.ok(unused > 2_000 && unused < 2_200, `${unused} bytes a row`)
    })

    for (const path of ['/whole', '/renamed'])
      test(`no column of ${path}`, async () => {
        const statement = statementOf(await ask(path, 8))
        assert.equal(statement['hotpath.returned.columns'], 8)
        assert.equal(statement['hotpath.columns.unused'], undefined)
      })

    test('nothing of rows that the answer is not about', async () => {
      const statement = statementOf(await ask('/owners', 8))
      assert.equal(statement['hotpath.columns.unused'], undefined)
    })

    test('columns of a type of the app, without running its code', async () => {
      const statement = statementOf(await ask('/money', 8), /money/)
      assert.deepEqual(statement['hotpath.columns.unused'], ['owner'])
      assert.deepEqual(JSON.parse(await get('/money')), {
        asked: 0,
        titles: ['Title of 1', 'Title of 2', 'Title of 3'],
      })
    })

    test('bytes of no other statement: not those of a cursor, nor of an error', async () => {
      const spans = await ask('/drains')
      const bytesOf = (name: string) =>
        statementOf(spans, new RegExp(` as ${name}$`))['hotpath.returned.bytes']
      assert.equal(bytesOf('behind_drain'), undefined)
      assert.equal(bytesOf('behind_error'), undefined)
      assert.ok(Number(bytesOf('known')) < 100, `${bytesOf('known')} bytes`)
    })

    test('size and type of an answer, and that it was not compressed for who takes it so', async () => {
      const text = await get('/page')
      const told = async (headers: Record<string, string>) =>
        serverOf(await ask('/page', 1, headers))['hotpath.answer.compressed']
      const whole = serverOf(await ask('/page'))
      assert.equal(whole['http.response.body.size'], Buffer.byteLength(text))
      assert.equal(whole['hotpath.answer.type'], 'json')
      assert.equal(whole['hotpath.answer.compressed'], 'no')
      assert.equal(await told({ 'accept-encoding': 'identity' }), 'unasked')
      assert.equal(await told({ 'accept-encoding': 'gzip;q=0' }), 'unasked')
      assert.equal(await told({ 'x-forwarded-for': '192.0.2.7' }), 'between')
    })

    test('fields that were asked for, and how many came', async () => {
      const ignored = serverOf(await ask('/ignores?fields=id,title'))
      assert.equal(ignored['hotpath.fields.asked'], 2)
      assert.equal(ignored['hotpath.answer.fields'], 8)
      assert.ok(Number(ignored['hotpath.fields.unasked_bytes']) > 2_000)
      const heeded = serverOf(await ask('/heeds?fields=id,title'))
      assert.equal(heeded['hotpath.answer.fields'], 2)
      assert.equal(heeded['hotpath.fields.unasked_bytes'], 0)
      assert.equal(serverOf(await ask('/ignores'))['hotpath.fields.asked'], undefined)
    })

    test('how often an answer is the one before, unless something was written', async () => {
      const same = serverOf(await ask('/same', 12))
      const asked = Number(same['hotpath.repeats.asked'])
      assert.equal(same['hotpath.repeats.same'], asked - 1)
      assert.equal(same['hotpath.repeats.changed'], 0)
      assert.equal(same['hotpath.repeats.personal'], 0)
      const differs = serverOf(await ask('/differs', 12))
      assert.equal(differs['hotpath.repeats.same'], 0)
      assert.ok(Number(differs['hotpath.repeats.changed']) > 5)
      for (let i = 0; i < 15; i++) {
        await get('/writes')
        await get('/reads-others')
      }
      const written = serverOf(await ask('/reads-others'))
      assert.ok(Number(written['hotpath.repeats.asked']) >= 10)
      assert.ok(Number(written['hotpath.repeats.same']) <= 1)
      assert.equal(written['hotpath.repeats.changed'], 0)
    })

    test('and callers apart, by their credentials', async () => {
      for (let i = 0; i < 12; i++) await get('/reads-others', { authorization: `caller ${i}` })
      const answer = serverOf(await ask('/reads-others', 1, { authorization: 'another' }))
      assert.ok(Number(answer['hotpath.repeats.personal']) >= 12)
      assert.ok(Number(answer['hotpath.repeats.same']) <= 2)
    })

    test('how long an answer took to be written', async () => {
      const slow = serverOf(await ask('/slow-json'))
      const ms = Number(slow['hotpath.answer.serialised_ms'])
      assert.ok(ms >= 15, `${ms} ms`)
      assert.ok(Number(serverOf(await ask('/same'))['hotpath.answer.serialised_ms']) < ms)
    })

    test('what leaves of answers is names of columns and counts', async () => {
      const all = [...(await ask('/titles')), ...(await ask('/ignores?fields=id,title'))]
      const text = JSON.stringify(all, (_, value: unknown) =>
        typeof value === 'bigint' ? '' : value,
      )
      assert.doesNotMatch(text, /Title \d|Body \d|ip-10|Agent \d|Owner \d|first \d/)
    })

    test('findings are made of it, and of nothing else', async () => {
      await ask('/large-rows', 6)
      await ask('/page', 6)
      await ask('/held', 6)
      await ask('/slow-json', 6)
      const { findings } = await until(
        () => console.ask('findings'),
        ({ findings: found }) => found.some(({ kind }) => kind === 'chatty-transaction'),
        'a transaction that is held open',
      )
      const found = findings.map(({ kind, route }) => `${kind} ${route}`)
      const expected = [
        'cacheable GET /same',
        'chatty-transaction GET /held',
        'large-result GET /large-rows',
        'over-fetch GET /ignores',
        'over-select GET /titles',
        'slow-serialisation GET /slow-json',
      ]
      assert.deepEqual(found.filter(one => expected.includes(one)).sort(), expected)
      // Once for the service, where it costs the most.
      assert.equal(found.filter(one => one.startsWith('uncompressed')).length, 1)
      const answers = /^(?:over-|cacheable|large-|chatty|slow-serial|wide)/
      assert.deepEqual(
        found.filter(one => answers.test(one) && !expected.includes(one)),
        [],
      )
    })
  })
