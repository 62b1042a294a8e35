import { say } from '../results.js'
import { interleave } from '../measure/interleave.js'
import { type Contestant, QueriesApp, type Switch } from './app-process.js'

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

/** What switching costs, and the same of switching nothing. */
export interface Switched {
  /** Processor time of a request, on beside off, of each life. */
  readonly cpu: readonly number[]
  readonly cpuUs: readonly number[]
  /** A/A: off beside off. */
  readonly same: readonly number[]
}

/**
 * Something on and off in one process, in many short blocks of an order drawn anew each round. Each life
 * gives the mean of its rounds without the fifth that lies farthest out: a neighbour's burst.
 */
export async function compareSwitched(
  databaseUrl: string,
  page: string,
  { what, config }: { readonly what: Switch; readonly config: object },
  options: { readonly lives: number; readonly rounds: number; readonly random: () => number },
): Promise<Switched> {
  const { lives, rounds, random } = options
  const [cpu, cpuUs, same]: [number[], number[], number[]] = [[], [], []]
  for (let life = 0; life < lives; life++) {
    say(`${page}, switched: life ${life + 1} of ${lives}`)
    await using app = await QueriesApp.start(databaseUrl, config)
    // Its config is read by then.
    await app.request(page)
    const switched = (on: boolean, ms: number) => async () => {
      await app.turn(what, on)
      return (await app.block(page, CLIENTS, ms)).cpuUs
    }
    const arms = (ms: number) => ({
      on: switched(true, ms),
      off: switched(false, ms),
      offAgain: switched(false, ms),
    })
    await interleave(arms(WARM_MS), 2, random)
    const results = await interleave(arms(SHORT_MS), rounds, random)
    const each = (of: (round: (typeof results)[number]) => number) => trimmedMean(results.map(of))
    const off = (round: (typeof results)[number]) => (round.off + round.offAgain) / 2
    cpu.push(Math.exp(each(round => Math.log(round.on / off(round)))))
    cpuUs.push(each(round => round.on - off(round)))
    same.push(Math.exp(each(round => Math.log(round.off / round.offAgain))))
  }
  return { cpu, cpuUs, same }
}

const SHORT_MS = 60
const WARM_MS = 1_000

function trimmedMean(values: readonly number[]): number {
  const cut = Math.floor(values.length / 10)
  const kept = values.toSorted((a, b) => a - b).slice(cut, values.length - cut)
  return kept.reduce((sum, value) => sum + value, 0) / kept.length
}

/** Fewer than the connections of the pool: what is measured is work, and not waiting. */
const CLIENTS = 8
