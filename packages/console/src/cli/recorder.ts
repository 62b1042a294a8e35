import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConsoleError } from '../errors.js'

const register = 'hotpath/register'

/**
 * An environment in which every Node process starts with the recorder: `--import` joins what NODE_OPTIONS
 * says already. The app's own copy is taken, else the one beside this package.
 */
export function attached(environment: NodeJS.ProcessEnv, directory: string): NodeJS.ProcessEnv {
  // A file URL has no blanks and no quotes, which NODE_OPTIONS would be split at.
  const flag = `--import=${pathToFileURL(recorderFor(directory)).href}`
  const options = environment['NODE_OPTIONS']
  return { ...environment, NODE_OPTIONS: options ? `${options} ${flag}` : flag }
}

function recorderFor(directory: string): string {
  for (const from of [join(directory, 'package.json'), import.meta.url]) {
    try {
      const path = createRequire(from).resolve(register)
      if (existsSync(path)) return path
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error
    }
  }
  throw new ConsoleError('RECORDER_MISSING', { from: directory })
}
