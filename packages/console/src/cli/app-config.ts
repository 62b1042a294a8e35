import { appRoot, configFile } from 'hotpath/config/file'
import type { Budget } from '../diagnose/budgets.js'
import { ConsoleError } from '../errors.js'
import type { AppConfig } from './app-config-worker.js'
import { inThread } from './in-thread.js'

/** Where the app of a directory is: beside its package.json. */
export { appRoot } from 'hotpath/config/file'

/**
 * The budgets in the app's `hotpath.config.*`; none without one. Throws a `ConsoleError`.
 */
export async function budgetsOf(
  directory: string,
  environment: NodeJS.ProcessEnv,
): Promise<readonly Budget[]> {
  const file = configFile(appRoot(directory), environment['HOTPATH_CONFIG'])
  if (file === undefined) return []
  const config = await inThread<AppConfig>(
    new URL('./app-config-worker.js', import.meta.url),
    file,
    file,
  )
  if (!config.ok) throw new ConsoleError('APP_CONFIG', { message: config.message })
  return config.budgets
}
