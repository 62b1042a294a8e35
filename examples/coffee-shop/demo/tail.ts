/** The end of what a process printed, kept for when it fails. Holds at most 16,000 characters. */
export class Tail {
  static readonly maxLength = 16_000
  #text = ''

  add(chunk: string): void {
    this.#text = (this.#text + chunk).slice(-Tail.maxLength)
  }

  toString(): string {
    return this.#text.trim()
  }
}
