import { directivesOf } from './directives.js'
import { type Coding, codingFor, compress } from './encoding.js'
import { Entry } from './entry.js'
import { valueOf } from './facts.js'
import { fieldOf, type Head, listOf } from './head.js'
import type { Memory, Slot } from './memory.js'

/** Below this a coding saves less than a packet. */
const LEAST_BYTES = 1_024
/** Compressed at a time: Node has four threads for this, files and names, and the app needs some too. */
const MOST_AT_ONCE = 2
/** A coding that saves less is not worth the client's work. */
const WORTH = 0.9

/** What compresses well. Pictures, films, archives and fonts are compressed by themselves. */
const TEXT =
  /^(?:text\/|application\/(?:json|javascript|ecmascript|xml|xhtml\+xml|graphql|wasm|manifest\+json|x-ndjson|rtf)|image\/(?:svg\+xml|bmp|x-icon)|[\w.-]+\/[\w.-]+\+(?:json|xml))/i

/**
 * Whether an answer may be given compressed: the app has not done so, nothing forbids it (RFC 9111, 5.2.2.6),
 * and no field speaks of the very bytes.
 */
export function isCompressible({ status, fields }: Head, bytes: number): boolean {
  return (
    status === 200 &&
    bytes >= LEAST_BYTES &&
    TEXT.test(fieldOf(fields, 'content-type') ?? '') &&
    !directivesOf(fieldOf(fields, 'cache-control')).has('no-transform') &&
    ['content-encoding', 'content-range', 'content-digest', 'content-md5', 'digest'].every(
      name => fieldOf(fields, name) === undefined,
    )
  )
}

/** The head with `Vary: Accept-Encoding`: also of the answer as it is, since others are given another. */
export function withVary(head: Head): Head {
  if (listOf(fieldOf(head.fields, 'vary')).includes('accept-encoding')) return head
  return { ...head, fields: [...head.fields, 'Vary', 'Accept-Encoding'] }
}

/** Compressed forms of kept answers: each made once, off the event loop, when it is first asked for. */
export class Variants {
  private running = 0

  constructor(
    private readonly memory: Memory,
    private readonly caught: () => void,
  ) {}

  /** What this client is given of an entry: the entry itself until the other form is made. */
  of(rawHeaders: readonly string[], entry: Entry, slot: Slot): Entry {
    if (!entry.compressible) return entry
    const coding = codingFor(valueOf(rawHeaders, 'accept-encoding'))
    if (coding === undefined) return entry
    const known = entry.encoded.get(coding)
    if (known === undefined) this.make(entry, coding, slot)
    return known ?? entry
  }

  private make(entry: Entry, coding: Coding, slot: Slot): void {
    if (this.running >= MOST_AT_ONCE) return
    this.running++
    // Until it is there, and for good where it is not worth it, the entry stands for itself.
    entry.encoded.set(coding, entry)
    compress(coding, entry.body)
      .then(bytes => {
        if (bytes.length > WORTH * entry.body.length) return
        const made = encodedEntry(entry, coding, bytes)
        if (this.memory.grow(slot, entry, made.bytes)) entry.encoded.set(coding, made)
      })
      .catch(this.caught)
      .finally(() => this.running--)
  }
}

/**
 * The bytes are others, so a strong ETag is another's (RFC 9110, 8.8.3.3). A weak one of the same text says that
 * both mean the same, and the app, asked with it, still knows it for its own.
 */
function encodedEntry(entry: Entry, coding: Coding, body: Buffer): Entry {
  const fields: string[] = []
  for (let at = 0; at + 1 < entry.fields.length; at += 2) {
    const name = entry.fields[at] as string
    const value = entry.fields[at + 1] as string
    // RFC 9110, 14.3: ranges would be of the other bytes.
    if (/^accept-ranges$/i.test(name)) continue
    fields.push(name, /^etag$/i.test(name) && !value.startsWith('W/') ? `W/${value}` : value)
  }
  fields.push('Content-Encoding', coding)
  const { status, reason, lifetime, reading, route, begunMs } = entry
  const head = { status, reason, fields }
  const made = new Entry(head, body, lifetime, reading, route, begunMs, () => '')
  made.forCdn = entry.forCdn?.with(made.fields)
  return made
}
