/**
 * Remembers what some bytes were read as. Telemetry says the same few thousand attributes over and
 * over. What is remembered is shared by all who asked, and must not be changed. Bounded: a slot holds
 * one value, and gives way to the next; that is kept the second time that its bytes come, so that what
 * never comes again (a URL with an id) drives nothing out and does not grow old here.
 */
export class Known<Value> {
  readonly #slots: ({ readonly bytes: Uint8Array; readonly value: Value } | undefined)[]
  readonly #seen: Int32Array
  readonly #mask: number
  readonly #maxBytes: number

  /** `slots` is a power of two. What is longer than `maxBytes` is read anew each time. */
  constructor(slots: number, maxBytes: number) {
    this.#slots = Array.from({ length: slots })
    this.#seen = new Int32Array(slots)
    this.#mask = slots - 1
    this.#maxBytes = maxBytes
  }

  /** What `read` makes of the bytes from `from` to `to`, which must depend on them alone. */
  get(bytes: Uint8Array, from: number, to: number, read: () => Value): Value {
    if (to - from > this.#maxBytes) return read()
    let hash = 0x811c9dc5
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
    hash ^= hash >>> 15
    const at = hash & this.#mask
    const slot = this.#slots[at]
    if (slot !== undefined && equal(slot.bytes, bytes, from, to)) return slot.value
    const value = read()
    if (this.#seen[at] !== hash) this.#seen[at] = hash
    // A copy: a view, which is what slice() of a Buffer makes, would keep the whole request in memory (81 MB after 600).
    else this.#slots[at] = { bytes: new Uint8Array(bytes.subarray(from, to)), value }
    return value
  }
}

function equal(known: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (known.length !== to - from) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[from + i]) return false
  return true
}
