import { isUtf8 } from 'node:buffer'
import { highWord, linksText, lowWord } from '../../store/span-table.js'
import type { Describer } from '../describe.js'
import { SpanBytes } from '../known-spans.js'
import { linkLimit, readLink } from '../links.js'
import type { Source } from '../source.js'
import { TraceRows } from '../trace-rows.js'
import { ascii, isSame, JsonScanner } from './json-scanner.js'
import { keyValueList, linkList, resourceOf, scopeOf } from './json-parts.js'
import type { OtlpLink } from './messages.js'
import { Unusual } from './unusual.js'

/**
 * Reads the traces that senders of OTLP/JSON write, by hand, from bytes to rows: most of the bytes are
 * attributes that came before, and are found by them without being parsed. As with protobuf, what
 * senders do not write is left to the table, which knows what is wrong with it: then this returns
 * undefined. Where it returns rows, the table makes the same.
 */
export function readJsonSpansByHand(
  bytes: Uint8Array,
  describer: Describer,
  nowMs: number,
): TraceRows | undefined {
  if (!isUtf8(bytes)) return undefined
  try {
    return new JsonSpanReader(bytes, describer, nowMs).request()
  } catch (error) {
    if (error instanceof Unusual) return undefined
    throw error
  }
}

const { closeList, closeObject, comma, nine, openList, openObject, quote, zero } = ascii

/** Of what senders write, as few as it may be: room for more is made where it lacks. */
const bytesPerSpan = 700

/** Members of a span by length and second letter, which no two of them share. */
const members = new Map(
  [
    'traceId',
    'spanId',
    'parentSpanId',
    'name',
    'kind',
    'startTimeUnixNano',
    'endTimeUnixNano',
    'attributes',
    'links',
    'status',
  ].map(name => [(name.length << 8) | name.charCodeAt(1), { name, bytes: Buffer.from(name) }]),
)

/** What a status is as a rule, before its digit. */
const onlyCode = Buffer.from('{"code":')

/** Values of hexadecimal digits in lower case; 255 for all else. */
const digits = new Uint8Array(256).fill(255)
for (const [value, digit] of [...'0123456789abcdef'].entries()) digits[digit.charCodeAt(0)] = value

class JsonSpanReader extends JsonScanner {
  readonly #describer: Describer
  readonly #rows: TraceRows
  readonly #said: SpanBytes

  constructor(bytes: Uint8Array, describer: Describer, nowMs: number) {
    super(bytes)
    this.#describer = describer
    this.#rows = new TraceRows(nowMs, bytes.length / bytesPerSpan)
    this.#said = new SpanBytes(this.bytes)
  }

