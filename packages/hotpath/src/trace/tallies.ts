import type { Attributes } from './attributes.js'
/** What was counted under a name and its attributes since the last delivery. */
export interface Tally {
  readonly name: string
  readonly attributes: Attributes
  n: number
}

/**
 * Sets of attributes of all counters together: fixes have a handful each, and batching counts by route.
 * What comes on top is counted without them.
 */
const MAX_TALLIES = 2_000

const tallies = new Map<string, Tally>()

/**
 * Adds to a counter that a fix keeps of itself; it leaves with the next delivery of metrics.
 *
 *     tally('hotpath.pool.leaks', { 'db.client.connection.pool.name': 'db:5432/shop' })
 */
export function tally(name: string, attributes: Attributes, n = 1): void {
  if (!add(name, attributes, n, MAX_TALLIES)) add(name, OVERFLOW, n, Number.POSITIVE_INFINITY)
}

/** The name is the metrics SDK specification's, "overflow attribute". */
const OVERFLOW: Attributes = { 'otel.metric.overflow': true }

function add(name: string, attributes: Attributes, n: number, most: number): boolean {
  const key = `${name} ${JSON.stringify(attributes)}`
  const known = tallies.get(key)
  if (known !== undefined) known.n += n
  else if (tallies.size >= most) return false
  else tallies.set(key, { name, attributes, n })
  return true
}

const sources = new Set<() => void>()

/** Before counters leave, `hand` is called: for who counts by the million, and hands on in lots. */
export function beforeTallies(hand: () => void): void {
  sources.add(hand)
}

/** What was counted since the last delivery. */
export function tallied(): readonly Tally[] {
  for (const hand of sources) hand()
  return [...tallies.values()]
}

/** All counters that have moved, which start again from zero. */
export function takeTallies(): Tally[] {
  const taken = [...tallied()]
  tallies.clear()
  return taken
}
