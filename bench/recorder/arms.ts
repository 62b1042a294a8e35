import { pathToFileURL } from 'node:url'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { companyFolder } from '@hotpath/test/company'
import { root } from '@hotpath/test/places'
import type { LoadProcess } from '../load/process.js'
import { shuffled } from '../statistics/shuffle.js'
import { between, type Spread, spreadOf } from '../statistics/spread.js'
import { AppProcess } from './app-process.js'
import { type Measured, measureBlock, type Route } from './block.js'

/** What all arms of one benchmark share. */
export interface Setting {
  readonly node: string
  readonly load: LoadProcess
  readonly databaseUrl: string
  readonly sinkUrl: string
  readonly rounds: number
  readonly blockMs: number
  readonly random: () => number
}

/** On against off, and off against off: what the machine's noise alone makes of it. */
export interface ArmResult {
  readonly route: Route
  readonly throughput: Spread
  readonly cpu: Spread
  /** Processor time added to one request. */
  readonly addedCpuUs: Spread
  readonly throughputNoise: Spread
  readonly cpuNoise: Spread
  /** The bare app, for orientation: it depends on the machine. */
  readonly bareRequestsPerSecond: number
  readonly bareCpuUs: number
}

/** One round: the same load with, and twice without. */
interface Round {
  readonly on: Measured
  readonly off: readonly [Measured, Measured]
}

/** What `--import hotpath/register` loads. */
export const register = pathToFileURL(
  join(root, 'packages', 'hotpath', 'dist', 'bundle', 'register.js'),
).href

/** Environment of an app with the recorder attached. */
export const attachedEnv = (setting: Setting): Record<string, string> => ({
  DATABASE_URL: setting.databaseUrl,
  HOTPATH_ENDPOINT: setting.sinkUrl,
})

/**
 * Our recorder, switched on and off inside one process: two processes of the very same app differ
 * by up to 20 %, and that would be more than what is measured.
 */
export async function switchedArm(setting: Setting, route: Route): Promise<ArmResult> {
  const app = await AppProcess.start({
    node: setting.node,
    execArgv: ['--import', register],
    env: attachedEnv(setting),
  })
  try {
    if (!(await app.switch(true))) throw new Error('the app runs without the recorder')
    const block =
      (enabled: boolean) =>
      async (ms: number): Promise<Measured> => {
        await app.switch(enabled)
        return measureBlock(app, setting.load, route, ms)
      }
    return await rounds(setting, route, { on: block(true), off: [block(false), block(false)] })
  } finally {
    await app.stop()
  }
}

/**
 * OpenTelemetry's auto-instrumentations, which cannot be switched: a process with them, and two bare
 * ones, whose difference shows what the comparison of processes is worth.
 */
export async function openTelemetryArm(setting: Setting, route: Route): Promise<ArmResult> {
  const modules = companyFolder()
  const bare = { node: setting.node, execArgv: [], env: { BENCH_MODULES: modules } }
  const env = { BENCH_MODULES: modules, DATABASE_URL: setting.databaseUrl }
  const otel = '@opentelemetry/auto-instrumentations-node/register'
  const apps = await Promise.all([
    AppProcess.start({
      node: setting.node,
      execArgv: ['--require', createRequire(join(modules, 'package.json')).resolve(otel)],
      env: {
        ...env,
        OTEL_EXPORTER_OTLP_ENDPOINT: setting.sinkUrl,
        OTEL_SERVICE_NAME: 'bench',
        // The default set asks the metadata services of three clouds at start.
        OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os',
      },
    }),
    AppProcess.start({ ...bare, env }),
    AppProcess.start({ ...bare, env }),
  ])
  try {
    const block = (app: AppProcess) => (ms: number) => measureBlock(app, setting.load, route, ms)
    const [with_, first, second] = apps
    return await rounds(setting, route, { on: block(with_), off: [block(first), block(second)] })
  } finally {
    await Promise.all(apps.map(app => app.stop()))
  }
}

interface Blocks {
  readonly on: (ms: number) => Promise<Measured>
  readonly off: readonly [(ms: number) => Promise<Measured>, (ms: number) => Promise<Measured>]
}

/** Interleaves: in each round all three blocks, in an order drawn anew. A round of long ones warms up. */
async function rounds(setting: Setting, route: Route, blocks: Blocks): Promise<ArmResult> {
  const measured: Round[] = []
  for (let round = -1; round < setting.rounds; round++) {
    const results: Measured[] = []
    const order = shuffled(
      [blocks.on, ...blocks.off].map((run, index) => ({ run, index })),
      setting.random,
    )
    const ms = round < 0 ? 4 * setting.blockMs : setting.blockMs
    for (const { run, index } of order) results[index] = await run(ms)
    const [on, first, second] = results
    if (on === undefined || first === undefined || second === undefined) continue
    if (round >= 0) measured.push({ on, off: [first, second] })
  }
  return resultOf(route, measured)
}

function resultOf(route: Route, measured: readonly Round[]): ArmResult {
  const spread = (figure: (round: Round) => number): Spread => spreadOf(measured.map(figure))
  const off = (round: Round, key: keyof Measured): number =>
    between(round.off[0][key], round.off[1][key])
  return {
    route,
    throughput: spread(r => r.on.requestsPerSecond / off(r, 'requestsPerSecond')),
    cpu: spread(r => r.on.cpuUsPerRequest / off(r, 'cpuUsPerRequest')),
    addedCpuUs: spread(r => r.on.cpuUsPerRequest - off(r, 'cpuUsPerRequest')),
    throughputNoise: spread(r => r.off[1].requestsPerSecond / r.off[0].requestsPerSecond),
    cpuNoise: spread(r => r.off[1].cpuUsPerRequest / r.off[0].cpuUsPerRequest),
    bareRequestsPerSecond: spread(r => off(r, 'requestsPerSecond')).median,
    bareCpuUs: spread(r => off(r, 'cpuUsPerRequest')).median,
  }
}
