import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { assemble } from '../../dist/intake/assemble.js'
import type { Span } from '../../dist/model.js'
import { draw, spansOf } from '../draw.js'

const span = (spanId: string, more: Partial<Span> = {}): Span => ({
  traceId: '1'.repeat(32),
  spanId,
  kind: 'internal',
  name: spanId,
  service: 'shop',
  instance: 'one',
  startNs: 1_800_000_000_000_000_000n,
  durationNs: 10_000_000,
  status: 'unset',
  attributes: {},
  links: [],
  ...more,
})

describe('assemble', () => {
  test('puts spans depth first, siblings by start, whatever the order they came in', () => {
    const spans = spansOf(`
      a       ==========   server
        b      ===         internal
          c     =          internal
        d         ===      internal
    `)
    const trace = assemble(spans.toReversed())
    assert.deepEqual(
      trace.spans.map(({ name, depth, offsetNs }) => [name, depth, offsetNs / 1e6]),
      [
        ['a', 0, 0],
        ['b', 1, 10],
        ['c', 2, 20],
        ['d', 1, 40],
      ],
    )
    assert.deepEqual(trace.problems, [])
    assert.equal(trace.durationNs, 100e6)
  })

  test('takes a span that came twice once, the longer of the two', () => {
    const trace = assemble([span('a', { durationNs: 1 }), span('a', { durationNs: 5 }), span('a')])
    assert.equal(trace.spans.length, 1)
    assert.equal(trace.spans[0]?.durationNs, 10_000_000)
    assert.deepEqual(trace.problems, ['2 spans came twice: counted once.'])
  })

  test('keeps spans without their parent at the top, and says so', () => {
    const trace = assemble([span('a'), span('b', { parentId: 'gone' })])
    assert.equal(trace.roots.length, 2)
    assert.deepEqual(trace.problems, ['1 span came without their parent: shown at the top.'])
  })

  test('is content with one root whose parent is of another system', () => {
    assert.deepEqual(assemble([span('a', { parentId: 'client' })]).problems, [])
  })

  test('cuts cycles at the earliest span, and spans that are their own parent', () => {
    const trace = assemble([
      span('a', { parentId: 'c', startNs: 3n }),
      span('b', { parentId: 'a', startNs: 1n }),
      span('c', { parentId: 'b', startNs: 2n }),
      span('d', { parentId: 'd' }),
    ])
    assert.deepEqual(
      trace.roots.map(root => root.name),
      ['b', 'd'],
    )
    assert.equal(trace.spans.length, 4)
    assert.equal(trace.problems.length, 2)
  })

  test('moves the spans of a clock that is behind into their parent, and says by how much', () => {
    const trace = draw(
      `
      a           ==========   server
        b          ======      client
          c         ====       server
            d        =         internal
    `,
      { c: { service: 'other', clockMs: -5_000 }, d: { clockMs: -5_000 } },
    )
    assert.deepEqual(
      trace.spans.map(({ name, offsetNs }) => [name, offsetNs / 1e6]),
      [
        ['a', 0],
        ['b', 10],
        ['c', 20],
        ['d', 30],
      ],
    )
    assert.deepEqual(trace.problems, [
      'The clock of other is about 5000 ms behind: its spans were moved.',
    ])
  })

  test('leaves a call back into the first service on its own clock', () => {
    const trace = draw(
      `
      a             ==========   server
        b            ======      client
          c           ====       server
            d          ==        client
              e        ==        server
    `,
      {
        c: { service: 'other', clockMs: -5_000 },
        d: { clockMs: -5_000 },
        e: { service: 'shop' },
      },
    )
    const e = trace.spans.find(({ name }) => name === 'e')
    assert.equal(e?.offsetNs, 30e6)
  })

  test('says when spans went on after their parent', () => {
    const trace = draw(`
      a    ====         server
        b    ========   internal
    `)
    assert.deepEqual(trace.problems, ['1 span went on after the end of their parent.'])
    assert.equal(trace.durationNs, 100e6)
  })

  test('holds each span once for any list of spans, with offsets of 0 or more', () => {
    const ids = fc.constantFrom(...'abcdefgh')
    const any = fc.array(
      fc.record({
        spanId: ids,
        parentId: fc.option(ids, { nil: undefined }),
        service: fc.constantFrom('shop', 'other'),
        startNs: fc.bigInt({ min: 0n, max: 2n ** 63n }),
        durationNs: fc.integer({ min: -5, max: 1e9 }),
      }),
    )
    fc.assert(
      fc.property(any, list => {
        const trace = assemble(
          list.map(({ parentId, ...rest }) =>
            span(rest.spanId, {
              ...rest,
              instance: rest.service,
              ...(parentId === undefined ? {} : { parentId }),
            }),
          ),
        )
        const held = trace.spans.map(({ spanId }) => spanId)
        assert.deepEqual([...held].sort(), [...new Set(list.map(one => one.spanId))].sort())
        for (const one of trace.spans) {
          assert.ok(one.offsetNs >= 0)
          assert.equal(one.depth, one.parent ? one.parent.depth + 1 : 0)
          assert.ok((one.parent?.children ?? trace.roots).includes(one))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('goes through 20,000 spans in one chain without recursion', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) =>
      span(`s${i}`, { ...(i === 0 ? {} : { parentId: `s${i - 1}` }), service: `v${i % 7}` }),
    )
    assert.equal(assemble(chain.toReversed()).spans.at(-1)?.depth, 19_999)
  })
})
