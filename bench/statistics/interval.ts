/** A figure with the interval that holds the true one in 95 of 100 runs; ends are not symmetric for ratios. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** Half of the interval: what `x_hw=` prints. */
export const halfWidth = ({ low, high }: Estimate): number => (high - low) / 2

/**
 * The mean of some differences with its 95 % interval, by Student's t. NaN ends for fewer than two.
 *
 * Chosen by simulation (statistics/coverage.ts, `node bench/dist/statistics/coverage.js`, seed 1, 20,000
 * runs each): how many in 100 intervals hold the true value, and the mean width beside Student's.
 *
 *     noise                   n    Student       bootstrap     sign flips
 *     normal                  5    95.1  1.00    83.0  0.61   100.0 Infinity
 *     normal                  6    94.9  1.00    85.2  0.67    97.0  1.27
 *     normal                 30    95.0  1.00    93.2  0.93    95.1  1.01
 *     Student's t of 3        5    96.4  1.00    82.1  0.61   100.0 Infinity
 *     Student's t of 3        6    96.2  1.00    85.2  0.67    96.9  1.29
 *     Student's t of 3       30    95.6  1.00    92.3  0.93    94.8  0.98
 *     one in ten 5 x wider    5    96.4  1.00    82.9  0.60   100.0 Infinity
 *     one in ten 5 x wider    6    96.3  1.00    85.0  0.67    96.8  1.29
 *     one in ten 5 x wider   30    96.2  1.00    91.7  0.93    94.7  0.97
 *     skewed (log-normal)     5    87.7  1.00    76.6  0.61   100.0 Infinity
 *     skewed (log-normal)     6    87.4  1.00    78.4  0.66    92.5  1.24
 *     skewed (log-normal)    30    91.3  1.00    89.9  0.93    91.0  0.98
 *
 * The bootstrap is too narrow for the few rounds that are affordable. Sign flips need six rounds, are a
 * quarter wider there and gain nothing with more. Skewed noise deceives all three; log ratios of rounds
 * whose arms come in random order have none, since either arm may be the one that was disturbed.
 */
export function meanOf(differences: readonly number[]): Estimate {
  const n = differences.length
  const mean = differences.reduce((a, b) => a + b, 0) / n
  if (n < 2) return { value: mean, low: Number.NaN, high: Number.NaN }
  const variance = differences.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1)
  const reach = student(n - 1) * Math.sqrt(variance / n)
  return { value: mean, low: mean - reach, high: mean + reach }
}

/**
 * The geometric mean of some ratios with its 95 % interval: of rounds in which both were measured, so
 * that what disturbed the machine meanwhile disturbed both.
 *
 *     ratioOf([0.97, 0.99, 0.98]) // { value: 0.98, low: 0.955, high: 1.005 }
 */
export function ratioOf(ratios: readonly number[]): Estimate {
  const { value, low, high } = meanOf(ratios.map(Math.log))
  return { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) }
}

/** 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom (any table; two digits are enough). */
const quantiles = [
  12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
]

/** Beyond the table by the expansion of Cornish and Fisher, right to three digits from 30 on. */
function student(freedom: number): number {
  const z = 1.95996
  return quantiles[freedom - 1] ?? z + (z ** 3 + z) / (4 * freedom)
}