  request(): TraceRows {
    this.members(name => {
      if (name !== 'resourceSpans') return false
      this.items(() => this.#resourceSpans())
      return true
    })
    if (this.next() !== undefined) throw new Unusual()
    return this.#rows
  }

  #resourceSpans(): void {
    let source: Source | undefined
    this.members(name => {
      if (name === 'resource') {
        // After the spans, which it tells the process of.
        if (source !== undefined) throw new Unusual()
        source = this.#describer.source(resourceOf(this.parsed(), this.budget), this.#rows.losses)
      } else if (name === 'scopeSpans') {
        source ??= this.#describer.source(undefined, this.#rows.losses)
        const of = source
        this.items(() => this.#scopeSpans(of))
      } else return false
      return true
    })
  }

  #scopeSpans(source: Source): void {
    this.members(name => {
      if (name === 'scope') scopeOf(this.parsed(), this.budget)
      else if (name === 'spans') this.items(() => this.#span(source))
      else return false
      return true
    })
  }

  /** The loop is written out: this is where the time goes. */
  #span(source: Source): void {
    this.open(openObject)
    const { place } = this.#rows
    place.words.fill(0)
    const said = this.#said
    said.begin(source)
    let [hasTrace, hasSpan] = [false, false]
    let links: readonly OtlpLink[] = []
    for (let more = this.next() !== closeObject; more; more = this.more(closeObject)) {
      switch (this.#member()) {
        case 'traceId':
          hasTrace = this.#id(place.traceHigh, 2)
          break
        case 'spanId':
          hasSpan = this.#id(place.span, 1)
          break
        case 'parentSpanId':
          said.root = !this.#parentId(place.parent)
          break
        case 'name':
          this.text()
          said.nameFrom = this.from
          said.nameTo = this.to
          break
        case 'kind':
          said.kind = this.#enum()
          break
        case 'startTimeUnixNano':
          this.#time(place.start)
          break
        case 'endTimeUnixNano':
          this.#time(place.end)
          break
        case 'attributes':
          // Of a name that comes twice JSON takes the last; who knows what else is wrong with it.
          if (said.attributesTo !== 0) throw new Unusual()
          if (this.next() !== openList) throw new Unusual()
          said.attributesFrom = this.at
          this.pass()
          said.attributesTo = this.at
          break
        case 'links':
          links = this.#links()
          break
        case 'status':
          said.status = this.#status()
          break
        default:
          this.skip()
      }
    }
    this.at++
    if (!hasTrace || !hasSpan) throw new Unusual()
    // Why it is refused is for the table to say, and whether all else is well with it.
    if (!this.#rows.isTimed()) throw new Unusual()
    this.#add(said, source, links)
  }

  #add(said: SpanBytes, source: Source, links: readonly OtlpLink[]): void {
    const text = links.length === 0 ? undefined : linksText(links.slice(0, linkLimit).map(readLink))
    const known = this.#describer.knownJson
    const slot = known.find(said)
    if (slot !== undefined) {
      this.budget.take(slot.elements)
      this.#rows.add(slot.description, text)
      return
    }
    const before = this.budget.left
    const description = this.#describer.describe(source, {
      name: this.bytes.toString('utf8', said.nameFrom, said.nameTo),
      kind: said.kind,
      status: said.status,
      root: said.root,
      attributes:
        said.attributesTo === 0
          ? undefined
          : keyValueList(this.parse(said.attributesFrom, said.attributesTo), this.budget),
    })
    known.note(said, description, before - this.budget.left)
    this.#rows.add(description, text)
  }

  #links(): readonly OtlpLink[] {
    if (this.next() === openList && this.bytes[this.at + 1] === closeList) {
      this.at += 2
      return []
    }
    return linkList(this.parsed(), this.budget)
  }

  #status(): number {
    let code = 0
    if (this.next() === openObject && isSame(onlyCode, this.bytes, this.at)) {
      const at = this.at + onlyCode.length
      const digit = (this.bytes[at] as number) - zero
      if (digit >= 0 && digit <= 9 && this.bytes[at + 1] === closeObject) {
        this.budget.take()
        this.at = at + 2
        return digit
      }
    }
    this.members(name => {
      if (name !== 'code') return false
      code = this.#enum()
      return true
    })
    return code
  }

  /** The name of a span's member, and '' for one that is not read. */
  #member(): string {
    this.key()
    const [from, to] = [this.from, this.to]
    const bytes = this.bytes
    const known = members.get(((to - from) << 8) | (bytes[from + 1] as number))
    if (known === undefined || !isSame(known.bytes, bytes, from)) return ''
    return known.name
  }

  /** The digits of an id, into the words of `count` numbers; false when all are zero. */
  #id(place: number, count: number): boolean {
    this.text()
    // Of another length: wrong, or none at all, which the table tells apart.
    if (this.to - this.from !== 16 * count) throw new Unusual()
    const { words } = this.#rows.place
    let any = 0
    for (let k = 0; k < count; k++) {
      const high = this.#word(this.from + 16 * k)
      const low = this.#word(this.from + 16 * k + 8)
      words[2 * (place + k) + highWord] = high
      words[2 * (place + k) + lowWord] = low
      any |= high | low
    }
    return any !== 0
  }

  /** An empty parent is no parent, nor are zeros. */
  #parentId(place: number): boolean {
    const bytes = this.bytes
    if (this.next() === quote && bytes[this.at + 1] === quote) {
      this.at += 2
      return false
    }
    return this.#id(place, 1)
  }

  #word(from: number): number {
    let value = 0
    let odd = 0
    for (let i = from; i < from + 8; i++) {
      const digit = digits[this.bytes[i] as number] as number
      odd |= digit
      value = (value << 4) | digit
    }
    // 255 is the only one above 15.
    if (odd > 15) throw new Unusual()
    return value
  }

  /** Nanoseconds as a text of up to 19 digits, without a bigint: in parts that a double holds exactly. */
  #time(place: number): void {
    this.text()
    const length = this.to - this.from
    if (length === 0 || length > 19) throw new Unusual()
    const cut = Math.max(this.from, this.to - 9)
    const seconds = this.#decimal(this.from, cut)
    const below = this.#decimal(cut, this.to)
    const upper = Math.floor(seconds / 65_536) * 1e9
    const lower = (seconds % 65_536) * 1e9 + below
    const low = (upper % 65_536) * 65_536 + lower
    const { words } = this.#rows.place
    words[2 * place + lowWord] = low % 2 ** 32
    words[2 * place + highWord] = Math.floor(upper / 65_536) + Math.floor(low / 2 ** 32)
  }

  #decimal(from: number, to: number): number {
    let value = 0
    for (let i = from; i < to; i++) {
      const byte = this.bytes[i] as number
      if (byte < zero || byte > nine) throw new Unusual()
      value = value * 10 + byte - zero
    }
    return value
  }

  /** An enum of one digit: there are no others. */
  #enum(): number {
    const byte = this.next() ?? 0
    const after = this.bytes[this.at + 1]
    if (byte < zero || byte > nine) throw new Unusual()
    if (after !== comma && after !== closeObject) throw new Unusual()
    this.at++
    return byte - zero
  }
}
