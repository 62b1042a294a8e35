import { isUtf8 } from 'node:buffer'
import { highWord, linksText, lowWord } from '../../store/span-table.js'
import type { Describer } from '../describe.js'
import { SpanBytes } from '../known-spans.js'
import { linkLimit, readLink } from '../links.js'
import type { Source } from '../source.js'
import { TraceRows } from '../trace-rows.js'
import { keyValueList, linkList, resourceOf, scopeOf } from './json-parts.js'
import { Budget } from './malformed.js'
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

const quote = 0x22
const backslash = 0x5c
const [comma, colon] = [0x2c, 0x3a]
const [openList, closeList] = [0x5b, 0x5d]
const [openObject, closeObject] = [0x7b, 0x7d]
const [zero, nine] = [0x30, 0x39]
const underscore = 0x5f

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

class JsonSpanReader {
  readonly #bytes: Buffer
  readonly #describer: Describer
  readonly #rows: TraceRows
  readonly #budget = new Budget()
  readonly #said: SpanBytes
  #at = 0
  /** The text that was read last, without its quotes. */
  #from = 0
  #to = 0

  constructor(bytes: Uint8Array, describer: Describer, nowMs: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#describer = describer
    this.#rows = new TraceRows(nowMs)
    this.#said = new SpanBytes(this.#bytes)
  }

