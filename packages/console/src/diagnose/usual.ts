/** Requests and failures in one block of the past. */
export interface Block {
  readonly count: number
  readonly errors: number
}

/** How many requests of a route fail when nothing is wrong, and how sure that is. */
export interface Usual {
  readonly share: number
  /** The most that the share may really be, at 95 %. */
  readonly upper: number
  /** How much more the blocks differ than chance alone would make them; 1 or more. */
  readonly dispersion: number
}

/** With less, a route is too new to have anything usual. */
const leastRequests = 200
const leastBlocks = 3

/**
 * The chance that a healthy route looks unusual in one window. 100 routes, each seen 8,640 times a day
 * (every 10 s), have some 58,000 windows a day that do not overlap by half: 0.06 false alarms a day if
 * each window stood alone, and it has to last for two windows. Measured in test/diagnose/usual.test.ts.
 */
const falseAlarm = 1e-6
const evidence = Math.log(1 / falseAlarm)

/** Fewer failures are an anecdote. */
const leastErrors = 5
/** What is less than twice as much as usual is not worth waking somebody. */
const leastRise = 2

/**
 * What is usual, from blocks of the past day; undefined when they hold too little.
 *
 * Failures come in bursts, so their number differs more between blocks than that of coin tosses. The
 * excess (Pearson's chi-squared over its degrees of freedom, the dispersion of quasi-likelihood, McCullagh
 * and Nelder 1989, 4.5) divides the weight of every count. The upper end is Wilson's (1927), one-sided.
 */
export function usualOf(blocks: readonly Block[]): Usual | undefined {
  const filled = blocks.filter(({ count }) => count > 0)
  const count = filled.reduce((sum, block) => sum + block.count, 0)
  const errors = filled.reduce((sum, block) => sum + block.errors, 0)
  if (count < leastRequests || filled.length < leastBlocks) return undefined
  const share = errors / count
  // Half a failure more: with none at all the variance would be none either.
  const p = (errors + 0.5) / (count + 1)
  const excess = filled.reduce((sum, b) => sum + (b.errors - b.count * p) ** 2 / b.count, 0)
  const dispersion = Math.max(1, excess / (p * (1 - p)) / (filled.length - 1))
  return { share, upper: upperEnd(share, count / dispersion), dispersion }
}

const z = 1.645

function upperEnd(share: number, weight: number): number {
  const middle = share + z ** 2 / (2 * weight)
  const reach = z * Math.sqrt((share * (1 - share)) / weight + z ** 2 / (4 * weight ** 2))
  return Math.min(1, (middle + reach) / (1 + z ** 2 / weight))
}

/**
 * The share of failures from which `requests` are unusual: 1 when nothing could be.
 *
 * A share s of n requests that really fail with p has a chance of at most exp(-n D(s, p)), with D the
 * relative entropy (Chernoff 1952; Hoeffding 1963, theorem 1). It is a bound, not an approximation, so it
 * holds for small numbers too, and errs to silence.
 */
export function unusualFrom(usual: Usual, requests: number): number {
  if (requests === 0) return 1
  const needed = evidence / (requests / usual.dispersion)
  let [low, high] = [usual.upper, 1]
  // 30 halvings: to a billionth.
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2
    if (relativeEntropy(middle, usual.upper) >= needed) high = middle
    else low = middle
  }
  const fewest = (leastErrors - 0.5) / requests
  return Math.min(1, Math.max(high, usual.share * leastRise, fewest))
}

function relativeEntropy(s: number, p: number): number {
  const term = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b))
  return term(s, p) + term(1 - s, 1 - p)
}
