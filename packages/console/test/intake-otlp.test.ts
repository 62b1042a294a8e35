import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { protobuf } from './intake/encode.js'
import {
  attributes,
  exponential,
  keyValue,
  metrics,
  nowNs,
  span,
  traces,
} from './intake/requests.js'
import { asProtobuf, post, withConsole, type Answered } from './running.js'

/** Code and message of a google.rpc.Status, in either encoding. */
function statusOf({ type, bytes, json }: Answered): { code: number; message: string } {
  if (type === 'application/json') return json as { code: number; message: string }
  const reader = new BinaryReader(bytes)
  const status = { code: 0, message: '' }
  while (reader.pos < reader.len) {
    const [number] = reader.tag()
    if (number === 1) status.code = reader.int32()
    else status.message = reader.string()
  }
  return status
}

/** A value of every kind that OTLP has. */
const everyKind = [
  keyValue('text', 'ä 😀 "quoted"'),
  keyValue('whole', -12),
  keyValue('fraction', 0.5),
  keyValue('truth', true),
  { key: 'large', value: { intValue: '9007199254740993' } },
  { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '2' }] } } },
  { key: 'map', value: { kvlistValue: { values: [keyValue('inner', 'x')] } } },
  { key: 'bytes', value: { bytesValue: 'AAEC' } },
]

describe('spans', () => {
  test('are the same whether they come as protobuf or JSON, plain or compressed', async () => {
    const request = traces([
      span({ attributes: everyKind, parentSpanId: '', traceState: 'a=b', status: { code: 2 } }),
      span({
        spanId: '00000000000000aa',
        startTimeUnixNano: String(nowNs() - 1n),
        parentSpanId: 'b7ad6b7169203331',
        kind: 3,
        links: [{ traceId: '1'.repeat(32), spanId: '2'.repeat(16) }],
        events: [{ timeUnixNano: '1', name: 'exception', attributes: [keyValue('secret', 'x')] }],
      }),
    ])
    const json = Buffer.from(JSON.stringify(request))
    const binary = protobuf('traces', request)
    const ways: readonly (readonly [Uint8Array, Record<string, string>])[] = [
      [json, {}],
      [binary, asProtobuf],
      [gzipSync(json), { 'content-encoding': 'gzip' }],
      [deflateSync(binary), { ...asProtobuf, 'content-encoding': 'deflate' }],
    ]
    const stored = []
    for (const [body, headers] of ways)
      stored.push(
        await withConsole(async ({ url, store }) => {
          assert.equal((await post(`${url}/v1/traces`, body, headers)).status, 200)
          return store.spans('0af7651916cd43dd8448eb211c80319c')
        }),
      )
    const [first, ...others] = stored
    for (const other of others) assert.deepEqual(other, first)
    assert.deepEqual(first?.[0]?.attributes, {
      text: 'ä 😀 "quoted"',
      whole: -12,
      fraction: 0.5,
      truth: true,
      large: '9007199254740993',
      list: ['a', 2],
      map: '{"inner":"x"}',
      bytes: 'AAEC',
    })
    assert.equal(first?.[0]?.status, 'error')
    assert.equal(first?.[0]?.parentId, undefined)
    assert.equal(first?.[1]?.parentId, 'b7ad6b7169203331')
    assert.deepEqual(first?.[1]?.links, [{ traceId: '1'.repeat(32), spanId: '2'.repeat(16) }])
    assert.ok(!JSON.stringify(first?.[1]?.attributes).includes('secret'))
  })

  test('of SDKs with the names of old come under the names of today', async () => {
    await withConsole(async ({ url, store }) => {
      await post(
        `${url}/v1/traces`,
        traces([
          span({
            kind: 3,
            attributes: attributes({
              'db.system': 'mssql',
              'db.statement': 'select name from users where id = $1',
              'net.peer.name': 'db.internal',
              'http.method': 'OLD',
              'http.request.method': 'NEW',
            }),
          }),
        ]),
      )
      const [stored] = await store.spans('0af7651916cd43dd8448eb211c80319c')
      assert.deepEqual(stored?.attributes, {
        'db.system.name': 'microsoft.sql_server',
        'db.query.text': 'select name from users where id = $1',
        'db.operation.name': 'SELECT',
        'db.collection.name': 'users',
        'server.address': 'db.internal',
        'http.request.method': 'NEW',
      })
    })
  })

  test('without a usable time are refused one by one, and the sender is told', async () => {
    await withConsole(async ({ url, store }) => {
      const bad = span({ spanId: '00000000000000bb', startTimeUnixNano: '0' })
      const far = span({ spanId: '00000000000000cc', startTimeUnixNano: String(nowNs() * 2n) })
      const request = traces([span(), bad, far])
      const partial = {
        rejectedSpans: '2',
        errorMessage:
          'Refused: 1 spans without a start time; 1 spans that start more than a day from now.',
      }
      const answered = await post(`${url}/v1/traces`, request)
      assert.deepEqual([answered.status, answered.json], [200, { partialSuccess: partial }])
      assert.equal((await store.status()).spans, 1)
      const binary = await post(`${url}/v1/traces`, protobuf('traces', request), asProtobuf)
      assert.equal(binary.type, 'application/x-protobuf')
      const reader = new BinaryReader(binary.bytes)
      assert.deepEqual([reader.tag()[0], reader.uint32() > 0], [1, true])
      assert.deepEqual([reader.tag()[0], Number(reader.int64())], [1, 2])
      assert.deepEqual([reader.tag()[0], reader.string()], [2, partial.errorMessage])
    })
  })
})

