import { type Algorithm, algorithmOf, needUs } from './algorithm.js'
import { Clients } from './clients.js'
import { Decided, type Decision } from './decision.js'
import type { LimitRule, Window } from './rule.js'

/** What a store says of one request: the state after it, as of a time on whatever clock the store has. */
export interface Taken {
  readonly allowed: boolean
  /** Microseconds for which everything is refused, after repeated refusal; 0: it is not. */
  readonly penaltyUs: number
  readonly nowUs: number
  /** `sizeOf(rule)` numbers. */
  readonly state: readonly number[]
}

/** How many numbers of a state the windows of a rule have together. */
export const sizeOf = (rule: LimitRule): number => algorithmOf(rule).size * rule.windows.length

/** What cost a request is reckoned with: none is higher than what could ever be allowed. */
export function costOf(rule: LimitRule, cost: number): number {
  const { most } = algorithmOf(rule)
  let least = cost
  for (const window of rule.windows) least = Math.min(least, most(window))
  return least
}

/** What it means for who asked. */
export function decisionOf(rule: LimitRule, taken: Taken, cost: number, alone = false): Decision {
  const { allowed, nowUs, state, penaltyUs } = taken
  const { windows } = rule
  if (rule.algorithm === 'gcra' && windows.length === 1 && penaltyUs === 0)
    return ofSingle(windows[0], allowed, (state[0] as number) - nowUs, cost, alone)
  const { size, remaining, resetUs, retryUs } = algorithmOf(rule)
  let [near] = windows
  let [left, resetsUs, waitUs] = [Number.POSITIVE_INFINITY, 0, -1]
  for (let at = 0; at < windows.length; at++) {
    const window = windows[at] as Window
    const wait = allowed ? 0 : retryUs(state, at * size, window, nowUs, cost)
    const rest = remaining(state, at * size, window, nowUs)
    if (wait > waitUs || (wait === waitUs && rest < left)) {
      near = window
      left = rest
      waitUs = wait
    }
    resetsUs = Math.max(resetsUs, resetUs(state, at * size, window, nowUs))
  }
  const isPenalty = penaltyUs > 0
  return new Decided(
    allowed,
    near.count,
    isPenalty ? 0 : left,
    Math.max(resetsUs, penaltyUs) / 1000,
    allowed ? 0 : Math.max(waitUs, penaltyUs) / 1000,
    allowed ? undefined : isPenalty ? 'penalty' : 'rate',
    near.name,
    alone,
  )
}

/** @param aheadUs How far ahead of now the client is, after the request. */
function ofSingle(
  window: Window,
  allowed: boolean,
  aheadUs: number,
  cost: number,
  alone: boolean,
): Decision {
  const { count, name, intervalUs, capacityUs } = window
  return new Decided(
    allowed,
    count,
    Math.floor((capacityUs - aheadUs) / intervalUs),
    aheadUs / 1000,
    allowed ? 0 : (aheadUs + needUs(window, cost) - capacityUs) / 1000,
    allowed ? undefined : 'rate',
    name,
    alone,
  )
}

/** The clients of one rule in the memory of this process. */
export class Buckets {
  readonly clients: Clients
  private readonly algorithm: Algorithm
  private readonly size: number
  /** The one window of a rule of GCRA without a penalty, which is the usual one. */
  private single: Window | undefined

  constructor(
    private current: LimitRule,
    most: number,
  ) {
    this.algorithm = algorithmOf(current)
    this.size = sizeOf(current)
    // Behind the windows: refusals and since when, until when all is refused, and the stamp of who mirrors.
    this.clients = new Clients(this.size + 4, most, idleUs(current))
    this.single = singleOf(current)
  }

  get rule(): LimitRule {
    return this.current
  }

  /** Another with the same windows, of which more or less is allowed from now on. */
  set rule(rule: LimitRule) {
    this.current = rule
    this.single = singleOf(rule)
  }

  /** @param nowUs Whole. */
  decide(key: string, cost: number, nowUs: number, alone = false): Decision {
    const { single } = this
    if (single === undefined || cost !== 1) return this.decideFully(key, cost, nowUs, alone)
    const state = this.clients.of(key, nowUs)
    const isAllowed = spendOne(state, single, nowUs)
    return ofSingle(single, isAllowed, Math.max(0, (state[0] as number) - nowUs), 1, alone)
  }

