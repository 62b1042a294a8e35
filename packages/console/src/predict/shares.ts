import { enough } from '../diagnose/quantile.js'
import type { Distribution, Spread } from '../model.js'
import type { Population, Share } from './population.js'

/** Steps of a distribution that is drawn: each half of the page's column wide enough to be seen. */
const steps = 32

export const countOf = (shares: readonly Share[]): number =>
  shares.reduce((sum, { count }) => sum + count, 0)

export const totalOf = (shares: readonly Share[]): number =>
  shares.reduce((sum, { ms, count }) => sum + ms * count, 0)

/** Percentiles of at least 20 requests, and the average. */
export function spreadOf(shares: readonly Share[]): Spread {
  const inOrder = shares.toSorted((a, b) => a.ms - b.ms)
  const count = countOf(shares)
  const at = (part: number) => (count < enough ? null : quantileOf(inOrder, part * count))
  return { p50Ms: at(0.5), p95Ms: at(0.95), averageMs: totalOf(shares) / Math.max(1, count) }
}

/** What the request at a rank took. Ranks are of parts of requests too: hence the thousandth. */
function quantileOf(inOrder: readonly Share[], rank: number): number {
  let seen = 0
  for (const { ms, count } of inOrder) {
    seen += count
    if (seen >= Math.ceil(rank) - 1e-3) return ms
  }
  return inOrder.at(-1)?.ms ?? 0
}

/** Both in the same steps, each a part longer than the one before: loops and look-ups fit on one axis. */
export function distributionOf({ before, after }: Population): Distribution {
  const all = [...before, ...after].map(({ ms }) => Math.max(1e-3, ms))
  const least = all.reduce((a, b) => Math.min(a, b), Infinity)
  const most = all.reduce((a, b) => Math.max(a, b), 0)
  const width = Math.max(1e-9, Math.log((most * 1.0001) / least))
  const into = (shares: readonly Share[]): number[] => {
    const counts = Array.from({ length: steps }, () => 0)
    for (const { ms, count } of shares) {
      const at = Math.floor((Math.log(Math.max(1e-3, ms) / least) / width) * steps)
      counts[at] = (counts[at] ?? 0) + count
    }
    return counts
  }
  return {
    fromMs: Array.from({ length: steps + 1 }, (_, i) => least * Math.exp((i / steps) * width)),
    before: into(before),
    after: into(after),
  }
}