  request(): TraceRows {
    this.#members(name => {
      if (name !== 'resourceSpans') return false
      this.#items(() => this.#resourceSpans())
      return true
    })
    if (this.#next() !== undefined) throw new Unusual()
    return this.#rows
  }

  #resourceSpans(): void {
    let source: Source | undefined
    this.#members(name => {
      if (name === 'resource') {
        // After the spans, which it tells the process of.
        if (source !== undefined) throw new Unusual()
        source = this.#describer.source(resourceOf(this.#parsed(), this.#budget), this.#rows.losses)
      } else if (name === 'scopeSpans') {
        source ??= this.#describer.source(undefined, this.#rows.losses)
        const of = source
        this.#items(() => this.#scopeSpans(of))
      } else return false
      return true
    })
  }

  #scopeSpans(source: Source): void {
    this.#members(name => {
      if (name === 'scope') scopeOf(this.#parsed(), this.#budget)
      else if (name === 'spans') this.#items(() => this.#span(source))
      else return false
      return true
    })
  }

  /** The loop is written out: this is where the time goes. */
  #span(source: Source): void {
    this.#open(openObject)
    const { place } = this.#rows
    place.words.fill(0)
    const said = this.#said
    said.begin(source)
    let [hasTrace, hasSpan] = [false, false]
    let links: string | undefined
    for (let more = this.#next() !== closeObject; more; more = this.#more(closeObject)) {
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
          this.#text()
          said.nameFrom = this.#from
          said.nameTo = this.#to
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
          if (this.#next() !== openList) throw new Unusual()
          said.attributesFrom = this.#at
          this.#pass()
          said.attributesTo = this.#at
          break
        case 'links':
          links = this.#links()
          break
        case 'status':
          said.status = this.#status()
          break
        default:
          this.#skip()
      }
    }
    this.#at++
    if (!hasTrace || !hasSpan) throw new Unusual()
    // Why it is refused is for the table to say, and whether all else is well with it.
    if (!this.#rows.isTimed()) throw new Unusual()
    this.#add(said, source, links)
  }

  #add(said: SpanBytes, source: Source, links: string | undefined): void {
    const known = this.#describer.knownJson
    const slot = known.find(said)
    if (slot !== undefined) {
      this.#budget.take(slot.elements)
      this.#rows.add(slot.description, links)
      return
    }
    const before = this.#budget.left
    const description = this.#describer.describe(source, {
      name: this.#bytes.toString('utf8', said.nameFrom, said.nameTo),
      kind: said.kind,
      status: said.status,
      root: said.root,
      attributes:
        said.attributesTo === 0
          ? undefined
          : keyValueList(this.#parse(said.attributesFrom, said.attributesTo), this.#budget),
    })
    known.note(said, description, before - this.#budget.left)
    this.#rows.add(description, links)
  }

  #links(): string | undefined {
    if (this.#next() === openList && this.#bytes[this.#at + 1] === closeList) {
      this.#at += 2
      return undefined
    }
    const links = linkList(this.#parsed(), this.#budget)
    return linksText(links.slice(0, linkLimit).map(readLink))
  }

  #status(): number {
    let code = 0
    if (this.#next() === openObject && isSame(onlyCode, this.#bytes, this.#at)) {
      const at = this.#at + onlyCode.length
      const digit = (this.#bytes[at] as number) - zero
      if (digit >= 0 && digit <= 9 && this.#bytes[at + 1] === closeObject) {
        this.#budget.take()
        this.#at = at + 2
        return digit
      }
    }
    this.#members(name => {
      if (name !== 'code') return false
      code = this.#enum()
      return true
    })
    return code
  }

  /** An object's members. What `take` does not know is passed over; a name that comes twice is unusual. */
  #members(take: (name: string) => boolean): void {
    this.#budget.take()
    this.#open(openObject)
    const seen = new Set<string>()
    for (let more = this.#next() !== closeObject; more; more = this.#more(closeObject)) {
      this.#key()
      const name = this.#bytes.toString('latin1', this.#from, this.#to)
      if (seen.has(name)) throw new Unusual()
      seen.add(name)
      if (!take(name)) this.#skip()
    }
    this.#at++
  }

  /** A list's items. */
  #items(read: () => void): void {
    this.#open(openList)
    for (let more = this.#next() !== closeList; more; more = this.#more(closeList)) read()
    this.#at++
  }

  #open(bracket: number): void {
    if (this.#next() !== bracket) throw new Unusual()
    this.#at++
  }

  /** True after a comma; false before the bracket that closes. */
  #more(bracket: number): boolean {
    const byte = this.#next()
    if (byte === bracket) return false
    if (byte !== comma) throw new Unusual()
    this.#at++
    return true
  }

  /** The name of a span's member, and '' for one that is not read. */
  #member(): string {
    this.#key()
    const [from, to] = [this.#from, this.#to]
    const bytes = this.#bytes
    const known = members.get(((to - from) << 8) | (bytes[from + 1] as number))
    if (known === undefined || !isSame(known.bytes, bytes, from)) return ''
    return known.name
  }

  /** A name and the colon. With `_` it is the spelling of the .proto, which the table refuses. */
  #key(): void {
    this.#text()
    for (let i = this.#from; i < this.#to; i++)
      if (this.#bytes[i] === underscore) throw new Unusual()
    if (this.#next() !== colon) throw new Unusual()
    this.#at++
  }

  /** A text without escapes, between `#from` and `#to`. */
  #text(): void {
    if (this.#next() !== quote) throw new Unusual()
    const bytes = this.#bytes
    this.#from = ++this.#at
    for (;;) {
      const byte = bytes[this.#at]
      if (byte === quote) break
      if (byte === undefined || byte === backslash || byte < 0x20) throw new Unusual()
      this.#at++
    }
    this.#to = this.#at++
  }

  /** The digits of an id, into the words of `count` numbers; false when all are zero. */
  #id(place: number, count: number): boolean {
    this.#text()
    // Of another length: wrong, or none at all, which the table tells apart.
    if (this.#to - this.#from !== 16 * count) throw new Unusual()
    const { words } = this.#rows.place
    let any = 0
    for (let k = 0; k < count; k++) {
      const high = this.#word(this.#from + 16 * k)
      const low = this.#word(this.#from + 16 * k + 8)
      words[2 * (place + k) + highWord] = high
      words[2 * (place + k) + lowWord] = low
      any |= high | low
    }
    return any !== 0
  }

  /** An empty parent is no parent, nor are zeros. */
  #parentId(place: number): boolean {
    const bytes = this.#bytes
    if (this.#next() === quote && bytes[this.#at + 1] === quote) {
      this.#at += 2
      return false
    }
    return this.#id(place, 1)
  }

  #word(from: number): number {
    let value = 0
    let odd = 0
    for (let i = from; i < from + 8; i++) {
      const digit = digits[this.#bytes[i] as number] as number
      odd |= digit
      value = (value << 4) | digit
    }
    // 255 is the only one above 15.
    if (odd > 15) throw new Unusual()
    return value
  }

  /** Nanoseconds as a text of up to 19 digits, without a bigint: in parts that a double holds exactly. */
  #time(place: number): void {
    this.#text()
    const length = this.#to - this.#from
    if (length === 0 || length > 19) throw new Unusual()
    const cut = Math.max(this.#from, this.#to - 9)
    const seconds = this.#decimal(this.#from, cut)
    const below = this.#decimal(cut, this.#to)
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
      const byte = this.#bytes[i] as number
      if (byte < zero || byte > nine) throw new Unusual()
      value = value * 10 + byte - zero
    }
    return value
  }

  /** An enum of one digit: there are no others. */
  #enum(): number {
    const byte = this.#next() ?? 0
    const after = this.#bytes[this.#at + 1]
    if (byte < zero || byte > nine) throw new Unusual()
    if (after !== comma && after !== closeObject) throw new Unusual()
    this.#at++
    return byte - zero
  }

  /** Passes over a value that is not read, which must be JSON all the same. */
  #skip(): void {
    const byte = this.#next()
    const from = this.#at
    this.#pass()
    const empty = this.#at - from === 2 && (byte === openList || byte === openObject)
    const zeroCount = this.#at - from === 1 && byte === zero
    if (!empty && !zeroCount) this.#parse(from, this.#at)
  }

  /** A value, parsed. */
  #parsed(): unknown {
    this.#next()
    const from = this.#at
    this.#pass()
    return this.#parse(from, this.#at)
  }

  #parse(from: number, to: number): unknown {
    try {
      return JSON.parse(this.#bytes.toString('utf8', from, to))
    } catch {
      throw new Unusual()
    }
  }

  /** Moves behind a value: to the bracket that closes it, or what ends a number, a text or a word. */
  #pass(): void {
    const bytes = this.#bytes
    let at = this.#at
    let depth = 0
    for (;;) {
      const byte = bytes[at]
      if (byte === undefined) throw new Unusual()
      if (byte === quote) at = this.#behindText(at + 1)
      else if (byte === openList || byte === openObject) {
        depth++
        at++
      } else if (byte === closeList || byte === closeObject) {
        // The bracket of what the value stands in.
        if (depth === 0) break
        depth--
        at++
      } else if (byte === comma && depth === 0) break
      else {
        at++
        continue
      }
      if (depth === 0) break
    }
    if (at === this.#at) throw new Unusual()
    this.#at = at
  }

  #behindText(from: number): number {
    const bytes = this.#bytes
    for (let at = from; ; at++) {
      const byte = bytes[at]
      if (byte === quote) return at + 1
      if (byte === undefined) throw new Unusual()
      if (byte === backslash) at++
    }
  }

  /** The next byte that is no white space; it stays there. */
  #next(): number | undefined {
    for (;;) {
      const byte = this.#bytes[this.#at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
      this.#at++
    }
  }
}

function isSame(name: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[from + i]) return false
  return true
}
