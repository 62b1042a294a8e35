import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { AttributeValue, Attributes, HistogramPoint, Span } from '@hotpath/console'
import { root } from '@hotpath/test/places'
import type * as recorderModule from '../../packages/hotpath/dist/trace/otlp.js'

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }
const statuses = { unset: 0, ok: 1, error: 2 }

/** What auto-instrumentations say of a process by default. */
const sdkResource: Attributes = {
  'service.name': 'shop',
  'service.instance.id': '6e0b1c52-8a0f-4c55-9c0e-0d8f6a5f6f10',
  'telemetry.sdk.language': 'nodejs',
  'telemetry.sdk.name': 'opentelemetry',
  'telemetry.sdk.version': '2.9.0',
  'host.name': 'api-7d9c5b6f4-x2x9q',
  'host.arch': 'amd64',
  'process.pid': 17,
  'process.executable.name': 'node',
  'process.runtime.version': '24.0.0',
  'process.runtime.name': 'nodejs',
}

/** ExportTraceServiceRequest, as SDKs write it over http/protobuf; field numbers of opentelemetry-proto 1.x. */
export function protobufBody(spans: readonly Span[]): Uint8Array {
  const to = new BinaryWriter()
  message(to, 1, () => {
    message(to, 1, () => attributes(to, 1, sdkResource))
    message(to, 2, () => {
      message(to, 1, () =>
        to.tag(1, WireType.LengthDelimited).string('@opentelemetry/instrumentation-pg'),
      )
      for (const span of spans) message(to, 2, () => protobufSpan(to, span))
    })
  })
  return to.finish()
}

function protobufSpan(to: BinaryWriter, span: Span): void {
  to.tag(1, WireType.LengthDelimited).bytes(Buffer.from(span.traceId, 'hex'))
  to.tag(2, WireType.LengthDelimited).bytes(Buffer.from(span.spanId, 'hex'))
  if (span.parentId !== undefined)
    to.tag(4, WireType.LengthDelimited).bytes(Buffer.from(span.parentId, 'hex'))
  to.tag(5, WireType.LengthDelimited).string(span.name)
  to.tag(6, WireType.Varint).int32(kinds[span.kind])
  to.tag(7, WireType.Bit64).fixed64(span.startNs)
  to.tag(8, WireType.Bit64).fixed64(span.startNs + BigInt(span.durationNs))
  attributes(to, 9, span.attributes)
  message(to, 15, () => {
    if (span.status !== 'unset') to.tag(3, WireType.Varint).int32(statuses[span.status])
  })
}

function message(to: BinaryWriter, number: number, write: () => void): void {
  to.tag(number, WireType.LengthDelimited).fork()
  write()
  to.join()
}

function attributes(to: BinaryWriter, number: number, of: Attributes): void {
  for (const [key, value] of Object.entries(of))
    message(to, number, () => {
      to.tag(1, WireType.LengthDelimited).string(key)
      message(to, 2, () => {
        if (typeof value === 'string') to.tag(1, WireType.LengthDelimited).string(value)
        else to.tag(3, WireType.Varint).int64(Number(value))
      })
    })
}

/** The same as OTLP/JSON. */
export function jsonBody(spans: readonly Span[]): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: keyValues(sdkResource), droppedAttributesCount: 0 },
          scopeSpans: [
            {
              scope: { name: '@opentelemetry/instrumentation-pg', version: '0.70.0' },
              spans: spans.map(span => ({
                traceId: span.traceId,
                spanId: span.spanId,
                ...(span.parentId === undefined ? {} : { parentSpanId: span.parentId }),
                name: span.name,
                kind: kinds[span.kind],
                startTimeUnixNano: String(span.startNs),
                endTimeUnixNano: String(span.startNs + BigInt(span.durationNs)),
                attributes: keyValues(span.attributes),
                droppedAttributesCount: 0,
                events: [],
                droppedEventsCount: 0,
                status: { code: statuses[span.status] },
                links: [],
                droppedLinksCount: 0,
              })),
            },
          ],
        },
      ],
    }),
  )
}

const keyValues = (of: Attributes): object[] =>
  Object.entries(of).map(([key, value]) => ({ key, value: anyValue(value) }))

const anyValue = (value: AttributeValue): object =>
  typeof value === 'string' ? { stringValue: value } : { intValue: Number(value) }

/** The recorder's own encoder, which the package does not export. */
const recorder = (await import(
  pathToFileURL(join(root, 'packages', 'hotpath', 'dist', 'trace', 'otlp.js')).href
)) as typeof recorderModule

const origin = (instance: string): recorderModule.Origin => ({
  version: '0.1.0',
  resource: {
    'service.name': 'shop',
    'service.instance.id': instance,
    'process.pid': 17,
    'telemetry.sdk.name': 'hotpath',
  },
})

/** A request of our recorder: JSON through gzip. */
export function recorderBody(instance: string, spans: readonly Span[]): Uint8Array {
  const originMs = Number((spans[0]?.startNs ?? 0n) / 1_000_000n)
  const originNs = BigInt(originMs) * 1_000_000n
  const wire = spans.map(({ parentId = '', startNs, durationNs, attributes: of, ...span }) => ({
    ...span,
    attributes: of as Record<string, string | number | boolean>,
    parentId,
    startMs: Number(startNs - originNs) / 1e6,
    durationMs: durationNs / 1e6,
    link: undefined,
    site: undefined,
  }))
  return zipped(recorder.tracesRequest(origin(instance), originMs, wire))
}

/** The recorder's histograms of one interval. */
export function recorderMetrics(
  instance: string,
  sequence: number,
  points: readonly HistogramPoint[],
): Uint8Array {
  const [first] = points
  const originMs = Number((first?.startNs ?? 0n) / 1_000_000n)
  const series = points.map(({ metric, attributes: of, histogram }) => ({
    metric,
    attributes: of as Record<string, string | number | boolean>,
    delta: { ...histogram, min: histogram.min ?? 0, max: histogram.max ?? 0 },
  }))
  const times = { originMs, startMs: 0, endMs: 1_000 }
  return zipped(
    recorder.metricsRequest(origin(instance), {
      sequence,
      ...times,
      series,
      gauges: [],
      tallies: [],
      dropped: [],
      errors: [],
    }),
  )
}

/** As the recorder's worker does. */
const zipped = (request: object): Uint8Array => gzipSync(JSON.stringify(request), { level: 1 })
