import { type Arms, interleave, type Round } from '../measure/interleave.js'
import { type Estimate, meanOf, ratioOf } from '../statistics/interval.js'
import { type Apps, type Setting, withApps } from './apps.js'
import { type Measured, measureBlock, type Route } from './block.js'

type Arm = 'on' | 'off' | 'offAgain' | 'bare' | 'bareAgain' | 'openTelemetry'
type Rounds = readonly Round<Arm, Measured>[]

/** One arm against others. */
export interface Comparison {
  readonly name: string
  readonly throughput: Estimate
  readonly cpu: Estimate
  /** Processor time that the first has more for one request, in microseconds. */
  readonly addedCpuUs: Estimate
}

export interface Compared {
  readonly route: Route
  /** `on` against `off` first. */
  readonly comparisons: readonly [Comparison, ...Comparison[]]
  /** The bare app, for orientation: it depends on the machine. */
  readonly bareRequestsPerSecond: number
  readonly bareCpuUs: number
}

/**
 * All arms in the same rounds: the recorder on, off and off again inside one process, two processes
 * to which it was never attached, and one with OpenTelemetry. What is switched inside a process is
 * compared round by round; processes are compared life by life, since two processes of the very same
 * app differ by up to 20 % for as long as they live, and more rounds do not make that less.
 */
export async function compare(setting: Setting, route: Route): Promise<Compared> {
  const lives: Rounds[] = []
  for (let life = 0; life < setting.lives; life++)
    lives.push(await withApps(setting, apps => live(setting, route, apps)))
  const rounds = lives.flat()
  const off: readonly Arm[] = ['off', 'offAgain']
  const bare: readonly Arm[] = ['bare', 'bareAgain']
  const each = rounds.map(round => [round])
  return {
    route,
    comparisons: [
      comparison('on / off, one process', each, ['on'], off),
      comparison('A/A: off / off', each, ['offAgain'], ['off']),
      comparison('on / never attached', lives, ['on'], bare),
      comparison('off / never attached', lives, off, bare),
      ...(setting.beside
        ? [comparison('OpenTelemetry / never attached', lives, ['openTelemetry'], bare)]
        : []),
      comparison('A/A: never / never', lives, ['bareAgain'], ['bare']),
    ],
    bareRequestsPerSecond: figure(rounds, bare, 'requestsPerSecond'),
    bareCpuUs: figure(rounds, bare, 'cpuUsPerRequest'),
  }
}

/** One life: a warm-up, then rounds. */
async function live(setting: Setting, route: Route, apps: Apps): Promise<Rounds> {
  const arms = (ms: number): Arms<Arm, Measured> => {
    const block = (app: Apps['attached']) => measureBlock(app, setting.load, route, ms)
    const switched = (enabled: boolean) => async () => {
      await apps.attached.switch(enabled)
      return block(apps.attached)
    }
    const { openTelemetry } = apps
    return {
      on: switched(true),
      off: switched(false),
      offAgain: switched(false),
      bare: () => block(apps.bare[0]),
      bareAgain: () => block(apps.bare[1]),
      ...(openTelemetry === undefined ? {} : { openTelemetry: () => block(openTelemetry) }),
    } as Arms<Arm, Measured>
  }
  await interleave(arms(2 * setting.blockMs), 1, setting.random)
  return interleave(arms(setting.blockMs), setting.roundsPerLife, setting.random)
}

/** `units` are what varies independently: rounds of one process, or whole lives of several. */
function comparison(
  name: string,
  units: readonly Rounds[],
  with_: readonly Arm[],
  without: readonly Arm[],
): Comparison {
  const ratio = (key: keyof Measured): Estimate =>
    ratioOf(units.map(rounds => figure(rounds, with_, key) / figure(rounds, without, key)))
  const cpu = (rounds: Rounds, arms: readonly Arm[]): number =>
    figure(rounds, arms, 'cpuUsPerRequest')
  return {
    name,
    throughput: ratio('requestsPerSecond'),
    cpu: ratio('cpuUsPerRequest'),
    addedCpuUs: meanOf(units.map(rounds => cpu(rounds, with_) - cpu(rounds, without))),
  }
}

/** The geometric mean of a figure over rounds and arms. */
function figure(rounds: Rounds, arms: readonly Arm[], key: keyof Measured): number {
  const values = rounds.flatMap(round => arms.map(arm => Math.log(round[arm][key])))
  return Math.exp(values.reduce((a, b) => a + b, 0) / values.length)
}
