/** How long an answer that was dear to make is given again: parts of a page, and pages, ask together. */
const keptMs = 2_000
/** Windows of a page and of some people beside it. */
const keptAnswers = 32

/**
 * Gives an answer that was made in the last seconds again, to whoever asks the same; who asks while it
 * is made waits for that one. The oldest goes when there are too many; one that failed is not kept.
 */
export class Lately<Answer> {
  readonly #made = new Map<string, { readonly answer: Promise<Answer>; readonly atMs: number }>()

  get(key: string, nowMs: number, make: () => Promise<Answer>): Promise<Answer> {
    const known = this.#made.get(key)
    if (known !== undefined && nowMs >= known.atMs && nowMs - known.atMs < keptMs)
      return known.answer
    const answer = make()
    this.#made.delete(key)
    this.#made.set(key, { answer, atMs: nowMs })
    answer.catch(() => this.#made.delete(key))
    for (const oldest of this.#made.keys()) {
      if (this.#made.size <= keptAnswers) break
      this.#made.delete(oldest)
    }
    return answer
  }
}
