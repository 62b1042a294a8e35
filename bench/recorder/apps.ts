import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { companyFolder } from '@hotpath/test/company'
import { root } from '@hotpath/test/places'
import type { LoadProcess } from '../load/process.js'
import { AppProcess } from './app-process.js'

/** What all comparisons of one run share. */
export interface Setting {
  readonly node: string
  readonly load: LoadProcess
  readonly databaseUrl: string
  readonly sinkUrl: string
  /** How often all processes are started anew. */
  readonly lives: number
  readonly roundsPerLife: number
  readonly blockMs: number
  /** Beside OpenTelemetry's auto-instrumentations, with a Fastify and a pg of the same folder for all. */
  readonly beside: boolean
  readonly random: () => number
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

/** The same app four times: with the recorder, twice bare, and with OpenTelemetry. */
export interface Apps {
  readonly attached: AppProcess
  readonly bare: readonly [AppProcess, AppProcess]
  readonly openTelemetry: AppProcess | undefined
}

/** Runs `work` with processes of its own. */
export async function withApps<T>(setting: Setting, work: (apps: Apps) => Promise<T>): Promise<T> {
  const started: AppProcess[] = []
  const modules = setting.beside ? { BENCH_MODULES: companyFolder() } : {}
  const start = async (
    execArgv: readonly string[],
    env: Record<string, string>,
  ): Promise<AppProcess> => {
    const app = await AppProcess.start({
      node: setting.node,
      execArgv,
      env: { ...modules, ...env },
    })
    started.push(app)
    return app
  }
  const bare = { DATABASE_URL: setting.databaseUrl }
  try {
    const attached = await start(['--import', register], attachedEnv(setting))
    if (!(await attached.switch(true))) throw new Error('the app runs without the recorder')
    return await work({
      attached,
      bare: [await start([], bare), await start([], bare)],
      openTelemetry: setting.beside
        ? await start(['--require', openTelemetry()], { ...bare, ...openTelemetryEnv(setting) })
        : undefined,
    })
  } finally {
    await Promise.all(started.map(app => app.stop()))
  }
}

const openTelemetry = (): string =>
  createRequire(join(companyFolder(), 'package.json')).resolve(
    '@opentelemetry/auto-instrumentations-node/register',
  )

const openTelemetryEnv = (setting: Setting): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: setting.sinkUrl,
  OTEL_SERVICE_NAME: 'bench',
  // The default set asks the metadata services of three clouds at start.
  OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os',
})
