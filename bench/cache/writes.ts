import { compareSwitched } from '../queries/cost.js'
import { queriesDatabase } from '../queries/database.js'
import { type Estimate, ratioOf } from '../statistics/interval.js'

const CONFIG = { queries: { cache: { tables: ['items'], ttl: '5m' } } }

export interface Writes {
  /** Requests for the same processor time: above 1 the cache is the cheaper. */
  readonly rate: Estimate
  /** A/A: without beside itself. */
  readonly same: Estimate
}

/**
 * A load that writes as often as it reads, with results of reads that are kept and dropped by the writes,
 * beside the same without, switched in one process.
 */
export async function measureWrites(quick: boolean, random: () => number): Promise<Writes> {
  const postgres = await queriesDatabase()
  try {
    const options = { lives: quick ? 2 : 6, rounds: quick ? 20 : 60, random }
    const switched = { what: 'statements', config: CONFIG } as const
    const { cpu, same } = await compareSwitched(postgres.url, 'writes', switched, options)
    return { rate: ratioOf(cpu.map(ratio => 1 / ratio)), same: ratioOf(same) }
  } finally {
    await postgres.stop()
  }
}
