const BAR_CELLS = 32
/** Outside a terminal a line is enough from time to time. */
const LINE_EVERY_MS = 5_000
const REDRAW_EVERY_MS = 100

/** Shows on stderr how far the load has come: a bar in a terminal, a plain line elsewhere. */
export class Progress {
  readonly #total: number
  readonly #tty = process.stderr.isTTY === true
  #shownAt = performance.now()

  constructor(total: number) {
    this.#total = total
  }

  show(done: number): void {
    const now = performance.now()
    const every = this.#tty ? REDRAW_EVERY_MS : LINE_EVERY_MS
    if (done < this.#total && now - this.#shownAt < every) return
    this.#shownAt = now
    const figures = `${done.toLocaleString('en')} of ${this.#total.toLocaleString('en')} requests`
    if (!this.#tty) {
      process.stderr.write(`  ${figures}\n`)
      return
    }
    const full = Math.round((BAR_CELLS * done) / this.#total)
    const bar = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full)
    process.stderr.write(`\r\x1b[K  ${bar} ${figures}${done >= this.#total ? '\n' : ''}`)
  }
}
