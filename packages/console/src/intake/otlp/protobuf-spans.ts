import { highWord, linksText, lowWord } from '../../store/span-table.js'
import type { Describer } from '../describe.js'
import { SpanBytes } from '../known-spans.js'
import { linkLimit, readLink } from '../links.js'
import type { Source } from '../source.js'
import { TraceRows } from '../trace-rows.js'
import { Budget } from './malformed.js'
import type { AnyValue, KeyValue, OtlpLink, Resource } from './messages.js'
import { keyValue, link, resource, scope } from './messages.js'
import { Known } from './known.js'
import { readPart } from './protobuf.js'
import { Unusual } from './unusual.js'

/**
 * Reads the traces that SDKs send, by hand, from bytes to rows: 1.1 us a span where the table takes 10
 * for the objects alone (Node 20, 327 bytes a span). What it meets that SDKs do not write (a field of
 * another wire type, a text that is no UTF-8, a message cut short, a span without a time) it leaves to
 * the table, which knows the reason: then it returns undefined. Where it returns rows, the table makes
 * the same.
 */
export function readSpansByHand(
  bytes: Uint8Array,
  describer: Describer,
  nowMs: number,
): TraceRows | undefined {
  try {
    return new SpanReader(bytes, describer, nowMs).request()
  } catch (error) {
    if (error instanceof Unusual) return undefined
    throw error
  }
}

const [varint, fixed64, delimited, fixed32] = [0, 1, 2, 5]
/** Of what SDKs send by default, as few as it may be: room for more is made where it lacks. */
const bytesPerSpan = 300

const attributeTag = (9 << 3) | delimited

/** Attributes of a middling API, with their values: some hundreds that stay, and what passes through. */
const attributes = new Known<KeyValue>(8_192, 256)
const names = new Known<string>(2_048, 128)

class SpanReader {
  readonly #bytes: Buffer
  readonly #describer: Describer
  readonly #rows: TraceRows
  readonly #budget = new Budget()
  readonly #said: SpanBytes
  #at = 0

  constructor(bytes: Uint8Array, describer: Describer, nowMs: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#describer = describer
    this.#rows = new TraceRows(nowMs, bytes.length / bytesPerSpan)
    this.#said = new SpanBytes(this.#bytes)
  }

