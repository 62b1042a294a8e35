import type { Attributes } from './attributes.js'
import { countDropped } from './counts.js'

/** What was counted under a name and its attributes since the last delivery. */
export interface Tally {
  readonly name: string
  readonly attributes: Attributes
  n: number
}

/** Sets of attributes of all counters together; fixes have a handful each. */
const MAX_TALLIES = 500

const tallies = new Map<string, Tally>()

/**
 * Adds to a counter that a fix keeps of itself; it leaves with the next delivery of metrics.
 *
 *     tally('hotpath.pool.leaks', { 'db.client.connection.pool.name': 'db:5432/shop' })
 */
export function tally(name: string, attributes: Attributes, n = 1): void {
  const key = `${name} ${JSON.stringify(attributes)}`
  const known = tallies.get(key)
  if (known !== undefined) known.n += n
  else if (tallies.size < MAX_TALLIES) tallies.set(key, { name, attributes, n })
  else countDropped('series', 'overflow', n)
}

/** All counters that have moved, which start again from zero. */
export function takeTallies(): Tally[] {
  const taken = [...tallies.values()]
  tallies.clear()
  return taken
}
