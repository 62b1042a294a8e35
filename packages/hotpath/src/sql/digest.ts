/**
 * Tells data apart without keeping it: two 32-bit hashes that grow with each character, joined to a
 * number of 53 bits. Of 5,000 statements two different ones look equal once in 700 million times.
 * It hides nothing: before it leaves, it goes through a keyed hash (gate/params-hash).
 */
export class Digest {
  #one = 0x2545f491
  #two = 0x6c8e9cf5

  /** Adds a number of 32 bits. */
  number(value: number): void {
    this.#one = Math.imul(this.#one ^ value, 0x9e3779b1)
    this.#one ^= this.#one >>> 15
    this.#two = Math.imul(this.#two ^ value, 0x5f356495)
    this.#two ^= this.#two >>> 13
  }

  /** Adds `text` from `from` to `to`: its length, and of its characters the first `most`. */
  text(text: string, from: number, to: number, most: number): void {
    this.number(to - from)
    const end = Math.min(to, from + most)
    for (let at = from; at < end; at++) this.number(text.charCodeAt(at))
  }

  /** A whole number from 1 to 2^53 - 1. */
  get value(): number {
    return (this.#two & 0x1fffff) * 0x100000000 + (this.#one >>> 0) || 1
  }
}
