/** How long an answer that was dear to make is given again: parts of a page, and pages, ask together. */
const keptMs = 2_000
/** Windows of a page and of some people beside it. */
const keptAnswers = 32

interface Made<Answer> {
  readonly answer: Promise<Answer>
  readonly askedMs: number
  ready: boolean
}

/**
 * Gives an answer that was asked for in the last seconds again, to whoever asks the same; who asks while
 * it is made waits for that one, however long it takes. The oldest goes when there are too many; one that
 * failed is not kept.
 */
export class Lately<Answer> {
  readonly #made = new Map<string, Made<Answer>>()

  get(key: string, nowMs: number, make: () => Promise<Answer>): Promise<Answer> {
    const known = this.#made.get(key)
    if (known !== undefined && (!known.ready || isRecent(known.askedMs, nowMs))) return known.answer
    const made: Made<Answer> = { answer: make(), askedMs: nowMs, ready: false }
    this.#made.delete(key)
    this.#made.set(key, made)
    made.answer.then(
      () => (made.ready = true),
      () => {
        if (this.#made.get(key) === made) this.#made.delete(key)
      },
    )
    for (const oldest of this.#made.keys()) {
      if (this.#made.size <= keptAnswers) break
      this.#made.delete(oldest)
    }
    return made.answer
  }
}

/** A clock that was set back makes no answer last. */
const isRecent = (askedMs: number, nowMs: number): boolean =>
  nowMs >= askedMs && nowMs - askedMs < keptMs
