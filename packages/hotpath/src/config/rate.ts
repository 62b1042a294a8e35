/** So many in so long, as `'100/h'` says it. */
export interface Rate {
  /** As it was written. */
  readonly text: string
  readonly count: number
  readonly periodMs: number
}

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** What `rateOf` reads, for messages. */
export const RATE = "a rate such as '10/s', '100/m', '1000/h', '5000/d' or '20/15m'"

/** More in a second than one process could answer: a mistake. */
const MOST_PER_SECOND = 1_000_000
const LONGEST_MS = 31 * 86_400_000

/** `'20/15m'` is 20 in 900,000 ms; undefined for what is no rate, or one that makes no sense. */
export function rateOf(value: unknown): Rate | undefined {
  if (typeof value !== 'string') return undefined
  const [, amount, many = '1', unit = ''] = /^(\d{1,9})\/(\d{1,6})?([smhd])$/.exec(value) ?? []
  const count = Number(amount)
  const periodMs = Number(many) * (UNITS_MS[unit] ?? Number.NaN)
  if (!(count >= 1 && periodMs >= 1000 && periodMs <= LONGEST_MS)) return undefined
  if (count / (periodMs / 1000) > MOST_PER_SECOND) return undefined
  return { text: value, count, periodMs }
}

/** The most windows of one limit: each is looked at for every request. */
export const MOST_RATES = 5

/** What `ratesOf` reads, for messages. */
export const RATES = `${RATE}, or a list of up to ${MOST_RATES} of them, each of which holds beside the others`

/**
 * One rate or several, the shortest window first. Undefined where one is none, or could never hold: beside
 * `'10/s'` neither `'5/h'` leaves it anything to do, nor is `'100000/h'` ever reached.
 */
export function ratesOf(value: unknown): readonly Rate[] | undefined {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (texts.length === 0 || texts.length > MOST_RATES) return undefined
  const rates: Rate[] = []
  for (const text of texts) {
    const rate = rateOf(text)
    if (rate === undefined) return undefined
    rates.push(rate)
  }
  rates.sort((a, b) => a.periodMs - b.periodMs)
  for (let at = 1; at < rates.length; at++) {
    const { count, periodMs } = rates[at - 1] as Rate
    const longer = rates[at] as Rate
    const holds = longer.count > count && longer.count / longer.periodMs < count / periodMs
    if (!holds) return undefined
  }
  return rates
}
