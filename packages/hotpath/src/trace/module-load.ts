import Module from 'node:module'
import { sep } from 'node:path'
import { caught, contained } from './counts.js'

/** What a patch gets: the module's exports after its code ran. */
export type Patch = (exports: unknown, filename: string) => void

interface CompilingModule {
  exports: unknown
  filename?: string
}
type Compile = (
  this: CompilingModule,
  content: string,
  filename: string,
  ...rest: unknown[]
) => unknown

interface Entry {
  readonly suffix: string
  readonly patch: Patch
  /**
   * What was patched. A mark on a method would not do: who wraps it after us (OpenTelemetry does)
   * hides the mark, and a second patch would record everything twice.
   */
  readonly patched: WeakSet<object>
}

const patches: Entry[] = []

/**
 * Calls `patch` with the exports of every CommonJS module whose path ends with `suffix`, once its
 * code ran; modules that are loaded already are patched at once. The same exports are patched once.
 *
 *     onModule('/pg/lib/client.js', Client => gateClient(Client))
 */
export function onModule(suffix: string, patch: Patch): void {
  const entry = { suffix, patch, patched: new WeakSet<object>() }
  patches.push(entry)
  for (const [filename, loaded] of Object.entries(cache())) {
    if (loaded !== undefined) apply(filename, loaded.exports, entry)
  }
}

interface Builtin {
  readonly name: string
  readonly patch: (exports: unknown) => void
}
const builtins: Builtin[] = []
let seenBuiltins = 0

/**
 * Calls `patch` with a module of Node's own once the app has loaded it: looked for after each module of
 * CommonJS, and when the first request comes. It is not loaded by us.
 *
 *     onBuiltin('sqlite', ({ DatabaseSync }) => gateDatabase(DatabaseSync))
 */
export function onBuiltin(name: string, patch: (exports: unknown) => void): void {
  builtins.push({ name, patch })
}

/** The builtins that are waited for and loaded now; each once. */
export function patchBuiltins(): void {
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] }
  // Asked after each module of the app: as a rule nothing of Node's own has come.
  if (moduleLoadList?.length === seenBuiltins) return
  seenBuiltins = moduleLoadList?.length ?? -1
  for (const [at, { name, patch }] of [...builtins.entries()].toReversed()) {
    if (!isLoaded(name)) continue
    builtins.splice(at, 1)
    try {
      patch(process.getBuiltinModule(`node:${name}`))
    } catch {
      caught(`load ${name}`)
    }
  }
}

/** Whether a module of Node's own is loaded: Node lists those. Without the list we do not know. */
export function isLoaded(name: string): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] }
  return moduleLoadList?.includes(`NativeModule ${name}`) ?? false
}

/** A call of `import()`; also the one in a comment, which costs what a module costs that is loaded in vain. */
const IMPORTS = /\bimport\s*\(/

let beforeEsModules: ((filename: string) => void) | undefined

/**
 * Calls `patch` before a module of CommonJS may load ES modules: before its code runs, when that has `import()`
 * and is none of a library's, and before `require` of an ES module. `filename` is that of the one or the other.
 */
export function onEsModulesFrom(patch: (filename: string) => void): void {
  beforeEsModules = patch
}

function expectEsModules(content: unknown, filename: unknown, format: unknown): void {
  if (beforeEsModules === undefined || typeof filename !== 'string') return
  const isEsModule = typeof format === 'string' && format.startsWith('module')
  const mayImport = !/[\\/]node_modules[\\/]/.test(filename) && IMPORTS.test(String(content))
  if (isEsModule || mayImport) beforeEsModules(filename)
}

/**
 * Hooks `Module.prototype._compile`, where every loader of CommonJS ends (ts-node and its like
 * replace `Module._extensions`, which calls it). `require` of an ESM and `import` of CommonJS come
 * through it as well.
 */
export function hookModuleLoad(): void {
  const prototype = Module.prototype as unknown as { _compile: Compile }
  const compile = prototype._compile
  prototype._compile = function (content, filename, ...rest) {
    contained('load ES modules', () => expectEsModules(content, filename, rest[0]))
    const result = compile.call(this, content, filename, ...rest)
    patchLoaded(filename, this.exports)
    patchBuiltins()
    return result
  }
}

/**
 * Patches what came past the hook: where a loader's hook gives the source of CommonJS, Node compiles
 * it in another way, and leaves it in the cache. Called when the first request comes, before the app
 * sees it: what is to be patched are prototypes. About 1 ms for 1,000 modules, once.
 */
export function patchCached(): void {
  patchBuiltins()
  for (const [filename, loaded] of Object.entries(cache())) {
    if (loaded !== undefined) patchLoaded(filename, loaded.exports)
  }
}

/** Patches what a loader of its own has loaded: jest's. */
export function patchLoaded(filename: string, exports: unknown): void {
  for (const entry of patches) apply(filename, exports, entry)
}

function apply(filename: string, exports: unknown, { suffix, patch, patched }: Entry): void {
  const path = sep === '\\' ? filename.replaceAll('\\', '/') : filename
  if (!path.endsWith(suffix)) return
  const key = Object(exports) as object
  if (patched.has(key)) return
  patched.add(key)
  try {
    patch(exports, filename)
  } catch {
    caught(`load ${suffix}`)
  }
}

function cache(): Record<string, CompilingModule | undefined> {
  return (Module as unknown as { _cache: Record<string, CompilingModule | undefined> })._cache
}
