import type { LimitRule, Window } from './rule.js'

/**
 * How one window is reckoned. Its state is `size` numbers from `at` on, all 0 for who never came; times are
 * microseconds of whatever clock they are read by.
 */
export interface Algorithm {
  readonly size: number
  /** Most that one request can cost: what costs more takes all of it. */
  most(window: Window): number
  /** How long this cost would have to wait; 0 or less: it need not. */
  retryUs(state: readonly number[], at: number, window: Window, nowUs: number, cost: number): number
  /** Makes a state that lies ahead, since the clock was set back, one that its client can have. */
  settle(state: number[], at: number, window: Window, nowUs: number): void
  spend(state: number[], at: number, window: Window, nowUs: number, cost: number): void
  remaining(state: readonly number[], at: number, window: Window, nowUs: number): number
  resetUs(state: readonly number[], at: number, window: Window, nowUs: number): number
  /** What is spent, as `raise` takes it. */
  spent(state: readonly number[], at: number, window: Window, nowUs: number): number
  /** From now on at least so much is spent. */
  raise(state: number[], at: number, window: Window, nowUs: number, spent: number): void
}

/**
 * The generic cell rate algorithm (ITU-T I.371): one number, the time at which all that was spent is paid
 * back at the rate. It may lie `capacityUs` ahead of now. A clock that is set back would leave it further
 * ahead, and its client shut out for as long: then it is brought back.
 */
const gcra: Algorithm = {
  size: 1,
  most: ({ burst }) => burst,
  retryUs: (state, at, window, nowUs, cost) =>
    aheadUs(state, at, window, nowUs) + needUs(window, cost) - window.capacityUs,
  settle(state, at, { capacityUs }, nowUs) {
    if ((state[at] as number) > nowUs + capacityUs) state[at] = nowUs + capacityUs
  },
  spend(state, at, window, nowUs, cost) {
    state[at] = nowUs + aheadUs(state, at, window, nowUs) + needUs(window, cost)
  },
  remaining: (state, at, window, nowUs) =>
    Math.floor((window.capacityUs - aheadUs(state, at, window, nowUs)) / window.intervalUs),
  resetUs: (state, at, window, nowUs) => aheadUs(state, at, window, nowUs),
  spent: (state, at, window, nowUs) => aheadUs(state, at, window, nowUs),
  raise(state, at, window, nowUs, spent) {
    state[at] = nowUs + Math.max(spent, aheadUs(state, at, window, nowUs))
  },
}

/** In whole quarters of a microsecond, as all times here are: sums of them are exact. */
export const needUs = ({ intervalUs }: Window, cost: number): number =>
  cost === 1 ? intervalUs : Math.ceil(4 * cost * intervalUs) / 4

function aheadUs(
  state: readonly number[],
  at: number,
  { capacityUs }: Window,
  nowUs: number,
): number {
  const ahead = (state[at] as number) - nowUs
  return ahead < 0 ? 0 : ahead > capacityUs ? capacityUs : ahead
}

/**
 * The number of the window, and the counts of it and of the one before, which counts by the part of it that
 * is not past yet.
 */
const slidingWindow: Algorithm = {
  size: 3,
  most: ({ count }) => count,
  retryUs(state, at, window, nowUs, cost) {
    const { count, periodUs } = window
    const { part, current, before } = read(state, at, window, nowUs)
    if (before * (1 - part) + current + cost <= count) return 0
    // Within this window what is of the one before fades; else this one has to become the one before.
    if (current + cost <= count) return (1 - part - (count - cost - current) / before) * periodUs
    return (2 - part - (count - cost) / current) * periodUs
  },
  // A window that is not reached yet is read as none.
  settle() {},
  spend(state, at, window, nowUs, cost) {
    const { number, current, before } = read(state, at, window, nowUs)
    state[at] = number
    state[at + 1] = current + cost
    state[at + 2] = before
  },
  remaining: (state, at, window, nowUs) =>
    Math.max(0, Math.floor(window.count - used(state, at, window, nowUs))),
  resetUs(state, at, window, nowUs) {
    const { part, current, before } = read(state, at, window, nowUs)
    return (current > 0 ? 2 - part : before > 0 ? 1 - part : 0) * window.periodUs
  },
  spent: used,
  raise(state, at, window, nowUs, spent) {
    const more = spent - used(state, at, window, nowUs)
    if (more > 0) slidingWindow.spend(state, at, window, nowUs, more)
  },
}

/** As of now. */
function read(state: readonly number[], at: number, { periodUs }: Window, nowUs: number) {
  const number = Math.floor(nowUs / periodUs)
  const part = nowUs / periodUs - number
  const behind = number - (state[at] as number)
  const [current, before] = [state[at + 1] as number, state[at + 2] as number]
  if (behind === 1) return { number, part, current: 0, before: current }
  // Nobody came for a whole window, or the clock was set back: a window that is not reached yet says nothing.
  if (behind !== 0) return { number, part, current: 0, before: 0 }
  return { number, part, current, before }
}

function used(state: readonly number[], at: number, window: Window, nowUs: number): number {
  const { part, current, before } = read(state, at, window, nowUs)
  return before * (1 - part) + current
}

export const algorithmOf = ({ algorithm }: LimitRule): Algorithm =>
  algorithm === 'gcra' ? gcra : slidingWindow
