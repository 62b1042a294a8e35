import type { Estimate } from './interval.js'

/**
 * A quantile of independent values, with the 95 % interval that holds for any distribution: between
 * two of the values, by the binomial distribution of how many lie below the true quantile. Where there
 * are too few values to bound an end, it is NaN (p95 needs 73 or more).
 *
 *     quantileOf(latenciesMs, 0.95)
 */
export function quantileOf(values: readonly number[], share: number): Estimate {
  const sorted = [...values].sort((a, b) => a - b)
  const n = sorted.length
  const value = sorted[Math.min(n - 1, Math.max(0, Math.ceil(share * n) - 1))] ?? Number.NaN
  // P(fewer than k values below the true quantile), summed up.
  let below = 0
  let chance = (1 - share) ** n
  let low = 0
  let high = Number.NaN
  for (let k = 0; k <= n; k++) {
    below += chance
    if (below <= 0.025) low = k + 1
    if (below >= 0.975 && Number.isNaN(high)) high = k + 1
    chance *= ((n - k) / (k + 1)) * (share / (1 - share))
  }
  return { value, low: sorted[low - 1] ?? Number.NaN, high: sorted[high - 1] ?? Number.NaN }
}
