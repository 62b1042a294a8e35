import { createHash } from 'node:crypto'
import { type Clock, clock as processClock } from '../clock.js'
import { checkPolicy } from '../config.js'
import { type LimitRuleConfig, limitOptionsRule } from '../config/limit.js'
import { HotpathError } from '../errors.js'
import { Buckets } from './buckets.js'
import { denied, type Decision, unlimited } from './decision.js'
import { MOST_KEYS, wholeUs } from './memory-store.js'
import { type LimitRule, ruleOf, tierOf } from './rule.js'
import { SharedLimit } from './shared.js'
import type { LimitStore } from './store.js'

export interface LimitOptions extends LimitRuleConfig {
  /** Where several processes count together. Default: the memory of this one. */
  readonly store?: LimitStore
  /** Tells limits at one store apart; needed with a store. */
  readonly namespace?: string
  /** For tests. */
  readonly clock?: Clock
}

export interface TakeOptions {
  /** How many requests this one counts as; more than a burst takes the whole burst. 0 only asks. Default 1. */
  readonly cost?: number
  /** The name of a tier. */
  readonly plan?: string | undefined
}

/** Decides, one request after another. */
export interface Limiter<Answer = Decision | Promise<Decision>> {
  /**
   * Charges one request to `key`, if it has that much left.
   *
   * @throws HOTPATH_LIMIT_KEY for a key that is empty or no text, HOTPATH_LIMIT_COST for a cost that is none
   */
  take(key: string, options?: TakeOptions): Answer
  /** Gives `key` all back, and ends its penalty. Rejects where the store cannot be told. */
  forget(key: string): Promise<void>
  /** Clients that were let go for want of room so far, most of which had nothing to lose. */
  readonly forgotten: number
}

/** A longer key is kept as its hash: what it costs is bounded. */
const LONGEST_KEY = 256

/**
 * Limits how often something is done by each of its clients. In memory the answer is there at once, with a
 * store it is a promise, which never rejects.
 *
 *     import { limit } from 'hotpath/limit'
 *
 *     const limiter = limit({ rate: ['10/s', '1000/h'] })
 *     const { allowed, retryAfterMs } = limiter.take(user.id)
 *
 * GCRA as described for ATM (ITU-T I.371), and by Brandur Leach for APIs.
 *
 * @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE for options that make no sense
 */
export function limit(options: LimitOptions & { readonly store?: undefined }): Limiter<Decision>
export function limit(
  options: LimitOptions & { readonly store: LimitStore },
): Limiter<Promise<Decision>>
export function limit(options: LimitOptions): Limiter {
  return limiterOf(options)
}

/** The same, for those that let most pass without a word. */
export function limiterOf(options: LimitOptions): PassingLimiter {
  const { clock = processClock, ...said } = options
  const wrong = checkPolicy(limitOptionsRule, said, 'limit')
  if (wrong !== undefined) throw new HotpathError(wrong)
  if (options.store !== undefined && options.namespace === undefined)
    throw new HotpathError('HOTPATH_LIMIT_NAMESPACE')
  return new KeyedLimiter(options, clock)
}

export interface PassingLimiter extends Limiter {
  /** True: it is as if `take(key)` had allowed it. False: nothing is done, and `take` is to be asked. */
  passes(key: string): boolean
}

interface Decider {
  decide(key: string, cost: number): Decision | Promise<Decision>
  forget(key: string): void | Promise<void>
  readonly forgotten: number
}

class LocalLimit implements Decider {
  readonly buckets: Buckets

  constructor(
    rule: LimitRule,
    most: number,
    private readonly clock: Clock,
  ) {
    this.buckets = new Buckets(rule, most)
  }

  decide(key: string, cost: number): Decision {
    return this.buckets.decide(key, cost, wholeUs(this.clock))
  }

  forget(key: string): void {
    this.buckets.clients.forget(key)
  }

  get forgotten(): number {
    return this.buckets.clients.forgotten
  }
}

/** Whether a list, or the app's function, names a key. */
type Listed = (key: string) => boolean

class KeyedLimiter implements PassingLimiter {
  readonly rule: LimitRule
  /** Where a key and the time say all: in memory, without lists. */
  private readonly plain: Buckets | undefined
  private readonly decider: Decider
  private readonly tiers = new Map<string, Decider>()
  private readonly allows: Listed | undefined
  private readonly denies: Listed | undefined

  constructor(
    options: LimitOptions,
    private readonly clock: Clock,
  ) {
    const { allow, deny, tiers = {}, store, onStoreFailure = 'local' } = options
    const { maxKeys = MOST_KEYS, namespace = '' } = options
    const make = (rule: LimitRule, name: string): Decider =>
      store === undefined
        ? new LocalLimit(rule, maxKeys, clock)
        : new SharedLimit(rule, { store, namespace: name, maxKeys, onStoreFailure, clock })
    this.rule = ruleOf(options)
    this.decider = make(this.rule, namespace)
    for (const [plan, tier] of Object.entries(tiers))
      this.tiers.set(plan, make(tierOf(tier, options), `${namespace}@${plan}`))
    this.allows = listed(allow)
    this.denies = listed(deny)
    const isPlain = allow === undefined && deny === undefined
    this.plain = isPlain && this.decider instanceof LocalLimit ? this.decider.buckets : undefined
  }

  passes(key: string): boolean {
    const { plain } = this
    if (plain === undefined || key === '' || key.length > LONGEST_KEY) return false
    return plain.passes(key, wholeUs(this.clock))
  }

  take(key: string, options?: TakeOptions): Decision | Promise<Decision> {
    if (typeof key !== 'string' || key === '') throw refusedKey(key)
    const known = key.length > LONGEST_KEY ? hashOf(key) : key
    if (this.allows?.(key) === true) return this.answer(unlimited(this.rule.windows[0]))
    if (this.denies?.(key) === true) return this.answer(denied(this.rule.windows[0]))
    if (options === undefined) return this.decider.decide(known, 1)
    const { cost = 1, plan } = options
    if (!(typeof cost === 'number' && cost >= 0 && cost < Number.POSITIVE_INFINITY))
      throw refusedCost(cost)
    const decider = (plan === undefined ? undefined : this.tiers.get(plan)) ?? this.decider
    return decider.decide(known, cost)
  }

  async forget(key: string): Promise<void> {
    const known = key.length > LONGEST_KEY ? hashOf(key) : key
    await Promise.all([this.decider, ...this.tiers.values()].map(each => each.forget(known)))
  }

  get forgotten(): number {
    return [this.decider, ...this.tiers.values()].reduce((sum, each) => sum + each.forgotten, 0)
  }

  private answer(decision: Decision): Decision | Promise<Decision> {
    return this.decider instanceof SharedLimit ? Promise.resolve(decision) : decision
  }
}

function listed(list: LimitRuleConfig['allow']): Listed | undefined {
  if (list === undefined || typeof list === 'function') return list
  const keys = new Set(list)
  return key => keys.has(key)
}

const hashOf = (key: string): string => `#${createHash('sha256').update(key).digest('base64url')}`

function refusedKey(key: unknown): HotpathError {
  const got = key === '' ? 'an empty text' : key === null ? 'null' : `a ${typeof key}`
  return new HotpathError('HOTPATH_LIMIT_KEY', { got })
}

const refusedCost = (cost: unknown): HotpathError =>
  new HotpathError('HOTPATH_LIMIT_COST', { got: String(cost) })
