import { durationMs } from '../config/duration.js'
import type { LimitRuleConfig, TierConfig } from '../config/limit.js'
import { type Rate, ratesOf } from '../config/rate.js'

/** One rate, as it is reckoned with. */
export interface Window {
  /** As the config writes it: `100/h`. */
  readonly name: string
  readonly count: number
  readonly periodUs: number
  /** Between two requests at the rate, in quarters of a microsecond rounded up: never more than the rate. */
  readonly intervalUs: number
  /** How many may come at once. */
  readonly burst: number
  /** `burst` intervals: how far ahead of now a client may have spent. */
  readonly capacityUs: number
}

export interface Penalty {
  readonly after: number
  readonly withinUs: number
  readonly forUs: number
}

/** What one limit allows. */
export interface LimitRule {
  readonly algorithm: 'gcra' | 'sliding-window'
  /** The shortest first; at least one. */
  readonly windows: readonly [Window, ...Window[]]
  readonly penalty: Penalty | undefined
}

const MINUTE_US = 60_000_000

/** Makes the rule of a config that was checked. */
export function ruleOf(
  config: Pick<LimitRuleConfig, 'rate' | 'burst' | 'algorithm' | 'penalty'>,
): LimitRule {
  const { rate, burst, algorithm = 'gcra', penalty } = config
  const rates = ratesOf(rate) ?? []
  const texts: readonly unknown[] = Array.isArray(rate) ? rate : [rate]
  const bursts: readonly (number | undefined)[] = Array.isArray(burst) ? burst : [burst]
  const windows = rates.map(each => windowOf(each, bursts[texts.indexOf(each.text)]))
  return {
    algorithm,
    windows: windows as [Window, ...Window[]],
    penalty:
      penalty === undefined
        ? undefined
        : {
            after: penalty.after,
            withinUs:
              penalty.within === undefined ? MINUTE_US : (durationMs(penalty.within) ?? 0) * 1000,
            forUs: (durationMs(penalty.for) ?? 0) * 1000,
          },
  }
}

/** What a tier leaves out it has of the limit itself, but for the bursts, which are of its rates. */
export function tierOf(tier: TierConfig, limit: LimitRuleConfig): LimitRule {
  const { algorithm = 'gcra', penalty } = limit
  const base = { algorithm, ...(penalty === undefined ? {} : { penalty }) }
  const own = typeof tier === 'string' || Array.isArray(tier) ? { rate: tier } : tier
  return ruleOf({ ...base, ...(own as { rate: string }) })
}

function windowOf({ text, count, periodMs }: Rate, burst = count): Window {
  const periodUs = periodMs * 1000
  const intervalUs = Math.ceil((4 * periodUs) / count) / 4
  return { name: text, count, periodUs, intervalUs, burst, capacityUs: burst * intervalUs }
}

/** The part of a rule that one of `n` processes allows by itself. */
export function shareOf(rule: LimitRule, n: number): LimitRule {
  const windows = rule.windows.map(window => {
    const intervalUs = window.intervalUs * n
    const capacityUs = Math.max(window.capacityUs, intervalUs)
    const count = Math.max(1, Math.floor(window.count / n))
    return { ...window, count, intervalUs, capacityUs, burst: capacityUs / intervalUs }
  })
  return { ...rule, windows: windows as [Window, ...Window[]] }
}
