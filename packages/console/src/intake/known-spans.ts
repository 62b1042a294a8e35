import type { Description } from './describe.js'
import type { Source } from './source.js'

/** Slots, a power of two: a middling API has some hundreds of statements and calls. */
const slots = 4_096
/** What a span says in more bytes is described anew each time: all that is known by one decoder stays at some 40 MB. */
const longest = 2_048

/** Where in a request stands what one span says. A decoder fills it in, span by span. */
export class SpanBytes {
  readonly bytes: Buffer
  source: Source | undefined
  kind = 0
  status = 0
  root = true
  nameFrom = 0
  nameTo = 0
  attributesFrom = 0
  /** 0 before there are any. */
  attributesTo = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  begin(source: Source): void {
    this.source = source
    this.kind = this.status = 0
    this.root = true
    this.nameFrom = this.nameTo = this.attributesFrom = this.attributesTo = 0
  }
}

interface Slot {
  readonly source: Source | undefined
  readonly flags: number
  readonly name: Uint8Array
  readonly attributes: Uint8Array
  readonly description: Description
  readonly elements: number
}

/**
 * Descriptions by the bytes that they were made of: most spans say, byte by byte, what a span before
 * them said. A description is kept the second time that its bytes come, so that what never comes again
 * (a URL with an id) costs no copy and drives nothing out.
 */
export class KnownSpans {
  readonly #slots: (Slot | undefined)[] = Array.from({ length: slots })
  readonly #seen = new Int32Array(slots)
  #hash = 0

  /** The slot of these bytes; `note` may follow on undefined. */
  find(said: SpanBytes): Slot | undefined {
    const { bytes, nameFrom, nameTo, attributesFrom, attributesTo } = said
    let hash = mixed(flagsOf(said), bytes, nameFrom, nameTo)
    hash = mixed(hash, bytes, attributesFrom, attributesTo)
    this.#hash = hash ^ (hash >>> 15)
    const slot = this.#slots[this.#hash & (slots - 1)]
    const known =
      slot !== undefined &&
      slot.source === said.source &&
      slot.flags === flagsOf(said) &&
      isEqual(slot.name, bytes, nameFrom, nameTo) &&
      isEqual(slot.attributes, bytes, attributesFrom, attributesTo)
    return known ? slot : undefined
  }

  /** Notes what the bytes that `find` was asked for last were read as; `elements` for the budget. */
  note(said: SpanBytes, description: Description, elements: number): void {
    const at = this.#hash & (slots - 1)
    const { bytes, nameFrom, nameTo, attributesFrom, attributesTo } = said
    if (nameTo - nameFrom + attributesTo - attributesFrom > longest) return
    if (this.#seen[at] !== this.#hash) {
      this.#seen[at] = this.#hash
      return
    }
    this.#slots[at] = {
      source: said.source,
      flags: flagsOf(said),
      name: new Uint8Array(bytes.subarray(nameFrom, nameTo)),
      attributes: new Uint8Array(bytes.subarray(attributesFrom, attributesTo)),
      description,
      elements,
    }
  }
}

const flagsOf = ({ kind, status, root }: SpanBytes): number =>
  (kind << 8) | (status << 1) | (root ? 1 : 0)

/** FNV-1a by four bytes at a time. */
function mixed(seed: number, bytes: Buffer, from: number, to: number): number {
  let hash = seed ^ 0x811c9dc5
  let i = from
  for (; i + 4 <= to; i += 4) {
    const word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24)
    hash = Math.imul(hash ^ word, 0x01000193)
    hash ^= hash >>> 13
  }
  for (; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  return hash
}

const isEqual = (known: Uint8Array, bytes: Buffer, from: number, to: number): boolean =>
  known.length === to - from && bytes.compare(known, 0, known.length, from, to) === 0
