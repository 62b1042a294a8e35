import { randomUUID } from 'node:crypto'
import { Budget, Failed } from '../cache/share/budget.js'
import type { LimitStore } from './store.js'

/** What a request waits for a store at most. */
const PATIENCE_MS = 50
/** Failures one after another from which on the store is left alone. */
const FAILURES = 3
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000
/** An attempt to come back may take longer: nobody waits for it. */
const ATTEMPT_MS = 1_000
const ASK_INSTANCES_MS = 10_000
const SILENT_MS = 60_000

const me = randomUUID()

/**
 * The one way from this process to a store of limits: bounds each call, leaves the store alone while it fails,
 * and comes back by itself.
 */
export class LimitLink {
  /** Grows whenever the store may have missed, or lost, what was spent. */
  epoch = 0
  away = false
  outages = 0
  /** Calls that the store refused, or that could not reach it. */
  errors = 0
  /** Processes that count at this store, this one too, as far as it said. */
  instances = 1
  #failures = 0
  #askedAt = Number.NEGATIVE_INFINITY
  #warnedAt = Number.NEGATIVE_INFINITY

  constructor(readonly store: LimitStore) {}

  /** What `make` makes of the answer, or of undefined: the store is not there for this call. Never rejects. */
  call<T, R>(run: () => T | Promise<T>, make: (answer: T | undefined) => R): Promise<R> {
    return new Budget(PATIENCE_MS).spendFor(
      () => promised(run()),
      answer => {
        if (answer instanceof Failed) {
          this.#failed(answer)
          return make(undefined)
        }
        this.#failures = 0
        return make(answer)
      },
    )
  }

  /** Asks now and then how many processes there are. */
  countInstances(nowMs: number): void {
    if (this.store.instances === undefined || nowMs - this.#askedAt < ASK_INSTANCES_MS) return
    this.#askedAt = nowMs
    void new Budget(ATTEMPT_MS)
      .spend(() => promised(this.store.instances?.(me) ?? 1))
      .then(count => {
        if (typeof count === 'number' && count >= 1) this.instances = count
      })
  }

  #failed({ how }: Failed): void {
    this.epoch++
    if (how === 'error') this.errors++
    if (this.away || ++this.#failures < FAILURES) return
    this.away = true
    this.outages++
    this.#warn()
    this.#retry(FIRST_PAUSE_MS)
  }

  #retry(pauseMs: number): void {
    const again = (): void => {
      void new Budget(ATTEMPT_MS)
        .spend(() => promised(this.store.ping?.()))
        .then(answer => {
          if (answer instanceof Failed) return this.#retry(Math.min(2 * pauseMs, LONGEST_PAUSE_MS))
          this.epoch++
          this.#failures = 0
          this.away = false
        })
    }
    setTimeout(again, pauseMs).unref()
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

const promised = async <T>(answer: T | Promise<T>): Promise<T> => answer

const links = new WeakMap<LimitStore, LimitLink>()

/** The link of this process to a store: limits that were given the same one share it. */
export function linkTo(store: LimitStore): LimitLink {
  let link = links.get(store)
  if (link === undefined) links.set(store, (link = new LimitLink(store)))
  return link
}
