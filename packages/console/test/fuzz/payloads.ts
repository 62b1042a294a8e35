import { protobuf } from '../intake/encode.js'
import {
  attributes,
  explicit,
  exponential,
  keyValue,
  metrics,
  nowNs,
  resource,
  span,
  traces,
} from '../intake/requests.js'

/** A valid request in both encodings. */
export interface Payload {
  readonly signal: 'traces' | 'metrics'
  readonly json: object
  readonly binary: Uint8Array
}

const everyKind = [
  keyValue('text', 'ä 😀 "quoted"'),
  keyValue('fraction', -0.5),
  { key: 'large', value: { intValue: '-9007199254740993' } },
  { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { boolValue: true }] } } },
  { key: 'map', value: { kvlistValue: { values: [keyValue('inner', 1)] } } },
  { key: 'bytes', value: { bytesValue: 'AAEC' } },
]

const statement = (system: string, text: string): object[] =>
  attributes({ 'db.system': system, 'db.statement': text, 'net.peer.name': 'db', 'db.user': 'ann' })

const sdk = resource('shop', '', { 'telemetry.sdk.name': 'opentelemetry', 'process.pid': 7 })

/** What SDKs and our recorder send, small: a mutation is more likely to hit something that matters. */
export function payloads(): Payload[] {
  const child = (n: number, more: object): object =>
    span({ spanId: n.toString(16).padStart(16, '1'), parentSpanId: 'b7ad6b7169203331', ...more })
  const requests: readonly (readonly [Payload['signal'], object])[] = [
    ['traces', traces([span()], sdk)],
    ['traces', traces([span({ attributes: everyKind, status: { code: 2, message: 'x' } })])],
    [
      'traces',
      traces(
        [
          span({
            attributes: attributes({ 'http.method': 'GET', 'http.target': '/users/42?q=1' }),
          }),
          child(2, {
            kind: 3,
            attributes: statement('mysql', 'select "it\'s" from `t` where a = 1'),
          }),
          child(3, { kind: 3, attributes: statement('postgresql', "select $1, 'x', $$y$$ -- z") }),
          child(4, { kind: 3, attributes: statement('redis', 'SET ann 5') }),
          child(5, { kind: 3, attributes: statement('mongodb', '{"find":"a","filter":{"b":1}}') }),
          child(6, { kind: 1, name: 'pg-pool.connect' }),
        ],
        sdk,
      ),
    ],
    [
      'traces',
      traces([
        span({
          links: [{ traceId: '1'.repeat(32), spanId: '2'.repeat(16) }],
          events: [{ timeUnixNano: '1', name: 'exception', attributes: everyKind }],
        }),
      ]),
    ],
    ['metrics', metrics([exponential(3)], { sequence: 1 })],
    ['metrics', metrics([exponential(3, { negative: { offset: 1, bucketCounts: [] } })])],
    ['metrics', metrics([explicit([0.01, 0.1], [1, 2, 3])], { from: sdk })],
    [
      'metrics',
      metrics([
        explicit(
          [5, 10],
          [1, 2, 3],
          {},
          { name: 'http.server.duration', unit: 'ms', temporality: 2 },
        ),
      ]),
    ],
    [
      'metrics',
      metrics([
        {
          name: 'hotpath.recorder.dropped',
          sum: {
            aggregationTemporality: 2,
            isMonotonic: true,
            dataPoints: [{ asInt: '3', timeUnixNano: String(nowNs()), attributes: everyKind }],
          },
        },
      ]),
    ],
  ]
  return requests.map(([signal, json]) => ({ signal, json, binary: protobuf(signal, json) }))
}
