import { interleave, type Round } from '../measure/interleave.js'
import { say } from '../results.js'
import { type Estimate, meanOf, ratioOf } from '../statistics/interval.js'
import { type Apps, type Setting, type Stack, withApps } from './apps.js'
import { type Measured, measureBlock, type Route } from './block.js'
import { Arrivals, type Arrived } from './arrived.js'
import type { Plan } from './plan.js'

/** `on`, `off`, `offAgain`, `bare`, `bareAgain`, and the other tracers by their names. */
type Rounds = readonly Round<string, Measured>[]

/** One arm against others. */
export interface Comparison {
  readonly name: string
  readonly throughput: Estimate
  readonly cpu: Estimate
  /** Processor time that the first has more for one request, in microseconds. */
  readonly addedCpuUs: Estimate
}

export interface Compared {
  readonly stack: Stack
  readonly route: Route
  /** `on` against `off` first. */
  readonly comparisons: readonly [Comparison, ...Comparison[]]
  /** The bare app, for orientation: it depends on the machine. */
  readonly bareRequestsPerSecond: number
  readonly bareCpuUs: number
}

/** What one life came to on one route. */
interface Life {
  readonly route: Route
  /** All arms took part. */
  readonly all: Rounds
  /** On, off and off again. */
  readonly switched: Rounds
}

/**
 * The recorder on, off and off again inside one process, beside two processes to which it was never attached
 * and one with each of the other tracers. What is switched inside a process is compared round by round;
 * processes are compared life by life, since two processes of the very same app differ by up to 20 % for as
 * long as they live, and more rounds do not make that less.
 *
 * @throws When the sink did not get the counts of all requests that were recorded.
 */
export async function compare(
  setting: Setting,
  plan: Plan,
): Promise<{ compared: Compared[]; arrived: Arrived }> {
  const arrivals = new Arrivals(setting.sink)
  const lives: Life[][] = []
  for (let life = 0; life < plan.lives; life++) {
    const { node, framework, driver } = plan.stack
    say(`Node ${node}, ${framework}, ${driver}: life ${life + 1} of ${plan.lives}`)
    lives.push(
      await withApps(setting, plan.stack, plan.beside, apps => live(setting, plan, apps, arrivals)),
    )
    arrivals.check()
  }
  const compared = plan.rounds.map(([route]) =>
    comparedOn(
      plan.stack,
      route,
      lives.flatMap(life => life.filter(one => one.route === route)),
    ),
  )
  return { compared, arrived: arrivals.sum }
}

/** One life: on each route a warm-up, then rounds. */
async function live(
  setting: Setting,
  { rounds, roundsOfAll }: Plan,
  apps: Apps,
  arrivals: Arrivals,
): Promise<Life[]> {
  const { random, blockMs, load } = setting
  const lives: Life[] = []
  for (const [route, count] of rounds) {
    const block = (app: Apps['attached'], ms: number) => () => measureBlock(app, load, route, ms)
    const switched = (enabled: boolean, ms: number) => async () => {
      await apps.attached.switch(enabled)
      const measured = await block(apps.attached, ms)()
      if (enabled) arrivals.sent(measured.requests, route)
      return measured
    }
    const toggled = (ms: number) => ({
      on: switched(true, ms),
      off: switched(false, ms),
      offAgain: switched(false, ms),
    })
    const bare = (ms: number) => ({
      bare: block(apps.bare[0], ms),
      bareAgain: block(apps.bare[1], ms),
    })
    const all = (ms: number): Record<string, () => Promise<Measured>> => ({
      ...toggled(ms),
      ...bare(ms),
      ...Object.fromEntries([...apps.others].map(([name, app]) => [name, block(app, ms)])),
    })
    await interleave(all(blockMs), 1, random)
    // The attached one has had three blocks: with one alone, the compiler is still at work in the others.
    await interleave(bare(blockMs), 2, random)
    lives.push({
      route,
      all: await interleave(all(blockMs), roundsOfAll, random),
      switched: await interleave(toggled(blockMs), count - roundsOfAll, random),
    })
  }
  return lives
}

function comparedOn(stack: Stack, route: Route, lives: readonly Life[]): Compared {
  const each = lives.flatMap(({ all, switched }) => [...all, ...switched]).map(round => [round])
  const whole = lives.map(life => life.all)
  const others = Object.keys(whole[0]?.[0] ?? {}).filter(name => !own.includes(name))
  const [off, bare] = [
    ['off', 'offAgain'],
    ['bare', 'bareAgain'],
  ]
  const rounds = whole.flat()
  return {
    stack,
    route,
    comparisons: [
      comparison('on / off, one process', each, ['on'], off),
      comparison('A/A: off / off', each, ['offAgain'], ['off']),
      comparison('on / never attached', whole, ['on'], bare),
      comparison('off / never attached', whole, off, bare),
      ...others.map(name => comparison(`${name} / never attached`, whole, [name], bare)),
      comparison('A/A: never / never', whole, ['bareAgain'], ['bare']),
    ],
    bareRequestsPerSecond: figure(rounds, bare, 'requestsPerSecond'),
    bareCpuUs: figure(rounds, bare, 'cpuUsPerRequest'),
  }
}

const own = ['on', 'off', 'offAgain', 'bare', 'bareAgain']

/** `units` are what varies independently: rounds of one process, or whole lives of several. */
function comparison(
  name: string,
  units: readonly Rounds[],
  with_: readonly string[],
  without: readonly string[],
): Comparison {
  const ratio = (key: keyof Measured): Estimate =>
    ratioOf(units.map(rounds => figure(rounds, with_, key) / figure(rounds, without, key)))
  const cpu = (rounds: Rounds, arms: readonly string[]): number =>
    figure(rounds, arms, 'cpuUsPerRequest')
  return {
    name,
    throughput: ratio('requestsPerSecond'),
    cpu: ratio('cpuUsPerRequest'),
    addedCpuUs: meanOf(units.map(rounds => cpu(rounds, with_) - cpu(rounds, without))),
  }
}

/** The geometric mean of a figure over rounds and arms. */
function figure(rounds: Rounds, arms: readonly string[], key: keyof Measured): number {
  const values = rounds.flatMap(round => arms.map(arm => Math.log(round[arm]?.[key] ?? Number.NaN)))
  return Math.exp(values.reduce((a, b) => a + b, 0) / values.length)
}
