import { Budget } from './malformed.js'
import { Unusual } from './unusual.js'

/** Bytes that JSON is made of. */
export const ascii = {
  quote: 0x22,
  comma: 0x2c,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  openList: 0x5b,
  backslash: 0x5c,
  closeList: 0x5d,
  underscore: 0x5f,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const
const { backslash, closeList, closeObject, colon, comma } = ascii
const { openList, openObject, quote, underscore, zero } = ascii

/**
 * Walks through the bytes of OTLP/JSON, which must be UTF-8, without parsing what nobody asks for. What
 * it passes over may be no JSON: whoever uses it parses that, or knows it by its bytes. Throws `Unusual`
 * for what is wrong, and for what senders do not write.
 */
export class JsonScanner {
  readonly bytes: Buffer
  readonly budget = new Budget()
  at = 0
  /** The text that was read last, without its quotes. */
  from = 0
  to = 0

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** An object's members. What `take` does not know is passed over; a name that comes twice is unusual. */
  members(take: (name: string) => boolean): void {
    this.budget.take()
    this.open(openObject)
    const seen = new Set<string>()
    for (let more = this.next() !== closeObject; more; more = this.more(closeObject)) {
      this.key()
      const name = this.bytes.toString('latin1', this.from, this.to)
      if (seen.has(name)) throw new Unusual()
      seen.add(name)
      if (!take(name)) this.skip()
    }
    this.at++
  }

  /** A list's items. */
  items(read: () => void): void {
    this.open(openList)
    for (let more = this.next() !== closeList; more; more = this.more(closeList)) read()
    this.at++
  }

  open(bracket: number): void {
    if (this.next() !== bracket) throw new Unusual()
    this.at++
  }

  /** True after a comma; false before the bracket that closes. */
  more(bracket: number): boolean {
    const byte = this.next()
    if (byte === bracket) return false
    if (byte !== comma) throw new Unusual()
    this.at++
    return true
  }

  /** A name and the colon. With `_` it is the spelling of the .proto, which the table refuses. */
  key(): void {
    this.text()
    for (let i = this.from; i < this.to; i++) if (this.bytes[i] === underscore) throw new Unusual()
    if (this.next() !== colon) throw new Unusual()
    this.at++
  }

  /** A text without escapes, between `from` and `to`. */
  text(): void {
    if (this.next() !== quote) throw new Unusual()
    const bytes = this.bytes
    this.from = ++this.at
    for (;;) {
      const byte = bytes[this.at]
      if (byte === quote) break
      if (byte === undefined || byte === backslash || byte < 0x20) throw new Unusual()
      this.at++
    }
    this.to = this.at++
  }

  /** Passes over a value that is not read, which must be JSON all the same. */
  skip(): void {
    const byte = this.next()
    const from = this.at
    this.pass()
    const last = this.bytes[this.at - 1]
    const empty =
      this.at - from === 2 &&
      ((byte === openList && last === closeList) || (byte === openObject && last === closeObject))
    const zeroCount = this.at - from === 1 && byte === zero
    if (!empty && !zeroCount) this.parse(from, this.at)
  }

  /** A value, parsed. */
  parsed(): unknown {
    this.next()
    const from = this.at
    this.pass()
    return this.parse(from, this.at)
  }

  parse(from: number, to: number): unknown {
    try {
      return JSON.parse(this.bytes.toString('utf8', from, to))
    } catch {
      throw new Unusual()
    }
  }

  /** Moves behind a value: to the bracket that closes it, or what ends a number, a text or a word. */
  pass(): void {
    const bytes = this.bytes
    let at = this.at
    let depth = 0
    for (;;) {
      const byte = bytes[at]
      if (byte === undefined) throw new Unusual()
      if (byte === quote) at = this.behindText(at + 1)
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
    if (at === this.at) throw new Unusual()
    this.at = at
  }

  behindText(from: number): number {
    const bytes = this.bytes
    for (let at = from; ; at++) {
      const byte = bytes[at]
      if (byte === quote) return at + 1
      if (byte === undefined) throw new Unusual()
      if (byte === backslash) at++
    }
  }

  /** The next byte that is no white space; it stays there. */
  next(): number | undefined {
    for (;;) {
      const byte = this.bytes[this.at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
      this.at++
    }
  }
}

/** Whether the bytes from `from` on begin with those. */
export function isSame(those: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < those.length; i++) if (those[i] !== bytes[from + i]) return false
  return true
}
