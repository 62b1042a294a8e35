import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assemble } from '../../dist/intake/assemble.js'
import type { Attributes, Span, SpanKind } from '../../dist/model.js'

let next = 0

/** A span below `parent` from `startMs` on. */
function span(
  parent: Span | undefined,
  name: string,
  [startMs, durationMs]: readonly [number, number],
  attributes: Attributes = {},
  more: Partial<Span> = {},
): Span {
  const kind: SpanKind = attributes['db.query.text'] === undefined ? 'internal' : 'client'
  return {
    traceId: '1'.repeat(32),
    spanId: String(++next).padStart(16, '0'),
    ...(parent ? { parentId: parent.spanId } : {}),
    kind,
    name,
    service: 'shop',
    instance: 'one',
    startNs: 1_800_000_000_000_000_000n + BigInt(Math.round(startMs * 1e6)),
    durationNs: durationMs * 1e6,
    status: 'unset',
    attributes,
    links: [],
    ...more,
  }
}

const root = span(undefined, 'GET /', [0, 100], {}, { kind: 'server' })
const middleware = { 'express.type': 'middleware' }
const rows = (spans: readonly Span[]): [string, number][] =>
  assemble([root, ...spans]).spans.map(({ name, depth }) => [name, depth])

describe('of a foreign trace', () => {
  test('frames that took no time are left out, and what they held moves up', () => {
    const handler = span(root, 'request handler', [1, 90], { 'express.type': 'request_handler' })
    const inner = span(handler, 'router', [1, 90], { 'router.type': 'request_handler' })
    const work = span(inner, 'work', [1.2, 89.5])
    const trace = assemble([root, handler, inner, work, span(root, 'json', [0, 0.1], middleware)])
    assert.deepEqual(
      trace.spans.map(({ name, depth, parent }) => [name, depth, parent?.name]),
      [
        ['GET /', 0, undefined],
        ['work', 1, 'GET /'],
      ],
    )
    assert.deepEqual(trace.problems, [])
    assert.deepEqual(trace.notes, [
      'Left out: 3 spans of middleware, sockets and pools that took no time.',
    ])
  })

  test('what took time stays, and so does what failed', () => {
    const slow = span(root, 'authenticate', [0, 40], middleware)
    const failed = span(root, 'limit', [40, 0.1], middleware, { status: 'error' })
    const wait = span(root, 'pg-pool.connect', [41, 0.6], { 'hotpath.wait': 'connection' })
    const quick = span(root, 'pg-pool.connect', [42, 0.4], { 'hotpath.wait': 'connection' })
    assert.deepEqual(rows([slow, failed, wait, quick]), [
      ['GET /', 0],
      ['authenticate', 1],
      ['limit', 1],
      ['pg-pool.connect', 1],
    ])
  })

  test('a query builder’s statement goes where the driver’s stands below it, and only there', () => {
    const text = (value: string): Attributes => ({ 'db.query.text': value })
    const knex = span(root, 'knex', [0, 5], text('select * from a where b = ?'))
    const pg = span(knex, 'pg', [1, 3], text('select * from a where b = $1'))
    const alone = span(root, 'alone', [10, 5], text('select * from a where b = ?'))
    const other = span(root, 'other', [20, 5], text('call f(?)'))
    const inside = span(other, 'inside', [21, 1], text('select 1'))
    assert.deepEqual(rows([knex, pg, alone, other, inside]), [
      ['GET /', 0],
      ['pg', 1],
      ['alone', 1],
      ['other', 1],
      ['inside', 2],
    ])
  })

  test('a chain of thousands of frames takes no more than a flat one', () => {
    const spans: Span[] = [root]
    for (let n = 0; n < 20_000; n++) spans.push(span(spans.at(-1), 'frame', [0, 90], middleware))
    spans.push(span(spans.at(-1), 'work', [0, 90]))
    assert.deepEqual(rows(spans.slice(1)), [
      ['GET /', 0],
      ['work', 1],
    ])
  })
})
