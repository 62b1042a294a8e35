import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Checked, type Config, checkConfig } from '../config.js'
import { type Problem, problem } from '../errors.js'

/** In this order; the first that exists is read. */
const FILES = [
  'hotpath.config.js',
  'hotpath.config.mjs',
  'hotpath.config.ts',
  'hotpath.config.json',
]

/** The directory of the nearest package.json at or above `start`; `start` itself without one. */
export function appRoot(start: string): string {
  for (let directory = start; ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'package.json'))) return directory
    if (directory === dirname(directory)) return start
  }
}

/**
 * The config file of an app; undefined when it has none. Four look-ups, about 20 us.
 *
 * @param named `HOTPATH_CONFIG`: this file and no other, relative to the working directory.
 */
export function configFile(root: string, named?: string): string | undefined {
  if (named !== undefined && named !== '') return resolve(named)
  return FILES.map(name => join(root, name)).find(path => existsSync(path))
}

/** Reads and checks a config file. Never throws. */
export async function loadConfig(path: string): Promise<Checked> {
  const file = basename(path)
  if (path.endsWith('.json')) return loadJson(path, file)
  if (path.endsWith('.ts') && !readsTypeScript()) {
    return refuse(problem('HOTPATH_CONFIG_TYPESCRIPT', { file, version: process.version }))
  }
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown }
    return checkConfig(module.default ?? {}, file)
  } catch (error) {
    return refuse(problem('HOTPATH_CONFIG_LOAD', { file, reason: reasonOf(error) }))
  }
}

/** `name` of the app's package.json, else the name of its script. */
export function serviceName(root: string, script: string | undefined): string {
  try {
    const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      name?: unknown
    }
    if (typeof name === 'string' && name !== '') return name
  } catch {
    // No package.json, or one that is not JSON: the script's name is as good.
  }
  return script === undefined ? 'node' : basename(script).replace(/\.[cm]?[jt]sx?$/, '')
}

/** Whether this Node takes the types out of an imported file. */
function readsTypeScript(): boolean {
  return Boolean((process.features as { typescript?: unknown }).typescript)
}

function loadJson(path: string, file: string): Checked {
  try {
    return checkConfig(JSON.parse(readFileSync(path, 'utf8')) as Config, file)
  } catch (error) {
    return refuse(problem('HOTPATH_CONFIG_LOAD', { file, reason: reasonOf(error) }))
  }
}

function refuse(why: Problem): Checked {
  return { ok: false, problem: why }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
