import type { Entry } from './entry.js'

/** Bytes of all answers together. */
const MOST_BYTES = 64 * 1024 * 1024
/** Answers of one URL: each differs in a header that is in the key. */
const MOST_VARIANTS = 64

/** The answers of one URL. */
export interface Slot {
  readonly key: string
  /** Request headers by which its answers differ, sorted. */
  names: readonly string[]
  /** The policy's generation of inputs when they were named. */
  generation: number
  /** By the values of those headers; the one that was stored first comes first. */
  readonly variants: Map<string, Entry>
  bytes: number
}

/**
 * Answers in this process, bounded by bytes; the URL that was not asked for the longest goes first. Own
 * code rather than lru-cache: what is counted is bytes of a slot whose variants come and go, and a hit
 * moves its slot at most once a second.
 */
export class Memory {
  private readonly slots = new Map<string, Slot>()
  private bytes = 0

  constructor(
    private readonly evicted: () => void,
    private readonly most = MOST_BYTES,
  ) {}

  get size(): number {
    return this.slots.size
  }

  slot(key: string): Slot | undefined {
    return this.slots.get(key)
  }

  /** It was asked for just now. */
  touch(slot: Slot): void {
    this.slots.delete(slot.key)
    this.slots.set(slot.key, slot)
  }

  put(
    key: string,
    names: readonly string[],
    generation: number,
    variant: string,
    entry: Entry,
  ): void {
    const slot = this.slotFor(key, names, generation)
    this.remove(slot, variant)
    const [oldest] = slot.variants.keys()
    if (slot.variants.size >= MOST_VARIANTS && oldest !== undefined) this.remove(slot, oldest)
    slot.variants.set(variant, entry)
    // Keys are the clients': a long query would be room that nobody counts.
    entry.bytes += 2 * (key.length + variant.length)
    slot.bytes += entry.bytes
    this.bytes += entry.bytes
    this.touch(slot)
    this.shrink()
  }

  clear(): void {
    this.slots.clear()
    this.bytes = 0
  }

  /** An entry takes so much more; false when it is not there any more. */
  grow(slot: Slot, entry: Entry, bytes: number): boolean {
    if (this.slots.get(slot.key) !== slot || ![...slot.variants.values()].includes(entry))
      return false
    entry.bytes += bytes
    slot.bytes += bytes
    this.bytes += bytes
    this.shrink()
    return true
  }

  /** Forgets the answers of a URL; says whether there were any. */
  drop(key: string): boolean {
    const slot = this.slots.get(key)
    if (slot === undefined) return false
    this.slots.delete(key)
    this.bytes -= slot.bytes
    return slot.variants.size > 0
  }

  private slotFor(key: string, names: readonly string[], generation: number): Slot {
    const known = this.slots.get(key)
    if (known !== undefined && known.generation === generation && same(known.names, names))
      return known
    // Keyed by other headers: what is there would never be found.
    if (known !== undefined) this.drop(key)
    const made = { key, names, generation, variants: new Map<string, Entry>(), bytes: 0 }
    this.slots.set(key, made)
    return made
  }

  private remove(slot: Slot, variant: string): void {
    const entry = slot.variants.get(variant)
    if (entry === undefined) return
    slot.variants.delete(variant)
    slot.bytes -= entry.bytes
    this.bytes -= entry.bytes
  }

  private shrink(): void {
    for (const [key] of this.slots) {
      if (this.bytes <= this.most) return
      this.drop(key)
      this.evicted()
    }
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at])
}
