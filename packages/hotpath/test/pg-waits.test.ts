import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { CollectedSpan } from './collector.js'
import { observe } from './observed.js'
import { type Postgres, startPostgres } from './postgres.js'

/** What the pool does in the request that gave a connection back is done for the one that waited. */
describe('of who waited for a connection', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres.stop())

  async function spansOf(
    use: (get: (path: string) => Promise<string>) => Promise<unknown>,
  ): Promise<readonly CollectedSpan[]> {
    const { spans, errors } = await observe(
      'pg-waits.cjs',
      async app => void (await use(async path => (await fetch(app.url + path)).text())),
      { DATABASE_URL: postgres.url },
    )
    assert.deepEqual(errors, [])
    return spans
  }

  test('is what listeners for `acquire` ask', async () => {
    const spans = await spansOf(get =>
      Promise.all(Array.from({ length: 8 }, () => get('/acquire'))),
    )
    const requests = spans.filter(span => span.kind === 2)
    assert.equal(requests.length, 8)
    for (const { traceId } of requests) {
      const texts = spans
        .filter(span => span.traceId === traceId && 'db.query.text' in span.attributes)
        .map(span => span.attributes['db.query.text'])
      assert.deepEqual(texts.sort(), ['select ? as acquired', 'select pg_sleep(?) as work'])
    }
  })

  test('is the connection that is opened because another broke', async () => {
    const spans = await spansOf(async get => {
      const breaks = get('/breaks')
      await get('/held')
      await Promise.all([breaks, get('/acquire')])
    })
    const parents = spans
      .filter(span => span.attributes['hotpath.connect'] === true)
      .sort((a, b) => (a.startNs < b.startNs ? -1 : 1))
      .map(span => spans.find(({ spanId }) => spanId === span.parentId)?.name)
    assert.deepEqual(parents, ['GET /breaks', 'GET /acquire'])
  })
})
