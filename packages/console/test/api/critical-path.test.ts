import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { criticalPath, selfNs } from '../../dist/api/critical-path.js'
import { gapsOf } from '../../dist/api/gaps.js'
import { assemble } from '../../dist/intake/assemble.js'
import { draw, spansOf } from '../draw.js'

/** Milliseconds on the path by span. */
const pathOf = (picture: string) =>
  Object.fromEntries([...criticalPath(draw(picture))].map(([span, ns]) => [span.name, ns / 1e6]))

describe('the critical path', () => {
  test('goes through what was waited for, and not what ran beside it', () => {
    assert.deepEqual(
      pathOf(`
      a     ================   internal
        b     ====             internal
        c            ======    internal
        d       =======        internal
    `),
      { a: 60, b: 40, c: 60 },
    )
  })

  test('counts a child up to the end of its parent', () => {
    assert.deepEqual(
      pathOf(`
      a     ======       internal
        b       ======   internal
    `),
      { a: 40, b: 20 },
    )
  })

  test('descends: the time of a child is its own child’s where that ran', () => {
    assert.deepEqual(
      pathOf(`
      a       ======     internal
        b      ====      internal
          c     ==       internal
    `),
      { a: 20, b: 20, c: 20 },
    )
  })

  test('of any tree adds up to the time of its root', () => {
    const any = fc.array(fc.tuple(fc.nat(30), fc.nat(100), fc.nat(100)), { maxLength: 30 })
    const [root] = spansOf('a   ==========   internal')
    assert.ok(root)
    fc.assert(
      fc.property(any, list => {
        const children = list.map(([parent, startMs, lengthMs], i) => ({
          ...root,
          spanId: `c${i}`,
          parentId: i === 0 || parent >= i ? root.spanId : `c${parent}`,
          startNs: root.startNs + BigInt(startMs * 1_000_000),
          durationNs: lengthMs * 1e6,
        }))
        const trace = assemble([root, ...children])
        const total = [...criticalPath(trace).values()].reduce((sum, ns) => sum + ns, 0)
        assert.equal(total, trace.roots[0]?.durationNs)
      }),
      { numRuns: 1_000 },
    )
  })
})

test('self time is what no child covers, children that overlap or outlast counted once', () => {
  const trace = draw(`
      a     ==========      internal
        b     ===           internal
        c      ====         internal
        d           ====    internal
  `)
  assert.equal(selfNs(trace.roots[0] as (typeof trace.roots)[number]), 30e6)
})

test('self time is within the span, also when work that it left to others begins after its end', () => {
  const [root] = draw(`
      a     ====             internal
        b     ==             internal
        c             ====   internal
  `).roots
  assert.ok(root)
  assert.equal(selfNs(root), 20e6)
})

describe('gaps', () => {
  const gapsIn = (picture: string) => gapsOf(draw(picture)).map(gap => gap.map(ns => ns / 1e6))

  test('are where no span ran, longer than a fifth of the trace', () => {
    assert.deepEqual(
      gapsIn(`
      a     ====                    internal
        b             ===           internal
        c                       =   internal
    `),
      [
        [40, 100],
        [130, 200],
      ],
    )
  })

  test('there are none of a fifth or less, nor where a span waited', () => {
    assert.deepEqual(
      gapsIn(`
      a     ====                    internal
        b       =                   internal
        c           ============    internal
    `),
      [],
    )
    assert.deepEqual(
      gapsIn(`
      a     ====================    internal
        b   =                       internal
        c                      =    internal
    `),
      [],
    )
  })
})