describe('a request that cannot be read is refused with the reason, and nothing of it is stored', () => {
  const deep = (levels: number): string =>
    JSON.stringify(withSpan({ attributes: ['deep'] })).replace(
      '"deep"',
      `{"key":"deep","value":${'{"arrayValue":{"values":['.repeat(levels)}{}${']}}'.repeat(levels)}}`,
    )
  const good = traces([span()])
  const withSpan = (more: object): object => traces([span({ spanId: 'c'.repeat(16) }), span(more)])
  const cases: readonly (readonly [
    string,
    number,
    RegExp,
    object | string | Uint8Array,
    Record<string, string>?,
  ])[] = [
    ['no JSON', 400, /JSON cannot be read/, '{"resourceSpans":'],
    ['another type at the top', 400, /must be an object, but is a list/, '[]'],
    ['a list that is none', 400, /resourceSpans must be a list/, { resourceSpans: {} }],
    [
      'a name that is a number',
      400,
      /name must be a string, but is a number/,
      withSpan({ name: 1 }),
    ],
    ['an enum as text', 400, /kind must be an integer/, withSpan({ kind: 'SPAN_KIND_SERVER' })],
    ['a time that is negative', 400, /from 0 to/, withSpan({ startTimeUnixNano: '-1' })],
    [
      'a time beyond 64 bits',
      400,
      /from 0 to/,
      withSpan({ startTimeUnixNano: '18446744073709551616' }),
    ],
    ['names of the .proto', 400, /in JSON this name is resourceSpans/, { resource_spans: [] }],
    ['a trace id in base64', 400, /hexadecimal/, withSpan({ traceId: 'CvdlGRbNQ92ESOshHIAxnA==' })],
    ['a trace id too short', 400, /trace id must have 32/, withSpan({ traceId: 'ab' })],
    ['a trace id of zeros', 400, /all zeros/, withSpan({ traceId: '0'.repeat(32) })],
    ['no span id', 400, /span id must have 16/, withSpan({ spanId: undefined })],
    ['a parent id too long', 400, /parent span id/, withSpan({ parentSpanId: 'a'.repeat(18) })],
    ['values nested too deep', 400, /deeper than 16 levels/, deep(20)],
    ['values nested absurdly', 400, /deeper than 16 levels/, deep(100_000)],
    [
      'text that is not UTF-8',
      400,
      /cannot be read/,
      Buffer.from('{"resourceSpans":[],"x":"\xff"}', 'latin1'),
    ],
    [
      'a name in protobuf that is not UTF-8',
      400,
      /cannot be read/,
      nameOfBytes([0xff, 0xfe]),
      asProtobuf,
    ],
    [
      'protobuf with a wrong wire type',
      400,
      /wrong type/,
      new Uint8Array([0x08, 0x01]),
      asProtobuf,
    ],
    [
      'protobuf that says it is longer',
      400,
      /too early|out of range|EOF/i,
      new Uint8Array([0x0a, 0x7f, 0x00]),
      asProtobuf,
    ],
    ['gzip that is none', 400, /not gzip/, JSON.stringify(good), { 'content-encoding': 'gzip' }],
    [
      'gzip cut short',
      400,
      /not gzip/,
      gzipSync(JSON.stringify(good)).subarray(0, 60),
      { 'content-encoding': 'gzip' },
    ],
    [
      'another compression',
      415,
      /gzip, deflate or identity/,
      JSON.stringify(good),
      { 'content-encoding': 'br' },
    ],
    [
      'another content type',
      415,
      /Content-Type must be/,
      JSON.stringify(good),
      { 'content-type': 'text/plain' },
    ],
    ['a body too large', 413, /8388608 bytes/, Buffer.alloc(9_000_000, 32)],
    [
      'a small body that inflates',
      413,
      /when decompressed/,
      gzipSync(Buffer.alloc(40_000_000, 32)),
      { 'content-encoding': 'gzip' },
    ],
    ['a million empty messages', 413, /elements/, emptyMessages(1_100_000), asProtobuf],
    [
      'too many spans',
      413,
      /more than 50000 spans/,
      traces(
        Array.from({ length: 50_001 }, () => ({
          traceId: 'ab'.repeat(16),
          spanId: 'cd'.repeat(8),
          startTimeUnixNano: '1',
        })),
      ),
    ],
  ]

  test('for each of these reasons', async t => {
    await withConsole(async ({ url, store }) => {
      for (const [title, status, reason, body, headers] of cases)
        await t.test(title, async () => {
          const answered = await post(`${url}/v1/traces`, body, headers)
          const { code, message } = statusOf(answered)
          assert.equal(answered.status, status, message)
          assert.match(message, reason)
          assert.equal(code, status === 413 ? 8 : 3)
          const expected = headers?.['content-type'] === asProtobuf['content-type']
          assert.equal(answered.type, expected ? 'application/x-protobuf' : 'application/json')
        })
      assert.equal((await store.status()).spans, 0)
      assert.equal((await post(`${url}/v1/traces`, good)).status, 200, 'the console lives')
    })
  })

  test('wherever valid protobuf is cut off, or whatever bytes of it are changed', async () => {
    const whole = {
      traces: protobuf('traces', traces([span({ attributes: everyKind, status: { code: 1 } })])),
      metrics: protobuf('metrics', metrics([exponential(3)], { sequence: 1 })),
    }
    await withConsole(async ({ url, store }) => {
      const check = async (signal: 'traces' | 'metrics', body: Uint8Array): Promise<void> => {
        const before = await store.status()
        const answered = await post(`${url}/v1/${signal}`, body, asProtobuf)
        assert.ok([200, 400, 413].includes(answered.status), `status ${answered.status}`)
        if (answered.status === 200) return
        assert.notEqual(statusOf(answered).message, '')
        assert.equal((await store.status()).spans, before.spans)
      }
      for (const signal of ['traces', 'metrics'] as const) {
        const bytes = whole[signal]
        for (let length = 0; length < bytes.length; length++) {
          const cut = await post(`${url}/v1/${signal}`, bytes.subarray(0, length), asProtobuf)
          // Every message of it ends where the whole does, so only nothing at all is whole as well.
          assert.equal(cut.status, length === 0 ? 200 : 400, `${signal} cut at ${length}`)
        }
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })), {
              minLength: 1,
              maxLength: 4,
            }),
            async changes => {
              const changed = Uint8Array.from(bytes)
              for (const [at, byte] of changes) changed[at] = byte
              await check(signal, changed)
            },
          ),
          { numRuns: 300 },
        )
      }
    })
  })

  test('whatever JSON comes in place of any part', async () => {
    const whole = JSON.parse(JSON.stringify(traces([span({ attributes: everyKind })]))) as object
    const paths = pathsOf(whole)
    await withConsole(async ({ url }) => {
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...paths), fc.jsonValue(), async (path, value) => {
          const answered = await post(`${url}/v1/traces`, replaced(whole, path, value) as object)
          assert.ok([200, 400].includes(answered.status), `status ${answered.status}`)
          if (answered.status === 400) assert.notEqual(statusOf(answered).message, '')
        }),
        { numRuns: 300 },
      )
    })
  })
})

/** A request with one span whose name has these bytes. */
function nameOfBytes(bytes: readonly number[]): Uint8Array {
  const field = (number: number, content: readonly number[]): number[] => [
    (number << 3) | 2,
    content.length,
    ...content,
  ]
  return Uint8Array.from(field(1, field(2, field(2, field(5, bytes)))))
}

/** One ResourceSpans with many empty ScopeSpans: two bytes each. */
function emptyMessages(count: number): Uint8Array {
  const inner = new Uint8Array(count * 2)
  for (let i = 0; i < inner.length; i += 2) inner[i] = 0x12
  const length: number[] = []
  for (let left = inner.length; left > 0; left >>>= 7)
    length.push((left & 127) | (left > 127 ? 128 : 0))
  return Buffer.concat([Uint8Array.from([0x0a, ...length]), inner])
}

type Path = readonly (string | number)[]

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const inner = Object.entries(value).flatMap(([key, each]) =>
    pathsOf(each, [...path, Array.isArray(value) ? Number(key) : key]),
  )
  return [path, ...inner]
}

function replaced(value: unknown, path: Path, by: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return by
  const copy = structuredClone(value) as Record<string | number, unknown>
  copy[key] = replaced(copy[key], rest, by)
  return copy
}
