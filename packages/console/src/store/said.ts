import type { SpanText } from './span-table.js'

/** Texts that both threads keep, far more than the statements and calls of a middling API, and their characters. */
const keptLimit = 8_192
const keptChars = 8_000_000

/** The texts of a table on their way to the store's thread. */
export interface Said {
  /** Each as it is, or the number of one that is kept there. */
  readonly texts: readonly (SpanText | number)[]
  /** Which of `texts` are to be kept, under the numbers that follow. */
  readonly keep: readonly number[]
  /** Another one than before: what was kept is forgotten first. */
  readonly epoch: number
}

/**
 * Says each text to the store's thread twice at most: spans say the same few hundred texts over and over.
 * To write them into messages and to read them there took 0.32 us a span, and takes 0.05 (medians of 132 in
 * turns, on a machine busy with other work). What never comes again is not kept.
 */
export class Saying {
  readonly #numbers = new Map<SpanText, number>()
  #once = new WeakSet<SpanText>()
  #chars = 0
  #epoch = 0

  /** To be sent in the order in which it was asked for. */
  say(texts: readonly SpanText[]): Said {
    // In between, and not within: a number must not be given twice in an epoch.
    if (this.#numbers.size >= keptLimit || this.#chars >= keptChars) this.forget()
    const keep: number[] = []
    const said = texts.map((text, i) => {
      const number = this.#numbers.get(text)
      if (number !== undefined) return number
      if (this.#once.has(text)) {
        this.#numbers.set(text, this.#numbers.size)
        this.#chars += text.name.length + text.attributes.length
        keep.push(i)
      } else this.#once.add(text)
      return text
    })
    return { texts: said, keep, epoch: this.#epoch }
  }

  /** To be told when something was said that was not sent. */
  forget(): void {
    this.#numbers.clear()
    this.#once = new WeakSet()
    this.#chars = 0
    this.#epoch++
  }
}

/** The other side of `Saying`. */
export class Heard {
  readonly #kept: SpanText[] = []
  #epoch = 0

  hear({ texts, keep, epoch }: Said): SpanText[] {
    if (epoch !== this.#epoch) this.#kept.length = 0
    this.#epoch = epoch
    const heard = texts.map(said => (typeof said === 'number' ? this.#textOf(said) : said))
    for (const at of keep) this.#kept.push(heard[at] as SpanText)
    return heard
  }

  #textOf(number: number): SpanText {
    const text = this.#kept[number]
    if (text === undefined) throw new Error(`no text was kept as number ${number}`)
    return text
  }
}
