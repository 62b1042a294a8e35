import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { CollectedSpan } from './collector.js'
import { observe } from './observed.js'
import { type Postgres, startPostgres } from './postgres.js'

/** pg keeps what is asked of a busy connection in a line: that is the time of those before it. */
describe('statements at once on one connection', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres.stop())

  async function spansOf(paths: readonly string[]): Promise<readonly CollectedSpan[]> {
    const { spans, errors } = await observe(
      'pg-line.cjs',
      async app =>
        void (await Promise.all(
          paths.map(async path => (await fetch(app.url + path)).arrayBuffer()),
        )),
      { DATABASE_URL: postgres.url },
    )
    assert.deepEqual(errors, [])
    return [...spans].sort((a, b) => (a.startNs < b.startNs ? -1 : 1))
  }
  const statements = (spans: readonly CollectedSpan[]): readonly CollectedSpan[] =>
    spans.filter(({ attributes }) => /pg_sleep/.test(String(attributes['db.query.text'])))

  test('each begin when the one before them is over', async () => {
    const spans = await spansOf(['/own'])
    const calls = statements(spans)
    assert.equal(calls.length, 3)
    for (const [i, call] of calls.entries()) {
      const before = calls[i - 1]
      assert.ok(before === undefined || call.startNs >= before.endNs, `call ${i} began too early`)
    }
    assert.deepEqual(
      spans.filter(({ name }) => name.startsWith('wait')),
      [],
      'the others are the request’s own: nothing else was waited for',
    )
  })

  test('of another request are what a request waits for', async () => {
    const spans = await spansOf(['/first', '/second'])
    const [first, second] = statements(spans)
    assert.ok(first && second && second.startNs >= first.endNs)
    const waits = spans.filter(({ attributes }) => attributes['hotpath.wait'] !== undefined)
    assert.equal(waits.length, 1)
    assert.equal(waits[0]?.attributes['hotpath.wait'], 'line')
    assert.equal(waits[0]?.parentId, second.parentId)
  })
})
