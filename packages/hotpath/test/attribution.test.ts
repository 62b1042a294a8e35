import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Observation, observe } from './observed.js'
import { type Postgres, startPostgres } from './postgres.js'

/**
 * The trap: pg-pool runs what waits for a connection in the async context of the request that gave
 * one back. With 32 requests over 10 connections nearly every statement would go to another request.
 */
const CLIENTS = 32
const REQUESTS = 96

describe('with 32 clients over a pool of 10, every statement is in its own request', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres.stop())

  for (const way of ['pool-promise', 'pool-callback', 'connect-promise', 'connect-callback']) {
    test(way, async () => {
      const seen = await drive(way, postgres.url)
      const requests = seen.spans.filter(span => span.kind === 2)
      assert.equal(requests.length, REQUESTS)
      for (const request of requests) {
        const columns = seen.spans
          .filter(span => span.traceId === request.traceId && 'db.query.text' in span.attributes)
          .map(span => /r(\d+)_(\d)/.exec(String(span.attributes['db.query.text'])))
        assert.deepEqual(columns.map(column => column?.[2]).sort(), ['1', '2', '3'])
        assert.equal(new Set(columns.map(column => column?.[1])).size, 1, 'of one request only')
      }
      assert.deepEqual(seen.errors, [])
    })
  }

  test('waits and new connections are told, each below its own request', async () => {
    const { spans } = await drive('pool-promise', postgres.url)
    const waits = spans.filter(span => span.attributes['hotpath.wait'] === 'connection')
    const connects = spans.filter(span => span.attributes['hotpath.connect'] === true)
    assert.ok(waits.length > 0)
    assert.ok(connects.length > 0 && connects.length <= 10)
    const requests = new Set(spans.filter(span => span.kind === 2).map(span => span.spanId))
    for (const span of [...waits, ...connects])
      assert.ok(requests.has(span.parentId ?? ''), span.name)
    assert.ok(waits.every(wait => wait.endNs - wait.startNs >= 500_000n))
  })
})

async function drive(way: string, databaseUrl: string): Promise<Observation> {
  let next = 0
  const client = async (url: string) => {
    while (next < REQUESTS) {
      const n = String(next++)
      // A caller that kept its trace: so the sampler keeps ours, of every request.
      const traceId = n.padStart(32, 'a')
      const headers = { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` }
      assert.equal(await (await fetch(`${url}/${way}/${n}`, { headers })).text(), n)
    }
  }
  return observe(
    'attribution.cjs',
    async app => {
      await Promise.all(Array.from({ length: CLIENTS }, () => client(app.url)))
    },
    { DATABASE_URL: databaseUrl },
  )
}
