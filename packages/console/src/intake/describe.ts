import type { Attributes, AttributeValue, MetricName, Span } from '../model.js'
import { statuses, type SpanText, textOf } from '../store/span-table.js'
import { cut, readAttributes, type Losses } from './attributes.js'
import { toCurrentNames } from './conventions.js'
import { statementKey } from './doubled.js'
import { Foreign } from './foreign.js'
import { keyAttributes, keyValues } from './keys.js'
import { KnownSpans } from './known-spans.js'
import type { KeyValue, Resource } from './otlp/messages.js'
import { readSource, type Source } from './source.js'

/** What a request or a statement is counted under: one object for one series of a process. */
export interface SpanSeries {
  readonly metric: MetricName
  readonly service: string
  readonly instance: string
  readonly attributes: Attributes
}

/** All that follows from what a span says: made once for all spans that say the same. */
export interface Description {
  readonly text: SpanText
  /** Undefined for spans that are neither a request nor a statement. */
  readonly series: SpanSeries | undefined
  /** True when nobody else counts it: its sender is not our recorder. */
  readonly counted: boolean
  /** By which a query builder's span is told to repeat the driver's. */
  readonly statement: string | undefined
  /** What was cut and dropped; it counts for each span. */
  readonly losses: Readonly<Losses>
}

/** What a span says, as OTLP has it. */
export interface Said {
  readonly name: string
  /** OTLP's number. */
  readonly kind: number
  readonly status: number
  /** Without a parent. */
  readonly root: boolean
  readonly attributes: readonly KeyValue[] | undefined
}

/** `kinds` by OTLP's number. */
const otlpKinds = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const

/** Series that are remembered, far more than the store keeps apart for a service, and their characters. */
const seriesLimit = 20_000
const seriesCharsLimit = 8_000_000

const sourceLimit = 2_000

/** Reads what spans say. */
export class Describer {
  readonly #foreign = new Foreign()
  readonly #series = new Map<string, SpanSeries>()
  #seriesChars = 0
  readonly #sources = new Map<string, Source>()
  /** For decoders, which know spans by their bytes. */
  readonly knownProtobuf = new KnownSpans()
  readonly knownJson = new KnownSpans()

  /** The process that a resource names: the same object for the same process. */
  source(resource: Resource | undefined, losses: Losses): Source {
    const read = readSource(resource, losses)
    const key = JSON.stringify(read)
    const known = this.#sources.get(key)
    if (known !== undefined) return known
    if (this.#sources.size >= sourceLimit) this.#sources.clear()
    this.#sources.set(key, read)
    return read
  }

  describe(source: Source, said: Said): Description {
    const losses = { cutTexts: 0, droppedAttributes: 0 }
    const kind = otlpKinds[said.kind] ?? 'internal'
    const attributes = toCurrentNames(
      readAttributes(said.attributes, losses),
      kind === 'server' || kind === 'consumer' ? 'server' : 'client',
    )
    const read = {
      kind,
      name: cut(said.name, losses, 1_024),
      service: source.service,
      instance: source.instance,
      status: statuses[said.status] ?? 'unset',
      attributes,
      ...(said.root ? {} : { parentId: '' }),
    }
    const span = source.recorder ? read : { ...read, ...this.#foreign.settle(read, attributes) }
    return {
      text: textOf(span),
      series: this.#seriesOf(span),
      counted: !source.recorder,
      statement: source.recorder ? undefined : statementKey(span),
      losses,
    }
  }

  #seriesOf(span: Describable): SpanSeries | undefined {
    const metric = metricOf(span)
    if (metric === undefined) return undefined
    const { service, instance, attributes } = span
    const errorType = errorTypeOf(span)
    const key = JSON.stringify([service, instance, errorType, keyValues(metric, attributes)])
    const known = this.#series.get(key)
    if (known !== undefined) return known
    const all = errorType === undefined ? attributes : { ...attributes, 'error.type': errorType }
    const series = { metric, service, instance, attributes: keyAttributes(metric, all) }
    // Nothing is lost with them: a series that comes again is made again.
    if (this.#series.size >= seriesLimit || this.#seriesChars >= seriesCharsLimit) {
      this.#series.clear()
      this.#seriesChars = 0
    }
    this.#series.set(key, series)
    this.#seriesChars += key.length
    return series
  }
}

type Describable = Pick<Span, 'kind' | 'service' | 'instance' | 'status' | 'attributes'>

function metricOf({ kind, attributes }: Describable): MetricName | undefined {
  if (kind === 'server' && attributes['http.request.method'] !== undefined)
    return 'http.server.request.duration'
  // What says neither is no statement, but a connection that is reset, or rows that are read.
  const says =
    attributes['db.query.text'] !== undefined || attributes['db.operation.name'] !== undefined
  if (kind === 'client' && attributes['db.system.name'] !== undefined && says)
    return 'db.client.operation.duration'
  return undefined
}

/** A failed statement carries its failure in the span's status when its SDK sets no `error.type`. */
function errorTypeOf({ status, attributes }: Describable): AttributeValue | undefined {
  if (status !== 'error' || attributes['error.type'] !== undefined) return attributes['error.type']
  return attributes['db.response.status_code'] ?? '_OTHER'
}
