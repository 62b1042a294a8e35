import { ConsoleError } from '../errors.js'

/** A process sends its metrics once in ten seconds or in a minute: these are the retries of many. */
const mostWaiting = 256

/**
 * Lets one request at a time through for each sender, in the order in which they came. A sender that gives
 * up on a request that is still being written sends its next one: read beside each other, both would be
 * taken from the same base, and what the first one reports would count twice.
 */
export class SenderTurns {
  readonly #last = new Map<string, Promise<unknown>>()
  #waiting = 0

  /**
   * Runs `work` when all that came before it from any of these senders is done, also when that failed. Throws
   * INTAKE_BUSY when too many wait: while the store stands still, what is tried again must not pile up.
   */
  async run<T>(senders: ReadonlySet<string>, work: () => Promise<T>): Promise<T> {
    const before = [...senders].flatMap(sender => this.#last.get(sender) ?? [])
    if (before.length > 0 && this.#waiting >= mostWaiting)
      throw new ConsoleError('INTAKE_BUSY', { waiting: this.#waiting, limit: mostWaiting })
    const done = this.#after(before, work)
    const settled = done.catch(() => undefined)
    for (const sender of senders) this.#last.set(sender, settled)
    try {
      return await done
    } finally {
      for (const sender of senders)
        if (this.#last.get(sender) === settled) this.#last.delete(sender)
    }
  }

  async #after<T>(before: readonly Promise<unknown>[], work: () => Promise<T>): Promise<T> {
    if (before.length > 0) {
      this.#waiting++
      await Promise.all(before)
      this.#waiting--
    }
    return await work()
  }
}
