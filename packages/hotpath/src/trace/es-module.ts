import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { caught } from './counts.js'
import type { Patch } from './module-load.js'

interface Entry {
  readonly name: string
  readonly file: string
  readonly patch: Patch
  readonly alone: boolean
}

const entries: Entry[] = []

/**
 * Calls `patch` with the exports of a file of a package that is loaded as ES modules, when the app is one and
 * the package lies beside it (`patchEsModules`). What can be patched are classes: exports are not.
 *
 *     onEsModule('postgres', 'src/query.js', ({ Query }) => gateQuery(Query))
 *
 * @param alone The file loads no other, in about a millisecond: it is loaded for apps of CommonJS as well, which
 * may `import()` it.
 */
export function onEsModule(name: string, file: string, patch: Patch, alone = false): void {
  entries.push({ name, file, patch, alone })
}

/**
 * Loads and patches them before the app does. No loader hook sees ES modules without a thread or a step for
 * every module of the app; but each is there once, so who loads it first may patch its classes. Only what the
 * app has installed is loaded, and as a rule only for an app of ES modules: `require` gets another copy.
 *
 * @param root The app's directory: the packages are looked for from here upwards.
 * @param script What the process runs.
 */
export function patchEsModules(root: string, script: string | undefined): void {
  if (script === undefined) return
  const all = isEsModule(root, script)
  const { resolve } = createRequire(join(root, 'package.json'))
  for (const { name, file, patch, alone } of entries) {
    if (!all && !alone) continue
    const folder = (resolve.paths(name) ?? [])
      .map(path => join(path, name))
      .find(path => existsSync(join(path, 'package.json')))
    const path = folder === undefined ? undefined : join(folder, file)
    if (folder === undefined || path === undefined || !existsSync(path)) continue
    try {
      // As from within the package: from elsewhere Node warns of ES modules that are required.
      const exports: unknown = createRequire(join(folder, 'package.json'))(path)
      patch(exports, path)
    } catch {
      // What an app of CommonJS may never load is not missed; with another tracer's hooks Node 20 requires no ES module.
      if (all) caught(`load ${name}`)
    }
  }
}

function isEsModule(root: string, script: string): boolean {
  if (/\.m[jt]s$/.test(script)) return true
  if (/\.c[jt]s$/.test(script)) return false
  try {
    const { type } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      type?: unknown
    }
    return type === 'module'
  } catch {
    return false
  }
}
