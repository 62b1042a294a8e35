import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Change } from '../../dist/diagnose/remedy.js'
import type { Trace, TraceSpan } from '../../dist/model.js'
import { replayed } from '../../dist/predict/replay.js'
import { columnMs, draw } from '../draw.js'

/** Columns that the request takes when those spans are gone, or changed. */
function columns(
  picture: string,
  change: (named: (name: string) => TraceSpan[]) => Change,
): number {
  const trace = draw(picture)
  return replayed(rootOf(trace), change(spansOf(trace))) / (columnMs * 1e6)
}

const rootOf = (trace: Trace): TraceSpan => trace.roots[0] as TraceSpan
const spansOf = (trace: Trace) => (name: string) => trace.spans.filter(span => span.name === name)
const without =
  (...names: string[]) =>
  (named: (name: string) => TraceSpan[]): Change => ({
    lasting: new Map(names.flatMap(named).map(span => [span, 0])),
  })

describe('a request replayed', () => {
  test('without what it waited for is as much shorter; its own time stays', () => {
    const picture = `
      GET /   ==========   server
        a      ===         internal
        b          ====    internal
    `
    assert.equal(columns(picture, without('a')), 7)
    assert.equal(columns(picture, without('b')), 6)
    assert.equal(columns(picture, without('a', 'b')), 3)
  })

  test('without what ran beside something longer takes as long', () => {
    const picture = `
      GET /   ==========   server
        a      ========    internal
        b      =====       internal
    `
    assert.equal(columns(picture, without('b')), 10)
    assert.equal(columns(picture, without('a')), 7)
  })

  test('waits for what it may have waited for, not for what was still running', () => {
    const picture = `
      GET /   ============   server
        a      ===           internal
        b      =             internal
        c      =======       internal
        d          ====      internal
    `
    // d came after a and b: without a it comes after b, and c is what ends last.
    assert.equal(columns(picture, without('a')), 11)
    assert.equal(columns(picture, without('c')), 12)
  })

  test('goes through to what lies deeper, and to other services', () => {
    const picture = `
      GET /       ==========    server
        call       ========     client
          GET /x    ======      server
            query    ====       internal
    `
    assert.equal(columns(picture, without('query')), 6)
    assert.equal(columns(picture, without('GET /x')), 4)
  })

  test('with two that begin together takes the longer of them', () => {
    const picture = `
      GET /   ==========   server
        a      ===         internal
        b         =====    internal
    `
    assert.equal(
      columns(picture, named => ({ together: [[...named('a'), ...named('b')]] })),
      7,
    )
  })

  test('with spans that take less, and less work behind them', () => {
    const picture = `
      GET /   ============   server
        list   ====          internal
    `
    assert.equal(
      columns(picture, named => ({
        lasting: new Map(named('list').map(span => [span, columnMs * 1e6])),
        behind: new Map(named('list').map(span => [span, 0.5])),
      })),
      5.5,
    )
    const longer = (named: (name: string) => TraceSpan[]): Change => ({
      lasting: new Map(named('list').map(span => [span, 9 * columnMs * 1e6])),
    })
    assert.equal(columns(picture, longer), 12)
  })

  test('does not wait for what outlasts it', () => {
    const picture = `
      GET /   ======        server
        a      ==           internal
        late      =======   internal
    `
    assert.equal(columns(picture, without('a')), 4)
    assert.equal(columns(picture, without('late')), 6)
  })

  test('takes spans that overlap by a little for one after the other: clocks are rounded', () => {
    const picture = `
      GET /   ==========   server
        a      ===         internal
        b         =====    internal
    `
    const late = { b: { clockMs: -0.9 } }
    const trace = draw(picture, late)
    const [a] = spansOf(trace)('a') as [TraceSpan]
    const request = rootOf(trace)
    assert.equal(replayed(request, { lasting: new Map([[a, 0]]) }), 70e6)
    assert.equal(replayed(request, {}), 100e6)
  })
})
