import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { interleave } from '../measure/interleave.js'
import { lastLine, table, withInterval } from '../measure/line.js'
import { LoadProcess } from '../load/process.js'
import { AppProcess } from '../recorder/app-process.js'
import { type Sink, startSink } from '../recorder/sink.js'
import { record, say } from '../results.js'
import { type Estimate, ratioOf } from '../statistics/interval.js'
import { seeded } from '../statistics/shuffle.js'

const PATHS = ['/1k', '/10k'] as const
const CONNECTIONS = 20
/** More than a policy needs to earn that it serves. */
const EARNING_MS = 300

/** A hit beside a bare handler, by the size of the body. */
export interface Responses {
  /** Requests a second for the same processor time: above 1 a hit is cheaper than the bare handler. */
  readonly cpu: Readonly<Record<string, Estimate>>
  readonly rate: Readonly<Record<string, Estimate>>
  /** A/A: the bare handler beside itself. */
  readonly same: Readonly<Record<string, Estimate>>
}

/**
 * A hit of the response cache against a bare handler of node:http that sends the same bytes, switched in
 * one process from block to block: the hit with all that the recorder does for it, the handler with
 * Hotpath off. Prints its table.
 */
export async function measureResponses(quick: boolean, random: () => number): Promise<Responses> {
  const lives = quick ? 2 : 6
  const figures: Record<string, { cpu: number[]; rate: number[]; same: number[] }> = {}
  for (let life = 0; life < lives; life++) {
    say(`responses: life ${life + 1} of ${lives}`)
    const sink = await startSink()
    const load = new LoadProcess()
    try {
      for (const path of PATHS) {
        const one = await measureLife(sink, load, path, { rounds: quick ? 6 : 20, random })
        const known = (figures[path] ??= { cpu: [], rate: [], same: [] })
        known.cpu.push(one.cpu)
        known.rate.push(one.rate)
        known.same.push(one.same)
      }
    } finally {
      load.stop()
      await sink.close()
    }
  }
  const each = (of: 'cpu' | 'rate' | 'same') =>
    Object.fromEntries(Object.entries(figures).map(([path, one]) => [path, ratioOf(one[of])]))
  const responses = { cpu: each('cpu'), rate: each('rate'), same: each('same') }
  process.stdout.write(`${tableOf(responses)}\n`)
  return responses
}

async function measureLife(
  sink: Sink,
  load: LoadProcess,
  path: string,
  { rounds, random }: { readonly rounds: number; readonly random: () => number },
): Promise<{ cpu: number; rate: number; same: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-bench-'))
  const config = join(folder, 'hotpath.config.json')
  const routes = Object.fromEntries(PATHS.map(each => [`GET ${each}`, { cache: { ttl: '1h' } }]))
  writeFileSync(config, JSON.stringify({ routes }))
  const app = await AppProcess.start({
    node: process.execPath,
    execArgv: ['--import', import.meta.resolve('hotpath/register')],
    env: { HOTPATH_ENDPOINT: sink.url, HOTPATH_CONFIG: config },
    program: new URL('responses-app.cjs', import.meta.url),
  })
  try {
    const block = async (hits: boolean, ms: number) => {
      await app.switch(hits)
      const before = await app.use()
      const driven = await load.run({
        kind: 'closed',
        port: app.port,
        path,
        connections: CONNECTIONS,
        ms,
      })
      const after = await app.use()
      const runs = (after.runs ?? 0) - (before.runs ?? 0)
      return {
        runs,
        rate: driven.requests / driven.elapsedMs,
        cpuUs: (after.cpuUs - before.cpuUs) / driven.requests,
      }
    }
    const arms = (ms: number) => ({
      hit: () => block(true, ms),
      bare: () => block(false, ms),
      bareAgain: () => block(false, ms),
    })
    await block(true, EARNING_MS)
    await interleave(arms(500), 2, random)
    const results = await interleave(arms(300), rounds, random)
    const ran = results.reduce((sum, round) => sum + round.hit.runs, 0)
    if (ran > 0) throw new Error(`${ran} hits of ${path} ran the handler`)
    const mean = (of: (round: (typeof results)[number]) => number) =>
      Math.exp(results.reduce((sum, round) => sum + Math.log(of(round)), 0) / results.length)
    const bare = (round: (typeof results)[number], of: 'rate' | 'cpuUs') =>
      (round.bare[of] + round.bareAgain[of]) / 2
    return {
      cpu: mean(round => bare(round, 'cpuUs') / round.hit.cpuUs),
      rate: mean(round => round.hit.rate / bare(round, 'rate')),
      same: mean(round => round.bare.cpuUs / round.bareAgain.cpuUs),
    }
  } finally {
    await app.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function tableOf({ cpu, rate, same }: Responses): string {
  const cell = (of: Readonly<Record<string, Estimate>>, path: string) => {
    const estimate = of[path]
    return estimate === undefined ? '' : withInterval(estimate, 3)
  }
  return table(
    ['body', 'requests for the same processor time', 'requests a second', 'bare beside itself'],
    PATHS.map(path => [path.slice(1), cell(cpu, path), cell(rate, path), cell(same, path)]),
  )
}

/** `npm run bench responses`: a cached response beside a bare handler that sends the same bytes. */
export async function responses(quick: boolean): Promise<void> {
  const seed = Date.now() % 2 ** 31
  const measured = await measureResponses(quick, seeded(seed))
  const figure = (name: string, estimate: Estimate | undefined) =>
    estimate === undefined ? [] : [{ name, estimate, digits: 3 }]
  const line = lastLine('responses', [
    ...figure('response_vs_bare', measured.cpu['/1k']),
    ...figure('response_vs_bare_10k', measured.cpu['/10k']),
    ...figure('response_aa', measured.same['/1k']),
  ])
  if (!quick)
    record('responses', `Node ${process.version}`, seed, `${tableOf(measured)}\n\n${line}`)
  process.stdout.write(`seed ${seed}\n\n${line}\n`)
}
