import { randomUUID } from 'node:crypto'
import type { Taken } from './buckets.js'
import { Wait, within } from './patience.js'
import type { Answered, LimitStore } from './store.js'

/** Failures one after another from which on the store is left alone. */
const FAILURES = 3
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000
/** An attempt to come back may take longer than a request waits: nobody waits for it. */
const ATTEMPT_MS = 1_000
const ASK_INSTANCES_MS = 10_000
const SILENT_MS = 60_000

const me = randomUUID()

/**
 * The one way from this process to a store of limits: bounds each call to 50 ms, leaves the store alone while it
 * fails, and comes back by itself.
 */
export class LimitLink {
  /** Grows whenever the store may have missed, or lost, what was spent. */
  epoch = 0
  away = false
  /** Processes that count at this store, this one too, as far as it said. */
  instances = 1
  #failures = 0
  #askedAt = Number.NEGATIVE_INFINITY
  #warnedAt = Number.NEGATIVE_INFINITY

  constructor(readonly store: LimitStore) {}

  /** The store has answered. */
  answered(): void {
    this.#failures = 0
  }

  /** It has not, in time or at all. */
  failed(): void {
    this.epoch++
    if (this.away || ++this.#failures < FAILURES) return
    this.away = true
    this.#warn()
    this.#retry(FIRST_PAUSE_MS)
  }

  /** Asks now and then how many processes there are. */
  countInstances(nowMs: number): void {
    if (this.store.instances === undefined || nowMs - this.#askedAt < ASK_INSTANCES_MS) return
    this.#askedAt = nowMs
    void within(ATTEMPT_MS, () => this.store.instances?.(me)).then(count => {
      if (typeof count === 'number' && count >= 1) this.instances = count
    })
  }

  #retry(pauseMs: number): void {
    const again = async (): Promise<void> => {
      const isThere = await within(ATTEMPT_MS, async () => {
        await this.store.ping?.()
        return true
      })
      if (isThere !== true) return this.#retry(Math.min(2 * pauseMs, LONGEST_PAUSE_MS))
      this.epoch++
      this.#failures = 0
      this.away = false
    }
    setTimeout(() => void again(), pauseMs).unref()
  }

  #warn(): void {
    const now = performance.now()
    if (now - this.#warnedAt < SILENT_MS) return
    this.#warnedAt = now
    process.emitWarning(
      `The store "${this.store.name}" of limits does not answer in time: until it does, each limit does what its onStoreFailure says (local: this process allows its share).`,
      { code: 'HOTPATH_LIMIT_STORE' },
    )
  }
}

/**
 * One request that is asked of the store, until that has answered, failed, or taken too long. What comes then is
 * not looked at: somebody has decided without it.
 */
export abstract class Question extends Wait implements Answered {
  constructor(protected readonly link: LimitLink) {
    super()
  }

  /** @throws where the store answers with what is no answer */
  protected abstract decide(taken: Taken): void
  protected abstract decideAlone(): void

  took(taken: Taken): void {
    if (!this.end()) return
    try {
      this.decide(taken)
    } catch {
      return this.late()
    }
    this.link.answered()
  }

  failed(): void {
    this.giveUp()
  }

  protected late(): void {
    this.link.failed()
    this.decideAlone()
  }
}

const links = new WeakMap<LimitStore, LimitLink>()

/** The link of this process to a store: limits that were given the same one share it. */
export function linkTo(store: LimitStore): LimitLink {
  let link = links.get(store)
  if (link === undefined) links.set(store, (link = new LimitLink(store)))
  return link
}
