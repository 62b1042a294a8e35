import { send } from './notify/send.js'
import type { Notifier } from './notify/notifier.js'
import type { Outbox } from './outbox.js'

/** Carries messages from the outbox to the notifiers. One that hangs holds up none of the others. */
export class Delivery {
  readonly #notifiers: readonly Notifier[]
  readonly #outbox: Outbox
  readonly #now: () => number
  readonly #patienceMs: number | undefined
  /** Resolves when all that is known would survive a crash. */
  readonly #save: () => Promise<void>
  readonly #busy = new Map<string, Promise<void>>()
  readonly #closing = new AbortController()

  constructor(
    notifiers: readonly Notifier[],
    outbox: Outbox,
    now: () => number,
    save: () => Promise<void>,
    patienceMs: number | undefined,
  ) {
    this.#patienceMs = patienceMs
    this.#notifiers = notifiers
    this.#outbox = outbox
    this.#now = now
    this.#save = save
  }

  /** Sends all that is due. A notifier that is still at it is left to it. */
  async attempt(): Promise<void> {
    await Promise.all(
      this.#notifiers.map(notifier => {
        const { name } = notifier
        const busy = this.#busy.get(name)
        if (busy !== undefined) return busy
        const run = this.#run(notifier).finally(() => this.#busy.delete(name))
        this.#busy.set(name, run)
        return run
      }),
    )
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#busy.values())
  }

  /** One after another, until one fails or nothing is due. */
  async #run(notifier: Notifier): Promise<void> {
    const { signal } = this.#closing
    for (;;) {
      const entry = this.#outbox.due(notifier.name, this.#now())
      if (entry === undefined || signal.aborted) return
      // What is sent must be known as sent, or to be sent, after a crash. A disk that is full is no reason
      // to keep silent: then it may come twice.
      await this.#save().catch(() => undefined)
      const request = notifier.write(entry.message, this.#now())
      const outcome = await send(request, signal, this.#now(), this.#patienceMs)
      // Broken off by us: whether it arrived is not known, so it goes again, with the same id.
      if (signal.aborted && outcome.kind !== 'delivered') return
      this.#outbox.settle(notifier.name, entry, outcome, this.#now())
      await this.#save()
    }
  }
}
