import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { caught } from './counts.js'
import { onEsModulesFrom, type Patch } from './module-load.js'

interface Entry {
  readonly name: string
  readonly file: string
  readonly patch: Patch
  readonly alone: boolean
}

const entries: Entry[] = []
const patched = new Set<string>()

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
 * app has installed is loaded, and for an app of CommonJS only once that may load ES modules: `require` gets
 * another copy.
 *
 * @param root The app's directory: the packages are looked for from here upwards.
 * @param script What the process runs.
 */
export function patchEsModules(root: string, script: string | undefined): void {
  if (script === undefined) return
  if (isEsModule(root, script)) {
    for (const entry of entries) patchFrom(root, entry, () => caught(`load ${entry.name}`))
    return
  }
  for (const entry of entries) if (entry.alone) patchFrom(root, entry)
  const looked = new Set<string>()
  let isLooking = false
  onEsModulesFrom(filename => {
    // What we load ourselves comes by here as well.
    if (isLooking) return
    isLooking = true
    for (const folder of [root, dirname(filename)]) {
      if (looked.has(folder)) continue
      looked.add(folder)
      for (const entry of entries) patchFrom(folder, entry, undefined, filename)
    }
    isLooking = false
  })
}

/**
 * @param failed What an app of CommonJS may never load is not missed; with another tracer's hooks Node 20
 * requires no ES module.
 * @param loading What is being loaded at this moment: its exports are not there yet.
 */
function patchFrom(
  root: string,
  { name, file, patch }: Entry,
  failed?: () => void,
  loading?: string,
): void {
  const folder = (createRequire(join(root, 'package.json')).resolve.paths(name) ?? [])
    .map(path => join(path, name))
    .find(path => existsSync(join(path, 'package.json')))
  const path = folder === undefined ? undefined : join(folder, file)
  if (folder === undefined || path === undefined || !existsSync(path)) return
  if (patched.has(path)) return
  // Of CommonJS, `import()` gets the copy that `require` does.
  if (failed === undefined && !isEsModule(folder, file)) return
  try {
    if (loading !== undefined && realpathSync(path) === loading) return
    patched.add(path)
    // As from within the package: from elsewhere Node warns of ES modules that are required.
    const exports: unknown = createRequire(join(folder, 'package.json'))(path)
    patch(exports, path)
  } catch {
    failed?.()
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
