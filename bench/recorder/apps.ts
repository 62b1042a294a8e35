import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { companyFolder } from '@hotpath/test/company'
import { root } from '@hotpath/test/places'
import type { LoadProcess } from '../load/process.js'
import { AppProcess } from './app-process.js'
import type { Sink } from './sink.js'
import { type Tracer, tracers } from './tracers.js'

/** What the app is made of. */
export interface Stack {
  readonly node: number
  readonly framework: 'fastify' | 'express'
  readonly driver: 'pg' | 'postgres' | 'mysql2'
}

/** What all comparisons of one run share. */
export interface Setting {
  readonly nodeOf: (major: number) => string
  readonly load: LoadProcess
  readonly databaseUrl: Readonly<Record<Stack['driver'], string>>
  /** Where the recorder sends. */
  readonly sink: Sink
  /** Where the other tracers send. */
  readonly otherSink: Sink
  readonly blockMs: number
  readonly random: () => number
}

/** What `--import hotpath/register` loads. */
export const register = pathToFileURL(
  join(root, 'packages', 'hotpath', 'dist', 'bundle', 'register.js'),
).href

/** Environment of an app of that stack, whatever is attached to it. */
export const envOf = (
  { databaseUrl, sink }: Setting,
  { framework, driver }: Stack,
): Record<string, string> => ({
  DATABASE_URL: databaseUrl[driver],
  BENCH_FRAMEWORK: framework,
  BENCH_DRIVER: driver,
  HOTPATH_ENDPOINT: sink.url,
  // On a busy machine the last counts take longer to arrive than an app would wait for them.
  HOTPATH_EXIT_MS: '10000',
})

/** The same app several times: with the recorder, twice bare, and with each of the other tracers. */
export interface Apps {
  readonly attached: AppProcess
  readonly bare: readonly [AppProcess, AppProcess]
  readonly others: ReadonlyMap<string, AppProcess>
}

/**
 * Runs `work` with processes of its own, which have ended when it resolves.
 *
 * @param beside With the other tracers: then all take their libraries from the same folder, which has both.
 */
export async function withApps<T>(
  setting: Setting,
  stack: Stack,
  beside: boolean,
  work: (apps: Apps) => Promise<T>,
): Promise<T> {
  const started: AppProcess[] = []
  const common = {
    ...envOf(setting, stack),
    ...(beside ? { BENCH_MODULES: companyFolder() } : {}),
  }
  const start = async (execArgv: readonly string[], env = {}): Promise<AppProcess> => {
    const node = setting.nodeOf(stack.node)
    const app = await AppProcess.start({ node, execArgv, env: { ...common, ...env } })
    started.push(app)
    return app
  }
  try {
    const attached = await start(['--import', register])
    if (!(await attached.switch(false))) throw new Error('the app runs without the recorder')
    const bare = [await start([]), await start([])] as const
    const others = new Map<string, AppProcess>()
    for (const tracer of beside ? tracers : [])
      others.set(tracer.name, await startOther(setting, tracer, start))
    return await work({ attached, bare, others })
  } finally {
    await Promise.all(started.map(app => app.stop()))
  }
}

type Start = (execArgv: readonly string[], env: object) => Promise<AppProcess>

const startOther = ({ otherSink }: Setting, tracer: Tracer, start: Start): Promise<AppProcess> =>
  start(tracer.flags(), tracer.env(otherSink.url))
