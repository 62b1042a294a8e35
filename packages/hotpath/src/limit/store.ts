import type { Taken } from './buckets.js'
import type { LimitRule } from './rule.js'

/**
 * Where several processes count together. A driver may throw: who calls it bounds the time and counts. Each
 * passes `hotpath/contract/limit-store` against the real server.
 */
export interface LimitStore {
  /** `redis`: for messages and counters. */
  readonly name: string

  /**
   * Asks for one request of `key`, in one round trip and by the store's own clock. All windows of the rule are
   * charged, or, when one of them has too little left, none is.
   *
   * @param cost 0 only asks. Never more than a window could allow (`costOf`).
   * @param spent What is known to be spent of each window, at least: the store may have lost it. Absent: nothing.
   */
  take(
    key: string,
    rule: LimitRule,
    cost: number,
    spent?: readonly number[],
  ): Taken | Promise<Taken>

  /** What this key has spent, and its penalty, are forgotten. */
  forget(key: string, rule: LimitRule): void | Promise<void>

  /** Resolves when the store answers. */
  ping?(): Promise<void>

  /**
   * Says that this process is there, for the next 30 s, and gives how many are: the part of a limit that it
   * allows while the store is away. Absent: `instances` of the options, or 1.
   */
  instances?(me: string): Promise<number>
}

/** Is told what became of a request: one of the two, once or never. */
export interface Answered {
  took(taken: Taken): void
  failed(error: unknown): void
}

/**
 * A store of ours that tells it without promises of its own: of the few microseconds that a decision takes, each
 * promise with its functions is a twentieth.
 */
export interface TellingStore extends LimitStore {
  /** `take`, but for how it is told. */
  tell(
    key: string,
    rule: LimitRule,
    cost: number,
    spent: readonly number[] | undefined,
    answered: Answered,
  ): void
}

const isTelling = (store: LimitStore): store is TellingStore =>
  (store as Partial<TellingStore>).tell !== undefined

/** `take`, told: of any store. Never throws. */
export function tellOf(
  store: LimitStore,
  key: string,
  rule: LimitRule,
  cost: number,
  spent: readonly number[] | undefined,
  answered: Answered,
): void {
  try {
    if (isTelling(store)) return store.tell(key, rule, cost, spent, answered)
    const taken = store.take(key, rule, cost, spent)
    if (!(taken instanceof Promise)) return answered.took(taken)
    taken.then(
      later => answered.took(later),
      error => answered.failed(error),
    )
  } catch (error) {
    answered.failed(error)
  }
}
