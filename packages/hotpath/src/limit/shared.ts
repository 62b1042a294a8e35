import type { Clock } from '../clock.js'
import { algorithmOf } from './algorithm.js'
import { Buckets, costOf, decisionOf, sizeOf, type Taken } from './buckets.js'
import { Decided, type Decision } from './decision.js'
import { type LimitLink, linkTo, Question } from './link.js'
import { wholeUs } from './memory-store.js'
import { type LimitRule, shareOf, type Window } from './rule.js'
import { type LimitStore, tellOf } from './store.js'

export interface SharedOptions {
  readonly store: LimitStore
  readonly namespace: string
  readonly maxKeys: number
  readonly onStoreFailure: 'local' | 'open' | 'closed'
  readonly clock: Clock
}

/** A store that fails is asked again soon. */
const CLOSED_RETRY_MS = 1_000
/** Nothing here is what the store has. */
const OWED = -1

/**
 * One rule whose clients are counted at a store, and mirrored here. While the store is away the mirror decides,
 * by the share of this process; what it let through the store is told with the first request of each client
 * after that, so that nobody has a second burst: neither when the store goes, nor when it is back, with its data
 * or without.
 */
export class SharedLimit {
  readonly #link: LimitLink
  readonly #mirror: Buckets
  readonly #stampAt: number
  private readonly prefix: string
  #instances = 1

  constructor(
    private readonly rule: LimitRule,
    private readonly options: SharedOptions,
  ) {
    this.#link = linkTo(options.store)
    this.#mirror = new Buckets(rule, options.maxKeys)
    this.#stampAt = sizeOf(rule) + 3
    this.prefix = `${options.namespace}:`
  }

  /** Never rejects. */
  decide(key: string, cost: number): Promise<Decision> {
    const link = this.#link
    const nowUs = wholeUs(this.options.clock)
    if (link.away) return Promise.resolve(this.alone(key, cost))
    link.countInstances(nowUs / 1000)
    // Once for a request: the answer finds it again.
    const state = this.#mirror.clients.of(key, nowUs)
    const spent = state[this.#stampAt] === link.epoch ? undefined : this.#owed(state, nowUs)
    const most = cost === 1 ? 1 : costOf(this.rule, cost)
    return new Promise(resolve => {
      const asked = new Asked(link, this, key, cost, state, resolve)
      asked.begin()
      tellOf(this.options.store, this.prefix + key, this.rule, most, spent, asked)
    })
  }

  /** @throws what the store throws */
  async forget(key: string): Promise<void> {
    this.#mirror.clients.forget(key)
    await this.options.store.forget(this.prefix + key, this.rule)
  }

  get forgotten(): number {
    return this.#mirror.clients.forgotten
  }

  /** What the store may not know of, since something has gone wrong after it has answered. */
  #owed(state: readonly number[], nowUs: number): readonly number[] {
    const { size, spent } = algorithmOf(this.rule)
    const many = this.#scale
    return this.#mirror.rule.windows.map(
      (window, at) => many * spent(state, at * size, window, nowUs),
    )
  }

  /** @throws where it is no answer */
  took(state: number[], taken: Taken, cost: number): Decision {
    const nowUs = wholeUs(this.options.clock)
    const { algorithm, windows } = this.rule
    if (algorithm === 'gcra')
      for (let at = 0; at < windows.length; at++)
        state[at] = nowUs + Math.max(0, (taken.state[at] as number) - taken.nowUs)
    else this.#mirrorCounts(state, taken, nowUs)
    if (taken.penaltyUs > 0) state[this.#stampAt - 1] = nowUs + taken.penaltyUs
    state[this.#stampAt] = this.#link.epoch
    return decisionOf(this.rule, taken, cost === 1 ? 1 : costOf(this.rule, cost))
  }

  #mirrorCounts(state: number[], taken: Taken, nowUs: number): void {
    const { size, spent, raise } = algorithmOf(this.rule)
    for (const [at, window] of this.rule.windows.entries()) {
      const all = spent(taken.state, at * size, window, taken.nowUs)
      for (let n = 0; n < size; n++) state[at * size + n] = 0
      const own = this.#mirror.rule.windows[at] as Window
      raise(state, at * size, own, nowUs, all / this.#scale)
    }
  }

  alone(key: string, cost: number): Decision {
    const { onStoreFailure } = this.options
    const [{ count, name }] = this.rule.windows
    if (onStoreFailure === 'open')
      return new Decided(true, count, count, 0, 0, undefined, name, true)
    if (onStoreFailure === 'closed')
      return new Decided(false, count, 0, CLOSED_RETRY_MS, CLOSED_RETRY_MS, 'store', name, true)
    const { instances } = this.#link
    if (instances !== this.#instances) {
      this.#instances = instances
      this.#mirror.rule = shareOf(this.rule, instances)
    }
    const nowUs = wholeUs(this.options.clock)
    const decision = this.#mirror.decide(key, cost, nowUs, true)
    this.#mirror.clients.of(key, nowUs)[this.#stampAt] = OWED
    return decision
  }

  /**
   * By what the mirror's figures are multiplied to be those of all processes. Of GCRA they are times, which the
   * longer intervals of a share have multiplied already.
   */
  get #scale(): number {
    return this.rule.algorithm === 'gcra' ? 1 : this.#instances
  }
}

/** One request of a limit, and who is told what became of it. */
class Asked extends Question {
  constructor(
    link: LimitLink,
    private readonly limit: SharedLimit,
    private readonly key: string,
    private readonly cost: number,
    /** What the mirror has of this client; when it was let go for want of room meanwhile, of nobody. */
    private readonly state: number[],
    private readonly resolve: (decision: Decision) => void,
  ) {
    super(link)
  }

  protected decide(taken: Taken): void {
    this.resolve(this.limit.took(this.state, taken, this.cost))
  }

  protected decideAlone(): void {
    this.resolve(this.limit.alone(this.key, this.cost))
  }
}
