import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Change } from '../../dist/diagnose/remedy.js'
import { assemble } from '../../dist/intake/assemble.js'
import type { Span, Trace, TraceSpan } from '../../dist/model.js'
import { replayed } from '../../dist/predict/replay.js'

const runs = { numRuns: 2_000 }

/** Any tree of spans: side by side, one in the other, longer than their parents, by clocks that differ. */
const anyTrace: fc.Arbitrary<Trace> = fc
  .array(
    fc.record({
      parent: fc.nat(),
      from: fc.integer({ min: -5, max: 60 }),
      length: fc.integer({ min: 0, max: 50 }),
    }),
    { maxLength: 30 },
  )
  .map(parts => {
    const spans: Span[] = [spanOf(0, undefined, 10, 80)]
    for (const [i, { parent, from, length }] of parts.entries())
      spans.push(spanOf(i + 1, spans[parent % spans.length], from, length))
    return assemble(spans)
  })

function spanOf(n: number, parent: Span | undefined, from: number, length: number): Span {
  return {
    traceId: '1'.repeat(32),
    spanId: (n + 1).toString(16).padStart(16, '0'),
    ...(parent ? { parentId: parent.spanId } : {}),
    kind: parent ? 'internal' : 'server',
    name: `s${n}`,
    service: 'shop',
    instance: 'shop',
    startNs: (parent?.startNs ?? 1_800_000_000_000_000_000n) + BigInt(from * 1_000_000),
    durationNs: length * 1_000_000,
    status: 'unset',
    attributes: {},
    links: [],
  }
}

/** What is done to each span, by chance: most of all nothing. */
const anyFix = fc.array(
  fc.constantFrom('stays', 'stays', 'goes', 'half', 'less behind', 'beside'),
  {
    minLength: 1,
    maxLength: 31,
  },
)

function changeOf({ spans }: Trace, fix: readonly string[]): Change & { touched: Set<TraceSpan> } {
  const does = (what: string) => spans.filter((_, i) => i > 0 && fix[i % fix.length] === what)
  return {
    lasting: new Map([
      ...does('goes').map(span => [span, 0] as const),
      ...does('half').map(span => [span, span.durationNs / 2] as const),
    ]),
    behind: new Map(does('less behind').map(span => [span, 0.3] as const)),
    together: does('beside').flatMap(span => {
      const siblings = span.parent?.children ?? []
      const before = siblings[siblings.indexOf(span) - 1]
      return before ? [[before, span]] : []
    }),
    touched: new Set([...does('goes'), ...does('half')]),
  }
}

const requestOf = ({ roots }: Trace): TraceSpan => roots[0] as TraceSpan

describe('whatever a trace looks like, a replay', () => {
  test('is what was measured when nothing is changed', () => {
    fc.assert(
      fc.property(anyTrace, trace => {
        const request = requestOf(trace)
        assert.equal(replayed(request, {}), request.durationNs)
      }),
      runs,
    )
  })

  test('is never slower than what was measured', () => {
    fc.assert(
      fc.property(anyTrace, anyFix, (trace, fix) => {
        const request = requestOf(trace)
        assert.ok(replayed(request, changeOf(trace, fix)) <= request.durationNs)
      }),
      runs,
    )
  })

  test('is never shorter than the longest span that was waited for and not touched', () => {
    fc.assert(
      fc.property(anyTrace, anyFix, (trace, fix) => {
        const change = changeOf(trace, fix)
        const request = requestOf(trace)
        const replay = replayed(request, change)
        for (const span of trace.spans)
          if (isWaitedFor(span, request) && !isTouched(span, change.touched))
            assert.ok(replay >= span.durationNs, `${span.name}: ${replay}`)
      }),
      runs,
    )
  })

  test('gains no more than what was taken away', () => {
    fc.assert(
      fc.property(anyTrace, anyFix, (trace, fix) => {
        const { lasting = new Map<TraceSpan, number>() } = changeOf(trace, fix)
        const request = requestOf(trace)
        const taken = [...lasting].reduce(
          (sum, [span, ns]) => sum + Math.max(0, span.durationNs - ns),
          0,
        )
        assert.ok(replayed(request, { lasting }) >= request.durationNs - taken - 1e-3)
      }),
      runs,
    )
  })

  test('with more taken away is not slower', () => {
    fc.assert(
      fc.property(anyTrace, anyFix, fc.nat(), (trace, fix, pick) => {
        const { lasting = new Map<TraceSpan, number>() } = changeOf(trace, fix)
        const request = requestOf(trace)
        const more = trace.spans[pick % trace.spans.length]
        if (more === undefined || more === request) return
        const further = new Map([...lasting, [more, 0]])
        assert.ok(replayed(request, { lasting: further }) <= replayed(request, { lasting }))
      }),
      runs,
    )
  })
})

/** It and all above it, up to the request, have no children and end before what they are in. */
function isWaitedFor(span: TraceSpan, request: TraceSpan): boolean {
  if (span === request || span.children.length > 0) return false
  for (let at: TraceSpan = span; at !== request; ) {
    const { parent } = at
    if (!parent || at.offsetNs < parent.offsetNs) return false
    if (at.offsetNs + at.durationNs > parent.offsetNs + parent.durationNs) return false
    at = parent
  }
  return true
}

function isTouched(span: TraceSpan, touched: ReadonlySet<TraceSpan>): boolean {
  for (let at: TraceSpan | undefined = span; at; at = at.parent) if (touched.has(at)) return true
  return false
}