  /**
   * True: one request is charged, and may go on; nobody wants to know what is left, which is half of what a decision
   * costs. False: nothing is charged, and `decide` is to be asked.
   *
   * @param nowUs Whole.
   */
  passes(key: string, nowUs: number): boolean {
    const { single } = this
    return single !== undefined && spendOne(this.clients.of(key, nowUs), single, nowUs)
  }

  /** All windows or none: what one of them refuses is taken from no other. */
  take(key: string, cost: number, nowUs: number): Taken {
    const { algorithm, size, current } = this
    const { windows, penalty } = current
    const state = this.clients.of(key, nowUs)
    const penaltyUs = penalty === undefined ? 0 : punishedUs(state, size, nowUs, penalty.forUs)
    if (penaltyUs > 0) return { allowed: false, penaltyUs, nowUs, state }
    for (let at = 0; at < windows.length; at++) {
      const window = windows[at] as Window
      algorithm.settle(state, at * algorithm.size, window, nowUs)
      if (algorithm.retryUs(state, at * algorithm.size, window, nowUs, cost) > 0) {
        const begunUs = penalty === undefined ? 0 : this.strike(state, nowUs)
        return { allowed: false, penaltyUs: begunUs, nowUs, state }
      }
    }
    if (cost > 0)
      for (let at = 0; at < windows.length; at++)
        algorithm.spend(state, at * algorithm.size, windows[at] as Window, nowUs, cost)
    return { allowed: true, penaltyUs: 0, nowUs, state }
  }

  /** Puts `spent` of each window where less is spent. */
  raise(key: string, spent: readonly number[], nowUs: number): void {
    const state = this.clients.of(key, nowUs)
    const { windows } = this.current
    for (let at = 0; at < windows.length; at++)
      this.algorithm.raise(
        state,
        at * this.algorithm.size,
        windows[at] as Window,
        nowUs,
        spent[at] ?? 0,
      )
  }

  private decideFully(key: string, cost: number, nowUs: number, alone: boolean): Decision {
    const { current } = this
    const most = costOf(current, cost)
    return decisionOf(current, this.take(key, most, nowUs), most, alone)
  }

  /** Counts a refusal; gives for how long all is refused from now on. */
  private strike(state: number[], nowUs: number): number {
    const { penalty } = this.current
    if (penalty === undefined) return 0
    const { after, withinUs, forUs } = penalty
    const at = this.size
    const sinceUs = state[at + 1] as number
    const isOver = nowUs - sinceUs >= withinUs || nowUs < sinceUs
    const strikes = isOver ? 1 : (state[at] as number) + 1
    if (isOver) state[at + 1] = nowUs
    state[at] = strikes >= after ? 0 : strikes
    if (strikes < after) return 0
    state[at + 2] = nowUs + forUs
    return forUs
  }
}

/** Charges one request, if there is room for it. */
function spendOne(state: number[], { intervalUs, capacityUs }: Window, nowUs: number): boolean {
  let aheadUs = (state[0] as number) - nowUs
  if (aheadUs < 0) aheadUs = 0
  // Only a clock that was set back can have done that: kept, it would shut its client out until then.
  else if (aheadUs > capacityUs) state[0] = nowUs + (aheadUs = capacityUs)
  const afterUs = aheadUs + intervalUs
  if (afterUs > capacityUs) return false
  state[0] = nowUs + afterUs
  return true
}

/** A clock that was set back shuts nobody out for longer than the penalty. */
function punishedUs(state: number[], at: number, nowUs: number, forUs: number): number {
  if ((state[at + 2] as number) > nowUs + forUs) state[at + 2] = nowUs + forUs
  return (state[at + 2] as number) - nowUs
}

/** After so long without a request a client is as if it had never come. */
function idleUs({ windows, penalty }: LimitRule): number {
  const longest = Math.max(
    ...windows.map(({ periodUs, capacityUs }) => Math.max(2 * periodUs, capacityUs)),
  )
  return Math.max(longest, penalty === undefined ? 0 : Math.max(penalty.withinUs, penalty.forUs))
}

function singleOf({ algorithm, windows, penalty }: LimitRule): Window | undefined {
  const isSingle = algorithm === 'gcra' && windows.length === 1 && penalty === undefined
  return isSingle ? windows[0] : undefined
}
