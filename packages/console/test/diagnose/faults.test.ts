import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { findings, found } from '../../dist/diagnose/findings.js'
import { assemble } from '../../dist/intake/assemble.js'
import type { Attributes, Span, SpanKind } from '../../dist/model.js'
import { withGains } from '../../dist/predict/gain.js'

const traceId = 'ab'.repeat(16)
const idOf = (n: number): string => n.toString(16).padStart(16, '0')
const beginNs = 1_700_000_000_000_000_000n

/** Statements as they come: whole, cut off at 2,000 characters, in no language, and no text at all. */
const statement = fc.oneof(
  fc.constantFrom('select name from users where id = $1', 'insert into t values ($1)', 'commit'),
  fc.constant(`select ${'a, '.repeat(700)}`.slice(0, 2_000)),
  fc.string({ unit: 'binary', maxLength: 40 }),
  // Half of a character, as it is left when bytes are cut or are no UTF-8.
  fc.constant('select \uD83D from "\uDE00'),
)
const value = fc.oneof(statement, fc.double(), fc.boolean(), fc.integer())

/** Attributes that detectors read, with what belongs there and what does not. */
const attributes: fc.Arbitrary<Attributes> = fc
  .dictionary(
    fc.constantFrom(
      'db.system.name',
      'db.query.text',
      'db.client.connection.pool.name',
      'http.request.method',
      'http.route',
      'http.response.status_code',
      'http.response.body.size',
      'url.full',
      'server.address',
      'hotpath.params.hash',
      'hotpath.wait',
      'hotpath.connect',
      'hotpath.blocked',
      'hotpath.leak',
      'hotpath.returned.rows',
      'hotpath.returned.columns',
      'hotpath.returned.bytes',
      'hotpath.columns.unused',
      'hotpath.columns.unused_bytes',
      'hotpath.answer.type',
      'hotpath.answer.fields',
      'hotpath.answer.compressed',
      'hotpath.answer.serialised_ms',
      'hotpath.fields.asked',
      'hotpath.repeats.asked',
      'hotpath.repeats.same',
      'code.file.path',
      'code.line.number',
      'what.nobody.knows',
    ),
    value,
    { maxKeys: 12 },
  )
  .map(found => found as Attributes)

/** Spans whose parents are missing, later, themselves or in a circle, and whose clocks disagree. */
const span: fc.Arbitrary<Span> = fc
  .record({
    id: fc.integer({ min: 1, max: 40 }),
    parent: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
    kind: fc.constantFrom<SpanKind>('server', 'client', 'internal', 'producer', 'consumer'),
    startMs: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: -1e9, max: 1e9 })),
    durationNs: fc.oneof(fc.integer({ min: 0, max: 3e8 }), fc.constantFrom(0, 1, 9e15)),
    status: fc.constantFrom<Span['status']>('ok', 'error', 'unset'),
    service: fc.constantFrom('shop', 'mail'),
    attributes,
  })
  .map(({ id, parent, startMs, ...rest }) => ({
    ...rest,
    traceId,
    spanId: idOf(id),
    ...(parent === undefined ? {} : { parentId: idOf(parent) }),
    name: 'work',
    instance: 'one',
    startNs: beginNs + BigInt(startMs) * 1_000_000n,
    links: [],
  }))

/** Chance found this one once in thousands of runs. */
const moreSameThanAsked: Span = {
  traceId,
  spanId: idOf(1),
  name: 'work',
  kind: 'server',
  startNs: beginNs,
  durationNs: 10_000_000,
  status: 'ok',
  service: 'shop',
  instance: 'one',
  attributes: { 'hotpath.repeats.same': 11, 'hotpath.repeats.asked': 10 },
  links: [],
}

describe('what is broken in traces', () => {
  test('makes no detector fail, and no figure that is none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(span, { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 6 }),
        spans => {
          const material = { traces: spans.map(assemble), routes: [], statements: [] }
          for (const { id, cost, gain, evidence } of withGains(found(material), material, 1)) {
            assert.match(id, /^[0-9a-f]{8}$/)
            for (const figure of [cost.msPerRequest, cost.share, cost.totalMs])
              assert.ok(Number.isFinite(figure) && figure >= 0, `${figure} in ${id}`)
            assert.ok(cost.share <= 1, `${cost.share} of the request in ${id}`)
            const { before, after } = gain?.predicted ?? {}
            for (const figure of [before?.averageMs ?? 0, after?.averageMs ?? 0])
              assert.ok(Number.isFinite(figure) && figure >= 0, `${figure} predicted for ${id}`)
            assert.ok(evidence.sentences.every(one => !/NaN|Infinity|undefined/.test(one)))
          }
        },
      ),
      { numRuns: 1_000, examples: [[[[moreSameThanAsked]]]] },
    )
  })

  test('is no finding: a half trace, of calls whose request never came', () => {
    const calls = Array.from({ length: 50 }, (_, i) => ({
      ...call(i),
      parentId: idOf(9_999_999),
    }))
    assert.deepEqual(findings({ traces: [assemble(calls)], routes: [], statements: [] }), [])
  })

  test('200,000 spans in one trace are one loop, and are got through', () => {
    const spans = [root(200_000), ...Array.from({ length: 200_000 }, (_, i) => call(i))]
    const traces = [assemble(spans)]
    const [one, ...others] = findings({
      traces: [...traces, ...twice()],
      routes: [],
      statements: [],
    })
    assert.equal(one?.kind, 'n-plus-one')
    assert.deepEqual(others, [])
  })
})

/** The same loop, small: what one request alone shows is not confirmed. */
function twice() {
  return ['cd', 'ef'].map(digits =>
    assemble(
      [root(20), ...Array.from({ length: 20 }, (_, i) => call(i))].map(one => ({
        ...one,
        traceId: digits.repeat(16),
      })),
    ),
  )
}

/** A request around so many calls. */
function root(calls: number): Span {
  return {
    ...call(-1),
    spanId: idOf(1),
    kind: 'server',
    name: 'GET /users',
    durationNs: calls * 2_000_000 + 2_000_000,
    attributes: { 'http.request.method': 'GET', 'http.route': '/users' },
  }
}

/** Call `i` of a loop: 1 ms, and 1 ms of code after it. */
function call(i: number): Span {
  return {
    traceId,
    spanId: idOf(i + 2),
    ...(i < 0 ? {} : { parentId: idOf(1) }),
    kind: 'client',
    name: 'SELECT users',
    service: 'shop',
    instance: 'one',
    startNs: beginNs + BigInt(i + 1) * 2_000_000n,
    durationNs: 1_000_000,
    status: 'unset',
    attributes: {
      'db.system.name': 'postgresql',
      'db.query.text': 'select name from users where id = $1',
      'hotpath.params.hash': `h${i}`,
    },
    links: [],
  }
}
