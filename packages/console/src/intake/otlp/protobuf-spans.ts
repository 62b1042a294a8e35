import { Budget } from './malformed.js'
import type { AnyValue, KeyValue, OtlpSpan, TracesRequest } from './messages.js'
import { keyValue, link, resource, scope, status } from './messages.js'
import { Known } from './known.js'
import { readPart } from './protobuf.js'

/**
 * Reads the traces that SDKs send, by hand where most of their bytes are: 3 us a span where the
 * table takes 10 (Node 20, 327 bytes a span). What it meets that SDKs do not write (a field of another
 * wire type, a text that is no UTF-8, a message cut short) it leaves to the table, which knows the
 * reason: then it returns undefined. Where it returns a request, the table reads the same.
 */
export function readSpansByHand(bytes: Uint8Array): TracesRequest | undefined {
  try {
    return new SpanReader(bytes).request()
  } catch (error) {
    if (error instanceof Unusual) return undefined
    throw error
  }
}

class Unusual extends Error {}

const [varint, fixed64, delimited, fixed32] = [0, 1, 2, 5]

/** Attributes of a middling API, with their values: some hundreds that stay, and what passes through. */
const attributes = new Known<KeyValue>(8_192, 256)
const names = new Known<string>(2_048, 128)

class SpanReader {
  readonly #bytes: Buffer
  readonly #budget = new Budget()
  #at = 0
  /** Spans of one trace mostly stand together. */
  #traceId = { at: -1, text: '' }
  #parentId = { at: -1, text: '' }

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  request(): TracesRequest {
    this.#budget.take()
    const request: TracesRequest = {}
    this.#fields(this.#bytes.length, (number, wire) => {
      if (number !== 1) return false
      const end = this.#end(wire)
      request.resourceSpans ??= []
      request.resourceSpans.push(this.#resourceSpans(end))
      return true
    })
    return request
  }

  #resourceSpans(end: number): NonNullable<TracesRequest['resourceSpans']>[number] {
    this.#budget.take()
    const result: NonNullable<TracesRequest['resourceSpans']>[number] = {}
    this.#fields(end, (number, wire) => {
      if (number === 1) result.resource = this.#part(resource, wire, 2)
      else if (number === 2) {
        const to = this.#end(wire)
        result.scopeSpans ??= []
        result.scopeSpans.push(this.#scopeSpans(to))
      } else return false
      return true
    })
    return result
  }

  #scopeSpans(end: number) {
    this.#budget.take()
    const result: { scope?: object; spans?: OtlpSpan[] } = {}
    this.#fields(end, (number, wire) => {
      if (number === 1) result.scope = this.#part(scope, wire, 3)
      else if (number === 2) {
        const to = this.#end(wire)
        result.spans ??= []
        result.spans.push(this.#span(to))
      } else return false
      return true
    })
    return result
  }

  /** The loop is written out: this is where the time goes. */
  #span(end: number): OtlpSpan {
    this.#budget.take()
    const span: OtlpSpan = {}
    while (this.#at < end) {
      const tag = this.#uint32(end)
      const wire = tag & 7
      switch (tag >>> 3) {
        case 1:
          span.traceId = this.#id(this.#end(wire, end), this.#traceId)
          break
        case 2:
          span.spanId = this.#hex(this.#end(wire, end))
          break
        case 4:
          span.parentSpanId = this.#id(this.#end(wire, end), this.#parentId)
          break
        case 5:
          span.name = this.#name(this.#end(wire, end))
          break
        case 6:
          if (wire !== varint) throw new Unusual()
          span.kind = this.#enum(end)
          break
        case 7:
          span.startTimeUnixNano = this.#fixed64(wire, end)
          break
        case 8:
          span.endTimeUnixNano = this.#fixed64(wire, end)
          break
        case 9: {
          const to = this.#end(wire, end)
          span.attributes ??= []
          span.attributes.push(this.#attribute(to))
          break
        }
        case 13:
          span.links ??= []
          span.links.push(this.#part(link, wire, 4, end))
          break
        case 15:
          span.status = this.#part(status, wire, 4, end)
          break
        default:
          this.#skip(tag, end)
      }
    }
    if (this.#at !== end) throw new Unusual()
    return span
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

  #name(end: number): string {
    const from = this.#at
    this.#at = end
    return names.get(this.#bytes, from, end, () => this.#text(from, end))
  }

  #text(from: number, end: number): string {
    const text = this.#bytes.toString('utf8', from, end)
    // What is no UTF-8 comes out as this; the table tells it from the real one.
    if (text.includes('\ufffd')) throw new Unusual()
    return text
  }

  #hex(end: number): string {
    const from = this.#at
    this.#at = end
    return this.#bytes.toString('hex', from, end)
  }

  #id(end: number, last: { at: number; text: string }): string {
    const from = this.#at
    if (last.at >= 0 && last.text.length === 2 * (end - from)) {
      let same = 0
      while (from + same < end && this.#bytes[from + same] === this.#bytes[last.at + same]) same++
      if (from + same === end) {
        this.#at = end
        return last.text
      }
    }
    last.at = from
    last.text = this.#hex(end)
    return last.text
  }

  #fixed64(wire: number, end: number): bigint {
    if (wire !== fixed64 || this.#at + 8 > end) throw new Unusual()
    const value = this.#bytes.readBigUInt64LE(this.#at)
    this.#at += 8
    return value
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
