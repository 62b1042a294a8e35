import { type Clock, clock as processClock } from '../clock.js'
import { Buckets, type Taken } from './buckets.js'
import type { LimitRule } from './rule.js'
import type { LimitStore } from './store.js'

/**
 * A store in the memory of this process: for tests, and as the smallest example of one. It keeps 200,000
 * clients of each rule at most; of more, those that came least recently are forgotten.
 */
export function memoryLimits(options: { readonly clock?: Clock } = {}): LimitStore {
  return new MemoryLimits(options.clock ?? processClock)
}

class MemoryLimits implements LimitStore {
  readonly name = 'memory'
  readonly #rules = new Map<string, Buckets>()

  constructor(private readonly clock: Clock) {}

  take(key: string, rule: LimitRule, cost: number, spent?: readonly number[]): Taken {
    const buckets = this.#of(rule)
    const nowUs = wholeUs(this.clock)
    if (spent !== undefined) buckets.raise(key, spent, nowUs)
    const taken = buckets.take(key, cost, nowUs)
    return { ...taken, state: [...taken.state] }
  }

  forget(key: string, rule: LimitRule): void {
    this.#of(rule).clients.forget(key)
  }

  #of(rule: LimitRule): Buckets {
    const id = JSON.stringify(rule)
    let buckets = this.#rules.get(id)
    if (buckets === undefined) this.#rules.set(id, (buckets = new Buckets(rule, MOST_KEYS)))
    return buckets
  }
}

/** Clients that a process remembers of one rule, unless it is told otherwise: 20 to 40 MB. */
export const MOST_KEYS = 200_000

export const wholeUs = (clock: Clock): number => Math.floor(clock.now() * 1000)
