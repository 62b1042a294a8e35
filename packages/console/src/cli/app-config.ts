import { Worker } from 'node:worker_threads'
import { appRoot, configFile } from 'hotpath/config/file'
import type { Budget } from '../diagnose/budgets.js'
import { ConsoleError } from '../errors.js'
import type { AppConfig } from './app-config-worker.js'

/** Where the app of a directory is: beside its package.json. */
export { appRoot } from 'hotpath/config/file'

/**
 * The budgets in the app's `hotpath.config.*`; none without one. It is code, which may open a Redis at once:
 * it runs in a thread that is ended, and what it prints is not ours to print. Throws a `ConsoleError`.
 */
export async function budgetsOf(
  directory: string,
  environment: NodeJS.ProcessEnv,
): Promise<readonly Budget[]> {
  const file = configFile(appRoot(directory), environment['HOTPATH_CONFIG'])
  if (file === undefined) return []
  const config = await inThread(file)
  if (!config.ok) throw new ConsoleError('APP_CONFIG', { message: config.message })
  return config.budgets
}

async function inThread(file: string): Promise<AppConfig> {
  const thread = new Worker(new URL('./app-config-worker.js', import.meta.url), {
    workerData: file,
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '' },
    stdout: true,
    stderr: true,
  })
  try {
    return await new Promise<AppConfig>((resolve, reject) => {
      thread.once('message', resolve)
      thread.once('error', reject)
      thread.once('exit', code => {
        resolve({ ok: false, message: `${file} ended its thread with code ${code}.` })
      })
    })
  } finally {
    await thread.terminate()
  }
}
