import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asProtobuf, post, withConsole } from '../running.js'
import { protobuf } from './encode.js'
import { attributes, span, traces } from './requests.js'

test('a span without a time is refused alone, whatever links it has', () =>
  withConsole(async ({ url, store }) => {
    const links = [{ traceId: 'ab', spanId: 'cd' }]
    const bad = span({ spanId: '00000000000000bb', startTimeUnixNano: '0', links })
    const request = traces([span(), bad])
    for (const [body, headers] of [
      [request, undefined],
      [protobuf('traces', request), asProtobuf],
    ] as const)
      assert.equal((await post(`${url}/v1/traces`, body, headers)).status, 200)
    assert.equal((await store.status()).spans, 2)
  }))

test('JSON that is none is refused also where nobody reads it', () =>
  withConsole(async ({ url, store }) => {
    const text = JSON.stringify(traces([span({ events: [] })])).replace(
      '"events":[]',
      '"events":[}',
    )
    const answered = await post(`${url}/v1/traces`, text)
    assert.equal(answered.status, 400)
    assert.equal((await store.status()).spans, 0)
  }))

test('a statement that a query builder and the driver below it report is counted once, of thousands too', () =>
  withConsole(async ({ url, store }) => {
    const id = (n: number): string => (n + 1).toString(16).padStart(16, '0')
    const statement = (n: number, more: object): object =>
      span({
        spanId: id(n),
        kind: 3,
        name: 'select',
        attributes: attributes({
          'db.system.name': 'postgresql',
          'db.query.text': `select * from t${n % 7} where id = $1`,
          'db.operation.name': 'SELECT',
        }),
        ...more,
      })
    const pairs = 3_000
    const spans = Array.from({ length: pairs }, (_, i) => [
      statement(7 * i, { parentSpanId: 'f'.repeat(16) }),
      statement(7 * i, { spanId: id(100_000 + i), parentSpanId: id(7 * i) }),
    ]).flat()
    assert.equal((await post(`${url}/v1/traces`, traces(spans))).status, 200)
    const series = await store.series('db.client.operation.duration', { sinceMs: 0 })
    assert.equal(
      series.reduce((sum, { histogram }) => sum + histogram.count, 0),
      pairs,
    )
  }))
