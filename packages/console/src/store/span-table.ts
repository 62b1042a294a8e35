import { endianness } from 'node:os'
import type { Attributes, AttributeValue, Span, SpanKind, SpanStatus } from '../model.js'
import { routeOf } from '../model.js'
import { idNumber, traceNumbers } from './duckdb/ids.js'

export const kinds: readonly SpanKind[] = ['internal', 'server', 'client', 'producer', 'consumer']
export const statuses: readonly SpanStatus[] = ['unset', 'ok', 'error']

/**
 * All that a span says but for its ids, times and links, in the form in which it is kept. Thousands of
 * spans say the same, so it is made once, and goes to the store's thread once in a table.
 */
export interface SpanText {
  readonly service: string
  readonly instance: string
  readonly name: string
  /** Index in `kinds`. */
  readonly kind: number
  /** Index in `statuses`. */
  readonly status: number
  /** JSON. */
  readonly attributes: string
  /** Where work enters a process: a root, a server or a consumer span. Lists of traces start from these. */
  readonly entry: boolean
  readonly route: string | null
  readonly statusCode: number | null
}

/** Spans by column: numbers cross to the store's thread without a copy. */
export interface SpanTable {
  readonly count: number
  /** Four of each span: the upper and lower half of its trace's id, its own, its parent's; 0 for none. */
  readonly ids: BigUint64Array<ArrayBuffer>
  readonly startNs: BigInt64Array<ArrayBuffer>
  readonly durationNs: Float64Array<ArrayBuffer>
  /** Which of `texts` each span says. */
  readonly says: Uint32Array<ArrayBuffer>
  readonly texts: readonly SpanText[]
  /** By row, as JSON: few spans have links. */
  readonly links: ReadonlyMap<number, string>
}

/** Where in a 64-bit number its lower and its upper 32 bits stand. */
export const [lowWord, highWord] = endianness() === 'LE' ? ([0, 1] as const) : ([1, 0] as const)

/**
 * The ids and times of a span that is about to be added. Decoders write 32-bit words: a bigint for each
 * number is what took most of their time.
 */
export class SpanPlace {
  /** The four ids, start and end in nanoseconds. */
  readonly numbers = new BigUint64Array(6)
  readonly words = new Uint32Array(this.numbers.buffer)
  /** Places in `numbers`. */
  readonly traceHigh = 0
  readonly traceLow = 1
  readonly span = 2
  readonly parent = 3
  readonly start = 4
  readonly end = 5

  /** A number as a double. */
  nanoseconds(place: number): number {
    const high = this.words[2 * place + highWord] as number
    return high * 2 ** 32 + (this.words[2 * place + lowWord] as number)
  }

  /** From start to end; 0 when a clock was set back: the span started, and that is all that is known. */
  durationNs(): number {
    const { words, start, end } = this
    const high = (words[2 * end + highWord] as number) - (words[2 * start + highWord] as number)
    const low = (words[2 * end + lowWord] as number) - (words[2 * start + lowWord] as number)
    return Math.max(0, high * 2 ** 32 + low)
  }
}

/** Puts spans into columns, which grow. */
export class SpanTableBuilder {
  readonly #rows = new Map<SpanText, number>()
  readonly #texts: SpanText[] = []
  readonly #links = new Map<number, string>()
  #count = 0
  #ids = new BigUint64Array(0)
  #startNs = new BigInt64Array(0)
  #durationNs = new Float64Array(0)
  #says = new Uint32Array(0)
  #idWords = new Uint32Array(0)
  #startWords = new Uint32Array(0)
  readonly #expected: number

  /** `expected` are about as many rows as there will be. */
  constructor(expected: number) {
    this.#expected = expected
  }

  get count(): number {
    return this.#count
  }

  add(place: SpanPlace, text: SpanText, links?: string): void {
    const { words } = place
    const row = this.#count++
    if (row === this.#says.length) this.#grow()
    for (let i = 0; i < 8; i++) this.#idWords[8 * row + i] = words[i] as number
    this.#startWords[2 * row] = words[8] as number
    this.#startWords[2 * row + 1] = words[9] as number
    this.#durationNs[row] = place.durationNs()
    this.#says[row] = this.#place(text)
    if (links !== undefined) this.#links.set(row, links)
  }

  /** The table; nothing can be added after. */
  finish(): SpanTable {
    return {
      count: this.#count,
      ids: this.#ids,
      startNs: this.#startNs,
      durationNs: this.#durationNs,
      says: this.#says,
      texts: this.#texts,
      links: this.#links,
    }
  }

  #place(text: SpanText): number {
    let at = this.#rows.get(text)
    if (at === undefined) {
      at = this.#texts.push(text) - 1
      this.#rows.set(text, at)
    }
    return at
  }

  #grow(): void {
    const capacity =
      this.#says.length === 0 ? Math.max(16, Math.floor(this.#expected)) : 2 * this.#says.length
    const ids = new BigUint64Array(4 * capacity)
    const startNs = new BigInt64Array(capacity)
    const durationNs = new Float64Array(capacity)
    const says = new Uint32Array(capacity)
    ids.set(this.#ids)
    startNs.set(this.#startNs)
    durationNs.set(this.#durationNs)
    says.set(this.#says)
    this.#ids = ids
    this.#startNs = startNs
    this.#durationNs = durationNs
    this.#says = says
    this.#idWords = new Uint32Array(ids.buffer)
    this.#startWords = new Uint32Array(startNs.buffer)
  }
}

/** A list of spans as a table. */
export function tableOf(spans: readonly Span[]): SpanTable {
  const builder = new SpanTableBuilder(spans.length)
  const place = new SpanPlace()
  for (const span of spans) {
    const [hi, lo] = traceNumbers(span.traceId)
    const parent = span.parentId === undefined ? 0n : idNumber(span.parentId)
    const endNs = span.startNs + BigInt(span.durationNs)
    place.numbers.set([hi, lo, idNumber(span.spanId), parent, span.startNs, endNs])
    builder.add(place, textOf(span), linksText(span.links))
  }
  return builder.finish()
}

/** What a span says. */
export function textOf(
  span: Pick<Span, 'service' | 'instance' | 'name' | 'kind' | 'status' | 'attributes' | 'parentId'>,
): SpanText {
  const entry = span.parentId === undefined || span.kind === 'server' || span.kind === 'consumer'
  const statusCode = span.attributes['http.response.status_code']
  return {
    service: span.service,
    instance: span.instance,
    name: span.name,
    kind: kinds.indexOf(span.kind),
    status: statuses.indexOf(span.status),
    attributes: JSON.stringify(span.attributes),
    entry,
    route: entry ? entryRoute(span) : null,
    statusCode: entry && isStatusCode(statusCode) ? statusCode : null,
  }
}

/** Links as they are kept. */
export const linksText = (links: Span['links']): string | undefined =>
  links.length === 0 ? undefined : JSON.stringify(links)

/** Anything may come under the name of a status; what is none stays in the attributes only. */
const isStatusCode = (value: AttributeValue | undefined): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 999

/** What is not a request keeps its own name: `SELECT users` of a timer, `process orders` of a queue. */
const entryRoute = (span: { kind: SpanKind; name: string; attributes: Attributes }): string =>
  span.kind === 'server' ? routeOf(span.attributes, span.name) : span.name
