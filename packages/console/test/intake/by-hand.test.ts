import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Describer } from '../../dist/intake/describe.js'
import { Doubled } from '../../dist/intake/doubled.js'
import { readJson } from '../../dist/intake/otlp/json.js'
import { readJsonSpansByHand } from '../../dist/intake/otlp/json-spans.js'
import { Malformed } from '../../dist/intake/otlp/malformed.js'
import { tracesRequest } from '../../dist/intake/otlp/messages.js'
import { readProtobuf } from '../../dist/intake/otlp/protobuf.js'
import { readSpansByHand } from '../../dist/intake/otlp/protobuf-spans.js'
import { type TraceRows } from '../../dist/intake/trace-rows.js'
import { rowsOf } from '../../dist/intake/traces.js'
import { protobuf } from './encode.js'

const text = fc.string({ unit: 'grapheme', maxLength: 200 })
const scalar = fc.oneof(
  text.map(stringValue => ({ stringValue })),
  fc.boolean().map(boolValue => ({ boolValue })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(n => ({ intValue: String(n) })),
  fc.nat().map(n => ({ intValue: String(n) })),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(doubleValue => ({ doubleValue })),
)
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }).map(values => ({ arrayValue: { values } })),
  fc
    .array(fc.record({ key: text, value: scalar }), { maxLength: 2 })
    .map(values => ({ kvlistValue: { values } })),
)
const attributes = fc.array(fc.record({ key: text, value }), { maxLength: 6 })
const id = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(b => Buffer.from(b).toString('hex'))
const time = fc.bigInt({ min: 0n, max: 2n ** 62n }).map(String)
const span = fc.record(
  {
    traceId: id(16),
    spanId: id(8),
    parentSpanId: id(8),
    name: text,
    kind: fc.nat({ max: 5 }),
    startTimeUnixNano: time,
    endTimeUnixNano: time,
    attributes,
    links: fc.array(fc.record({ traceId: id(16), spanId: id(8) }), { maxLength: 2 }),
    status: fc.record({ code: fc.nat({ max: 2 }) }),
  },
  { requiredKeys: ['traceId', 'spanId', 'name'] },
)
const request = fc.record({
  resourceSpans: fc.array(
    fc.record({
      resource: fc.record({ attributes }),
      scopeSpans: fc.array(
        fc.record({ scope: fc.record({ name: text }), spans: fc.array(span, { maxLength: 5 }) }),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 2 },
  ),
})

/** What the table makes of it, or that it refuses it. */
const byTable = (read: () => object | undefined): unknown => {
  try {
    return read()
  } catch (error) {
    if (error instanceof Malformed) return 'refused'
    throw error
  }
}

/** By hand, `undefined` leaves it to the table; else both say the same. */
const agrees = (byHand: () => object | undefined, table: () => object | undefined): boolean => {
  const got = byTable(() => byHand() ?? { left: true }) as { left?: true } | 'refused'
  if (got !== 'refused' && got.left === true) return false
  assert.deepEqual(got, byTable(table))
  return true
}

const nowMs = Date.now()

/** All that comes of the rows of a request. */
const taken = (rows: TraceRows | undefined): object | undefined => {
  if (rows === undefined) return undefined
  const { spans, histograms, exemplars } = rows.take(new Doubled())
  const { count, ids, startNs, durationNs, says, texts, links } = spans
  const columns = [ids.subarray(0, 4 * count), startNs.subarray(0, count)]
  const numbers = [durationNs.subarray(0, count)]
  const said = Array.from(says.subarray(0, count), i => texts[i])
  const { losses, refusals } = rows
  const refused = refusals.partialSuccess()
  return { columns, numbers, said, links, histograms, exemplars, losses, refused }
}

describe('traces read by hand are those that the table reads', () => {
  test('of protobuf, whole and with bytes changed, cut and doubled', () => {
    let byHand = 0
    fc.assert(
      fc.property(request, fc.infiniteStream(fc.nat()), (message, numbers) => {
        const bytes = Buffer.from(protobuf('traces', message))
        const next = (below: number): number => Number(numbers.next().value) % Math.max(1, below)
        const damages = [bytes]
        for (let k = 0; k < 8; k++) {
          const damaged = Buffer.from(bytes)
          if (damaged.length > 0) damaged[next(damaged.length)] = next(256)
          damages.push(damaged, bytes.subarray(0, next(bytes.length)))
        }
        // The second time what a span says is kept by its bytes, the third time it is found by them.
        const [first, second] = [new Describer(), new Describer()]
        for (const each of [...damages, ...damages, bytes])
          if (
            agrees(
              () => taken(readSpansByHand(each, first, nowMs)),
              () => taken(rowsOf(readProtobuf(each, tracesRequest), second, nowMs)),
            )
          )
            byHand++
      }),
      { numRuns: 200 },
    )
    assert.ok(byHand > 400, `${byHand} were read by hand`)
  })

  test('of JSON, whole and with members of wrong names and types', () => {
    let byHand = 0
    const odd = fc.constantFrom<unknown>(
      null,
      7,
      '7',
      -1,
      'zz',
      [],
      {},
      true,
      'AB',
      { a_b: 1 },
      1.5,
    )
    fc.assert(
      fc.property(request, odd, fc.nat(), (message, wrong, at) => {
        let seen = 0
        let places = 0
        JSON.stringify(message, (_, each: unknown) => (places++, each))
        const damaged: unknown = JSON.parse(JSON.stringify(message), (_, each: unknown) =>
          seen++ === at % places ? wrong : each,
        )
        const text = JSON.stringify(message, null, at % 3)
        const bytes = Buffer.from(text)
        const cut = bytes.subarray(0, (at * 7) % (bytes.length + 1))
        const spoilt = Buffer.from(bytes)
        spoilt[(at * 13) % bytes.length] = at % 256
        const all = [bytes, Buffer.from(JSON.stringify(damaged)), cut, spoilt]
        const [first, second] = [new Describer(), new Describer()]
        for (const each of [...all, ...all, bytes])
          if (
            agrees(
              () => taken(readJsonSpansByHand(each, first, nowMs)),
              () => taken(rowsOf(readJson(each, tracesRequest), second, nowMs)),
            )
          )
            byHand++
      }),
      { numRuns: 300 },
    )
    assert.ok(byHand > 150, `${byHand} were read by hand`)
  })

  test('and what one process said is not taken for what another says in the same bytes', () => {
    const span = (spanId: string) => ({
      traceId: 'ab'.repeat(16),
      spanId,
      name: 'GET /users',
      kind: 2,
      startTimeUnixNano: String(BigInt(nowMs) * 1_000_000n),
      endTimeUnixNano: String(BigInt(nowMs + 5) * 1_000_000n),
      attributes: [{ key: 'http.request.method', value: { stringValue: 'GET' } }],
    })
    const of = (service: string) => ({
      resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
      scopeSpans: [
        {
          spans: [
            ...['01', '02', '03'].map(id => span(id.repeat(8))),
            { ...span('04'.repeat(8)), kind: 3 },
            { ...span('05'.repeat(8)), parentSpanId: '01'.repeat(8) },
            { ...span('06'.repeat(8)), status: { code: 2 } },
          ],
        },
      ],
    })
    const message = { resourceSpans: ['shop', 'mail', 'shop'].map(of) }
    const bodies = [
      readSpansByHand(protobuf('traces', message), new Describer(), nowMs),
      readJsonSpansByHand(Buffer.from(JSON.stringify(message)), new Describer(), nowMs),
    ]
    for (const rows of bodies) {
      const { spans } = rows?.take(new Doubled()) ?? assert.fail('left to the table')
      const said = Array.from(spans.says.subarray(0, spans.count), i => spans.texts[i])
      assert.deepEqual(
        said.map(text => [text?.service, text?.kind, text?.entry, text?.status]),
        ['shop', 'mail', 'shop'].flatMap(service => [
          ...[1, 1, 1].map(kind => [service, kind, true, 0]),
          [service, 2, true, 0],
          [service, 1, true, 0],
          [service, 1, true, 2],
        ]),
      )
    }
  })
})
