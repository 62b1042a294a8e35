import { fileURLToPath } from 'node:url'
import { type Estimate, meanOf } from './interval.js'
import { seeded } from './shuffle.js'

/** How often intervals of one kind hold the true value, here 0, and how wide they are. */
export interface Coverage {
  readonly share: number
  readonly meanWidth: number
}

type Random = () => number
export type Interval = (differences: readonly number[], random: Random) => Estimate

/** Simulates rounds of equal pairs and asks each interval whether it holds their true difference of 0. */
export function coverageOf(
  interval: Interval,
  noise: (random: Random) => number,
  rounds: number,
  runs: number,
  random: Random,
): Coverage {
  let held = 0
  let width = 0
  for (let run = 0; run < runs; run++) {
    const differences = Array.from({ length: rounds }, () => noise(random))
    const { low, high } = interval(differences, random)
    if (low <= 0 && high >= 0) held++
    width += high - low
  }
  return { share: held / runs, meanWidth: width / runs }
}

export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** What the noise of rounds may look like. All have the mean 0. */
export const noises: Readonly<Record<string, (random: Random) => number>> = {
  normal,
  "Student's t of 3": random =>
    normal(random) /
    Math.sqrt((normal(random) ** 2 + normal(random) ** 2 + normal(random) ** 2) / 3),
  'one in ten 5 x wider': random => normal(random) * (random() < 0.1 ? 5 : 1),
  'skewed (log-normal)': random => Math.exp(0.75 * normal(random)) - Math.exp(0.75 ** 2 / 2),
}

const resamples = 400

/** The percentile bootstrap of the mean. */
function bootstrap(differences: readonly number[], random: Random): Estimate {
  const means = Array.from({ length: resamples }, () => {
    let sum = 0
    for (let i = 0; i < differences.length; i++)
      sum += differences[Math.floor(random() * differences.length)] ?? 0
    return sum / differences.length
  }).sort((a, b) => a - b)
  return between(means)
}

/**
 * All means that a test by random flips of sign does not refuse. Means of random subsets have the
 * quantiles of that interval (Hartigan 1969: typical values); with few rounds all subsets are taken.
 */
function signFlips(differences: readonly number[], random: Random): Estimate {
  const n = differences.length
  const all = 2 ** n
  const subsets = all <= 1_024 ? all : resamples
  const means: number[] = []
  for (let k = 1; k < subsets; k++) {
    let [sum, count] = [0, 0]
    for (let i = 0; i < n; i++)
      if (all <= 1_024 ? (k >> i) & 1 : random() < 0.5) {
        sum += differences[i] ?? 0
        count++
      }
    if (count > 0) means.push(sum / count)
  }
  means.sort((a, b) => a - b)
  // 2^n - 1 means part the line in 2^n pieces that are equally likely to hold the true one.
  const cut = Math.floor(0.025 * (means.length + 1))
  const whole = Number.POSITIVE_INFINITY
  return {
    value: 0,
    low: cut === 0 ? -whole : (means[cut - 1] ?? 0),
    high: cut === 0 ? whole : (means.at(-cut) ?? 0),
  }
}

function between(sorted: readonly number[]): Estimate {
  const cut = Math.floor(0.025 * sorted.length)
  return { value: 0, low: sorted[cut] ?? 0, high: sorted.at(-1 - cut) ?? 0 }
}

/** Prints the table that stands in interval.ts. */
function main(): void {
  for (const [name, noise] of Object.entries(noises))
    for (const rounds of [5, 6, 30]) {
      const of = (interval: Interval): Coverage =>
        coverageOf(interval, noise, rounds, 20_000, seeded(1))
      const student = of(meanOf)
      const cells = [student, of(bootstrap), of(signFlips)].map(
        ({ share, meanWidth }) =>
          `${(100 * share).toFixed(1).padStart(6)} ${(meanWidth / student.meanWidth).toFixed(2).padStart(5)}`,
      )
      process.stdout.write(
        `${name.padEnd(22)} ${String(rounds).padStart(2)}  ${cells.join('  ')}\n`,
      )
    }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
