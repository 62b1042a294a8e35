import type { Tag } from '../cache/tags.js'
import type { Coding } from './encoding.js'
import type { ForCdn } from './for-cdn.js'
import { fieldOf, type Head } from './head.js'
import { httpDate } from './http-date.js'
import type { Lifetime } from './judge.js'
import { keptFields } from './response-fields.js'

/** Beyond this a hit's head is written before its body: copying it anew each second costs more. */
export const ONE_BUFFER = 16_384

/** A tag and its version in an entry's map; its name is there as long as an entry holds it. */
const TAG_BYTES = 48

/** What an answer was made of. */
export interface Reading {
  readonly noted: ReadonlyMap<Tag, number>
  /** With none, nothing but time makes it old. */
  readonly statements: number
}

/** Head and body of one second: writing them is all that a hit has to do. */
interface Prepared {
  readonly bytes: Buffer
  readonly fields: readonly string[]
  readonly second: number
  readonly age: number
  readonly keepAliveMs: number
}

/** An answer as it is given again. */
export class Entry {
  readonly status: number
  readonly reason: string
  /** Without what belongs to one answer alone. */
  readonly fields: readonly string[]
  readonly etag: string | undefined
  readonly lastModifiedMs: number
  /** What it takes of the memory, about; its place there comes on top. */
  bytes: number
  prepared: Prepared | undefined = undefined
  /** What CDNs are told of it; undefined: nothing. */
  forCdn: ForCdn | undefined = undefined
  /** Its compressed forms; itself where there is none. Not made before one is asked for. */
  readonly encoded = new Map<Coding, Entry>()
  /** When it was last given, for the order of use. */
  usedSecond = 0

  constructor(
    head: Head,
    readonly body: Buffer,
    readonly lifetime: Lifetime,
    readonly reading: Reading,
    /** What the router said of the request: as it was, to be said again. */
    readonly route: string | null | undefined,
    /** When it was asked for (RFC 9111, 4.2.3: the way of an answer is part of its age), by the clock, ms. */
    readonly begunMs: number,
    hash: (body: Buffer) => string,
    /** Clients may be given it compressed. */
    readonly compressible = false,
  ) {
    const fields = keptFields(head)
    const bodiless = head.status === 204
    if (!bodiless) fields.push('Content-Length', String(body.length))
    const told = fieldOf(fields, 'etag')
    const modified = fieldOf(fields, 'last-modified')
    // An answer without validators gets one: it is known byte by byte, so a strong one.
    if (told === undefined && modified === undefined && head.status === 200)
      fields.push('ETag', `"${hash(body)}"`)
    this.status = head.status
    this.reason = head.reason
    this.fields = fields
    this.etag = fieldOf(fields, 'etag')
    this.lastModifiedMs = httpDate(modified)
    const prepared = body.length <= ONE_BUFFER ? body.length : 0
    this.bytes = body.length + prepared + fields.reduce((sum, text) => sum + 2 * text.length, 500)
    for (const { name } of reading.noted.keys()) this.bytes += TAG_BYTES + name.length
  }

  ageMs(nowMs: number): number {
    return nowMs - this.begunMs + this.lifetime.ageMs
  }

  /** Whether nothing that it was made of has changed. */
  isCurrent(): boolean {
    for (const [tag, version] of this.reading.noted) if (tag.version !== version) return false
    return true
  }

  /** Whether somebody else would have been given the same. `Expires` moves with the clock. */
  equals(other: Entry): boolean {
    return (
      this.status === other.status &&
      this.body.equals(other.body) &&
      this.fields.length === other.fields.length &&
      this.fields.every(
        (text, at) =>
          text === other.fields[at] ||
          (at % 2 === 1 && /^expires$/i.test(this.fields[at - 1] as string)),
      )
    )
  }
}
