import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { observe } from '../observed.js'
import { type Postgres, startPostgres } from '../postgres.js'

describe('batch, with the recorder attached', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres.stop())

  test('knows its requests by itself: one call for each, shown with its keys', async () => {
    const { spans, errors } = await observe(
      'batch.cjs',
      async app => {
        // All at once, and of the same users: none may be served from another request.
        const answers = await Promise.all([0, 0, 5].map(first => text(`${app.url}/${first}`)))
        const ten = (first: number) => Array.from({ length: 10 }, (_, n) => first + n)
        assert.deepEqual(
          answers,
          [0, 0, 5].map(first => [...ten(first), ...ten(first)].join()),
        )
      },
      { DATABASE_URL: postgres.url },
    )
    const requests = spans.filter(span => span.kind === 2)
    assert.equal(requests.length, 3)
    for (const { traceId, spanId } of requests) {
      const mine = spans.filter(span => span.traceId === traceId)
      const batches = mine.filter(span => 'hotpath.batch.keys' in span.attributes)
      assert.deepEqual(
        batches.map(({ name, parentId, attributes }) => ({
          name,
          below: parentId === spanId,
          keys: attributes['hotpath.batch.keys'],
        })),
        [{ name: 'batch(userOf)', below: true, keys: 10 }],
      )
      const statements = mine.filter(span => 'db.query.text' in span.attributes)
      assert.deepEqual(
        statements.map(span => span.parentId),
        [batches[0]?.spanId],
      )
    }
    assert.deepEqual(errors, [])
  })
})

const text = async (url: string): Promise<string> => (await fetch(url)).text()
