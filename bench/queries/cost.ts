import { say } from '../results.js'
import { interleave } from '../measure/interleave.js'
import { type Contestant, QueriesApp } from './app-process.js'

export interface Compared {
  /** Requests a second, of the second beside the first. */
  readonly rates: readonly number[]
  /** Processor time of a request, of the second beside the first. */
  readonly cpu: readonly number[]
  /** Microseconds of processor time that a request of the second takes more. */
  readonly cpuUs: readonly number[]
}

/**
 * Two contestants on one page. Processes of the same app differ by up to 20 %, each for as long as it
 * lives: each life gives one ratio, and the interval is over lives.
 */
export async function compare(
  databaseUrl: string,
  page: string,
  contestants: { readonly first: Contestant; readonly second: Contestant },
  options: {
    readonly lives: number
    readonly rounds: number
    readonly blockMs: number
    readonly random: () => number
  },
): Promise<Compared> {
  const { lives, rounds, blockMs, random } = options
  const [rates, cpu, cpuUs]: [number[], number[], number[]] = [[], [], []]
  for (let life = 0; life < lives; life++) {
    say(`${page}: life ${life + 1} of ${lives}`)
    await using first = await QueriesApp.start(databaseUrl, contestants.first)
    await using second = await QueriesApp.start(databaseUrl, contestants.second)
    const block = (app: QueriesApp) => () => app.block(page, CLIENTS, blockMs)
    await Promise.all([block(first)(), block(second)()])
    const results = await interleave({ first: block(first), second: block(second) }, rounds, random)
    const mean = (of: (round: (typeof results)[number]) => number) =>
      results.reduce((sum, round) => sum + of(round), 0) / rounds
    rates.push(mean(round => round.second.rate / round.first.rate))
    cpu.push(mean(round => round.second.cpuUs / round.first.cpuUs))
    cpuUs.push(mean(round => round.second.cpuUs - round.first.cpuUs))
  }
  return { rates, cpu, cpuUs }
}

/** Fewer than the connections of the pool: what is measured is work, and not waiting. */
const CLIENTS = 8
