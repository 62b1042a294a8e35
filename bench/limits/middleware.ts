import { LoadProcess } from '../load/process.js'
import { interleave } from '../measure/interleave.js'
import { AppProcess } from '../recorder/app-process.js'
import { say } from '../results.js'
import { type Estimate, ratioOf } from '../statistics/interval.js'

const CONNECTIONS = 20

/** `empty`: a middleware, or hook, that does nothing: what it costs to have one. */
const ROUTES = {
  fastify: ['hotpath', 'empty', '@fastify/rate-limit'],
  express: ['hotpath', 'empty', 'express-rate-limit', 'express-slow-down'],
} as const

/** Beside the bare route of the same process. */
export interface Middleware {
  readonly name: string
  readonly rate: Estimate
  /** Requests for the same processor time. */
  readonly cpu: Estimate
}

/** Throughput of a route without a database, with a limit in front and without, over several lives of the app. */
export async function measureMiddleware(
  framework: keyof typeof ROUTES,
  quick: boolean,
  random: () => number,
): Promise<Middleware[]> {
  const names = [...ROUTES[framework], 'bare again']
  const rates = new Map<string, number[]>(names.map(name => [name, []]))
  const cpus = new Map<string, number[]>(names.map(name => [name, []]))
  for (let life = 0; life < (quick ? 2 : 6); life++) {
    say(`${framework}: life ${life + 1}`)
    const load = new LoadProcess()
    const app = await AppProcess.start({
      node: process.execPath,
      execArgv: [],
      env: { BENCH_FRAMEWORK: framework },
      program: new URL('app.cjs', import.meta.url),
    })
    try {
      const block = (path: string) => async () => {
        const before = await app.use()
        const { requests, elapsedMs } = await load.run({
          kind: 'closed',
          port: app.port,
          path: `/${path}`,
          connections: CONNECTIONS,
          ms: 250,
        })
        const cpuUs = (await app.use()).cpuUs - before.cpuUs
        return { rate: requests / elapsedMs, cpu: requests / cpuUs }
      }
      const arms = Object.fromEntries(
        ['bare', ...names].map(name => [name, block(name === 'bare again' ? 'bare' : name)]),
      )
      await interleave(arms, 4, random)
      for (const round of await interleave(arms, quick ? 6 : 20, random))
        for (const name of names) {
          const [with_, without] = [round[name], round['bare']]
          if (with_ === undefined || without === undefined) throw new Error('an arm is missing')
          rates.get(name)?.push(with_.rate / without.rate)
          cpus.get(name)?.push(with_.cpu / without.cpu)
        }
    } finally {
      load.stop()
      await app.stop()
    }
  }
  return names.map(name => ({
    name,
    rate: ratioOf(rates.get(name) ?? []),
    cpu: ratioOf(cpus.get(name) ?? []),
  }))
}
