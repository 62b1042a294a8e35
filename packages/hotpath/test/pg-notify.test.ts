import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { observe } from './observed.js'
import { type Postgres, startPostgres } from './postgres.js'

describe('statements of pg', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres.stop())

  const spansOf = async (path: string) => {
    const { spans, errors } = await observe(
      'pg-notify.cjs',
      async app => {
        await (await fetch(app.url + path)).text()
      },
      { DATABASE_URL: postgres.url },
    )
    assert.deepEqual(errors, [])
    const request = spans.find(span => span.kind === 2)
    return { spans, request }
  }

  test('that a notification causes are not of the request that opened the connection', async () => {
    const { spans, request } = await spansOf('/listen')
    const told = spans.find(span => /told/.test(String(span.attributes['db.query.text'])))
    assert.ok(told !== undefined && told.traceId !== request?.traceId)
    const connects = spans.filter(span => span.attributes['hotpath.connect'] === true)
    assert.deepEqual(
      connects.map(span => span.parentId),
      [request?.spanId, request?.spanId],
    )
  })

  test('with data in their text have each a hash of its own', async () => {
    const { spans } = await spansOf('/again')
    const again = spans.filter(span => span.attributes['db.query.text'] === 'select ? as again')
    assert.equal(again.length, 3)
    assert.equal(new Set(again.map(span => span.attributes['hotpath.params.hash'])).size, 3)
  })
})