  request(): TraceRows {
    this.#budget.take()
    this.#fields(this.#bytes.length, (number, wire) => {
      if (number !== 1) return false
      this.#resourceSpans(this.#end(wire))
      return true
    })
    return this.#rows
  }

  #resourceSpans(end: number): void {
    this.#budget.take()
    let source: Source | undefined
    this.#fields(end, (number, wire) => {
      if (number === 1) {
        // A second one, or one after the spans: the table takes the last for all.
        if (source !== undefined) throw new Unusual()
        const read = this.#part(resource, wire, 2, end) as Resource
        source = this.#describer.source(read, this.#rows.losses)
      } else if (number === 2) {
        source ??= this.#describer.source(undefined, this.#rows.losses)
        this.#scopeSpans(this.#end(wire, end), source)
      } else return false
      return true
    })
  }

  #scopeSpans(end: number, source: Source): void {
    this.#budget.take()
    this.#fields(end, (number, wire) => {
      if (number === 1) this.#part(scope, wire, 3, end)
      else if (number === 2) this.#span(this.#end(wire, end), source)
      else return false
      return true
    })
  }

  /** The loop is written out: this is where the time goes. */
  #span(end: number, source: Source): void {
    this.#budget.take()
    const { place } = this.#rows
    place.words.fill(0)
    const said = this.#said
    said.begin(source)
    let [hasTrace, hasSpan] = [false, false]
    let links: OtlpLink[] | undefined
    while (this.#at < end) {
      const from = this.#at
      const tag = this.#uint32(end)
      const wire = tag & 7
      switch (tag >>> 3) {
        case 1:
          hasTrace = this.#id(this.#end(wire, end), place.traceHigh, 2)
          break
        case 2:
          hasSpan = this.#id(this.#end(wire, end), place.span, 1)
          break
        case 4:
          // Zeros are no parent; SDKs of old sent them for a root.
          said.root = !this.#id(this.#end(wire, end), place.parent, 1)
          break
        case 5:
          // Twice: of the first the table says whether it is a text.
          if (said.nameTo !== 0) throw new Unusual()
          said.nameTo = this.#end(wire, end)
          said.nameFrom = this.#at
          this.#at = said.nameTo
          break
        case 6:
          if (wire !== varint) throw new Unusual()
          said.kind = this.#enum(end)
          break
        case 7:
          this.#fixed64(wire, end, place.start)
          break
        case 8:
          this.#fixed64(wire, end, place.end)
          break
        case 9:
          // They stand together, or else the bytes between them would be taken for theirs.
          if (said.attributesTo === 0) said.attributesFrom = from
          else if (said.attributesTo !== from) throw new Unusual()
          said.attributesTo = this.#end(wire, end)
          this.#at = said.attributesTo
          break
        case 13:
          links ??= []
          links.push(this.#part(link, wire, 4, end))
          break
        case 15:
          said.status = this.#status(this.#end(wire, end))
          break
        default:
          this.#skip(tag, end)
      }
    }
    if (this.#at !== end || !hasTrace || !hasSpan) throw new Unusual()
    // Why it is refused is for the table to say, and whether all else is well with it.
    if (!this.#rows.isTimed()) throw new Unusual()
    this.#add(said, source, links)
  }

  #add(said: SpanBytes, source: Source, links: readonly OtlpLink[] | undefined): void {
    const known = this.#describer.knownProtobuf
    const text = links && linksText(links.slice(0, linkLimit).map(readLink))
    const slot = known.find(said)
    if (slot !== undefined) {
      this.#budget.take(slot.elements)
      this.#rows.add(slot.description, text)
      return
    }
    const before = this.#budget.left
    const description = this.#describer.describe(source, {
      name: this.#name(said.nameFrom, said.nameTo),
      kind: said.kind,
      status: said.status,
      root: said.root,
      attributes: this.#attributes(said.attributesFrom, said.attributesTo),
    })
    known.note(said, description, before - this.#budget.left)
    this.#rows.add(description, text)
  }

  #attributes(from: number, to: number): KeyValue[] | undefined {
    if (from === to) return undefined
    const list: KeyValue[] = []
    const after = this.#at
    this.#at = from
    while (this.#at < to) {
      if (this.#uint32(to) !== attributeTag) throw new Unusual()
      list.push(this.#attribute(this.#end(delimited, to)))
    }
    this.#at = after
    return list
  }

  /** A status is two bytes as a rule; what it says in words is not read. */
  #status(end: number): number {
    this.#budget.take()
    let code = 0
    while (this.#at < end) {
      const tag = this.#uint32(end)
      if (tag === ((3 << 3) | varint)) code = this.#enum(end)
      else if (tag >>> 3 === 3) throw new Unusual()
      else this.#skip(tag, end)
    }
    return code
  }

  #attribute(end: number): KeyValue {
    // The key-value and its value: two messages.
    this.#budget.take(2)
    const from = this.#at
    this.#at = end
    return attributes.get(this.#bytes, from, end, () => {
      const plain = this.#plainAttribute(from, end)
      if (plain !== undefined) return plain
      // A list, or something odd: nested values count for themselves.
      this.#budget.take(-2)
      const read = readPart(this.#bytes.subarray(from, end), keyValue, this.#budget, 5) as KeyValue
      return read
    })
  }

  /** A name with a text, a whole number, a double or a truth value; undefined for any other. */
  #plainAttribute(from: number, end: number): KeyValue | undefined {
    const bytes = this.#bytes
    if (bytes[from] !== ((1 << 3) | delimited)) return undefined
    const keyLength = bytes[from + 1] ?? 255
    const valueTag = from + 2 + keyLength
    if (keyLength > 127 || bytes[valueTag] !== ((2 << 3) | delimited)) return undefined
    let [at, length] = [valueTag + 1, bytes[valueTag + 1] ?? 255]
    if (length > 127) {
      const more = bytes[at + 1] ?? 255
      if (more > 127) return undefined
      length = (length & 127) | (more << 7)
      at++
    }
    at++
    if (at + length !== end) return undefined
    const value = this.#plainValue(at, end)
    return value && { key: this.#text(from + 2, valueTag), value }
  }

  #plainValue(from: number, end: number): AnyValue | undefined {
    const bytes = this.#bytes
    const tag = bytes[from]
    if (tag === ((1 << 3) | delimited)) {
      let [at, length] = [from + 2, bytes[from + 1] ?? 255]
      if (length > 127) {
        const more = bytes[at] ?? 255
        if (more > 127) return undefined
        length = (length & 127) | (more << 7)
        at++
      }
      return at + length === end ? { stringValue: this.#text(at, end) } : undefined
    }
    if (tag === ((3 << 3) | varint)) {
      // Up to seven bytes are exact in a double.
      let [value, scale] = [0, 1]
      for (let at = from + 1; at < end && at < from + 8; at++, scale *= 128) {
        const byte = bytes[at] ?? 0
        value += (byte & 127) * scale
        if (byte < 128) return at + 1 === end ? { intValue: BigInt(value) } : undefined
      }
      return undefined
    }
    if (tag === ((4 << 3) | fixed64) && end - from === 9)
      return { doubleValue: bytes.readDoubleLE(from + 1) }
    if (tag === ((2 << 3) | varint) && end - from === 2 && (bytes[from + 1] ?? 2) < 2)
      return { boolValue: bytes[from + 1] === 1 }
    return undefined
  }

  #name(from: number, to: number): string {
    return names.get(this.#bytes, from, to, () => this.#text(from, to))
  }

  #text(from: number, end: number): string {
    const text = this.#bytes.toString('utf8', from, end)
    // What is no UTF-8 comes out as this; the table tells it from the real one.
    if (text.includes('\ufffd')) throw new Unusual()
    return text
  }

  /** The bytes of an id, into the words of `count` numbers; false when all are zero. */
  #id(end: number, place: number, count: number): boolean {
    const from = this.#at
    // Of another length: wrong, or none at all, which the table tells apart.
    if (end - from !== 8 * count) throw new Unusual()
    this.#at = end
    const { words } = this.#rows.place
    let any = 0
    for (let k = 0; k < count; k++) {
      const high = this.#bytes.readUInt32BE(from + 8 * k)
      const low = this.#bytes.readUInt32BE(from + 8 * k + 4)
      words[2 * (place + k) + highWord] = high
      words[2 * (place + k) + lowWord] = low
      any |= high | low
    }
    return any !== 0
  }

  #fixed64(wire: number, end: number, place: number): void {
    if (wire !== fixed64 || this.#at + 8 > end) throw new Unusual()
    const { words } = this.#rows.place
    words[2 * place + lowWord] = this.#bytes.readUInt32LE(this.#at)
    words[2 * place + highWord] = this.#bytes.readUInt32LE(this.#at + 4)
    this.#at += 8
  }

  /** Enums of one byte: there are no others. */
  #enum(end: number): number {
    const value = this.#bytes[this.#at] ?? 255
    if (value > 127 || this.#at >= end) throw new Unusual()
    this.#at++
    return value
  }

  /** A message that is rare or small, by the table. */
  #part(
    message: Parameters<typeof readPart>[1],
    wire: number,
    depth: number,
    within = this.#bytes.length,
  ): object {
    const end = this.#end(wire, within)
    const from = this.#at
    this.#at = end
    return readPart(this.#bytes.subarray(from, end), message, this.#budget, depth)
  }

  #fields(end: number, take: (number: number, wire: number) => boolean): void {
    while (this.#at < end) {
      const tag = this.#uint32(end)
      if (!take(tag >>> 3, tag & 7)) this.#skip(tag, end)
    }
    if (this.#at !== end) throw new Unusual()
  }

  /** Where a length-delimited field ends. */
  #end(wire: number, within = this.#bytes.length): number {
    if (wire !== delimited) throw new Unusual()
    const length = this.#uint32(within)
    const end = this.#at + length
    if (end > within) throw new Unusual()
    return end
  }

  /** Tags and lengths of up to four bytes. */
  #uint32(end: number): number {
    const bytes = this.#bytes
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      if (this.#at >= end) throw new Unusual()
      const byte = bytes[this.#at++] ?? 0
      value |= (byte & 127) << shift
      if (byte < 128) return value
    }
    throw new Unusual()
  }

  #skip(tag: number, end: number): void {
    const wire = tag & 7
    // Field 0 is none, and groups are of protobuf's past.
    if (tag < 8) throw new Unusual()
    if (wire === fixed64) this.#at += 8
    else if (wire === fixed32) this.#at += 4
    else if (wire === delimited) this.#at = this.#end(wire, end)
    else if (wire === varint) {
      const most = Math.min(end, this.#at + 10)
      while (this.#at < most && (this.#bytes[this.#at] ?? 0) > 127) this.#at++
      if (this.#at >= most) throw new Unusual()
      this.#at++
    } else throw new Unusual()
    if (this.#at > end) throw new Unusual()
  }
}
