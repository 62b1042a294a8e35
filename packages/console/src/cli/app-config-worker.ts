import { parentPort, workerData } from 'node:worker_threads'
import { loadConfig } from 'hotpath/config/file'
import type { Budget } from '../diagnose/budgets.js'

/** What comes back of the app's config: functions and connections stay in the thread, and end with it. */
export type AppConfig =
  | { readonly ok: true; readonly budgets: readonly Budget[] }
  | { readonly ok: false; readonly message: string }

parentPort?.postMessage(await read(String(workerData)))

async function read(path: string): Promise<AppConfig> {
  const checked = await loadConfig(path)
  if (!checked.ok) return { ok: false, message: checked.problem.message }
  const budgets = Object.entries(checked.config.routes ?? {}).flatMap(([route, config]) => {
    const { maxStatements, maxMs } = config
    if (maxStatements === undefined && maxMs === undefined) return []
    return [
      {
        route,
        ...(maxStatements === undefined ? {} : { maxStatements }),
        ...(maxMs === undefined ? {} : { maxMs }),
      },
    ]
  })
  return { ok: true, budgets }
}
