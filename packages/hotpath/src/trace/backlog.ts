import type { Gauge } from './gauges.js'
import { mergeDeltas } from './histogram.js'
import type { SeriesDelta } from './series.js'
import type { Tally } from './tallies.js'
import type { Delivery } from './wire.js'

/** Ten minutes of production, one of dev, before anything is merged. */
export const MAX_DELIVERIES = 60
/** Of all that wait together: at about 500 bytes each 10 MB. */
export const MAX_SERIES_HELD = 20_000

/**
 * What was counted while the console did not answer, in order, so that it arrives as of when it was: a
 * question about the last ten minutes is not answered with the counts of an hour.
 *
 * Where there are too many, the two neighbours that cover the least time become one, the oldest first:
 * a long outage is told in equal steps, each a thirtieth of it at most.
 */
export class Backlog {
  private readonly waiting: Delivery[] = []
  private series = 0

  get length(): number {
    return this.waiting.length
  }

  add(delivery: Delivery): void {
    this.waiting.push(delivery)
    this.series += delivery.series.length
    while (
      this.waiting.length > MAX_DELIVERIES ||
      (this.series > MAX_SERIES_HELD && this.waiting.length > 1)
    ) {
      this.mergeTwo()
    }
  }

  /** The oldest. */
  take(): Delivery | undefined {
    const oldest = this.waiting.shift()
    if (oldest !== undefined) this.series -= oldest.series.length
    return oldest
  }

  private mergeTwo(): void {
    let shortest = 0
    let shortestMs = Number.POSITIVE_INFINITY
    for (const [at, { startMs }] of this.waiting.entries()) {
      const next = this.waiting[at + 1]
      if (next === undefined || next.endMs - startMs >= shortestMs) continue
      shortest = at
      shortestMs = next.endMs - startMs
    }
    const [first, second] = this.waiting.slice(shortest, shortest + 2) as [Delivery, Delivery]
    const merged = merge(first, second)
    this.waiting.splice(shortest, 2, merged)
    this.series += merged.series.length - first.series.length - second.series.length
  }
}

/** Both on the clock as it was read last: it may have been set in between. */
function merge(first: Delivery, second: Delivery): Delivery {
  return {
    sequence: second.sequence,
    originMs: second.originMs,
    startMs: first.startMs,
    endMs: second.endMs,
    series: mergeSeries(first.series, second.series),
    gauges: mergeGauges(first.gauges, second.gauges),
    tallies: mergeTallies([...first.tallies, ...second.tallies]),
    dropped: sums([...first.dropped, ...second.dropped]),
    errors: sums([...first.errors, ...second.errors]),
  }
}

/** A series has its attributes as one object for the life of the process. */
function mergeSeries(first: readonly SeriesDelta[], second: readonly SeriesDelta[]): SeriesDelta[] {
  const merged = new Map(first.map(one => [one.attributes, one]))
  for (const one of second) {
    const before = merged.get(one.attributes)
    const delta = before === undefined ? one.delta : mergeDeltas(before.delta, one.delta)
    merged.set(one.attributes, { ...one, delta })
  }
  return [...merged.values()]
}

/** What was used adds up; of what is so at a moment the later one stands for both. */
function mergeGauges(first: readonly Gauge[], second: readonly Gauge[]): Gauge[] {
  const keyOf = ({ name, attributes }: Gauge) => `${name} ${JSON.stringify(attributes)}`
  const used = new Map(
    first.filter(({ kind }) => kind === 'used').map(gauge => [keyOf(gauge), gauge]),
  )
  const merged = second.map(gauge => {
    const before = gauge.kind === 'used' ? used.get(keyOf(gauge)) : undefined
    used.delete(keyOf(gauge))
    return before === undefined ? gauge : { ...gauge, value: before.value + gauge.value }
  })
  return [...used.values(), ...merged]
}

function mergeTallies(all: readonly Tally[]): Tally[] {
  const merged = new Map<string, Tally>()
  for (const one of all) {
    const key = `${one.name} ${JSON.stringify(one.attributes)}`
    merged.set(key, { ...one, n: one.n + (merged.get(key)?.n ?? 0) })
  }
  return [...merged.values()]
}

type Counted = readonly [...names: string[], n: number]

/** Counts with equal names become one. */
function sums<C extends Counted>(counted: readonly C[]): C[] {
  const merged = new Map<string, C>()
  for (const one of counted) {
    const names = one.slice(0, -1)
    const key = names.join('\n')
    const before = (merged.get(key)?.at(-1) ?? 0) as number
    merged.set(key, [...names, before + (one.at(-1) as number)] as unknown as C)
  }
  return [...merged.values()]
}
