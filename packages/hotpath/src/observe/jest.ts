import { askForMaps } from '../trace/call-site.js'
import { onModule, patchLoaded } from '../trace/module-load.js'

type Method = (this: unknown, ...args: unknown[]) => unknown

/**
 * Jest loads the modules of each test file by itself, past Node's loader, so that each file has a pg of its
 * own. What it has loaded is patched like any other, once its code ran. The method that runs the code is not
 * public: `_execModule` of the runtime in versions 24 to 30.0, `exec` of its executor in 30.5. In a version
 * that has neither, statements are not seen. What runs is what babel has made, and its maps lie in jest's cache.
 */
export function observeJest(): void {
  onModule('/jest-runtime/build/index.js', exports => {
    const { default: Runtime = exports } = exports as { readonly default?: unknown }
    const prototype = member(Runtime, 'prototype')
    patchAfter(prototype, '_execModule')
    // The test's `require`: the executor is there by then, and pg is not.
    const require = member(prototype, 'requireModuleOrMock')
    if (typeof require !== 'function') return
    Reflect.set(
      prototype as object,
      'requireModuleOrMock',
      function (this: unknown, ...args: unknown[]) {
        patchAfter(member(this, 'executor'), 'exec')
        noteMaps(this)
        return (require as Method).apply(this, args)
      },
    )
  })
}

/** The maps of the test file that runs, by the paths of sources; jest keeps one object for each. */
let maps: ReadonlyMap<string, string> | undefined

function noteMaps(runtime: unknown): void {
  const getSourceMaps = member(runtime, 'getSourceMaps')
  const found: unknown =
    typeof getSourceMaps === 'function' ? getSourceMaps.call(runtime) : undefined
  if (!(found instanceof Map) || found === maps) return
  if (maps === undefined) askForMaps(file => maps?.get(file))
  maps = found as ReadonlyMap<string, string>
}

const gated = new WeakSet<object>()

/** Patches the module that a method has run: its first argument. */
function patchAfter(owner: unknown, name: string): void {
  const original = member(owner, name)
  if (typeof original !== 'function' || gated.has(original)) return
  const run: Method = function (module, ...rest) {
    const result = (original as Method).call(this, module, ...rest)
    const filename = member(module, 'filename')
    if (typeof filename === 'string') patchLoaded(filename, member(module, 'exports'))
    return result
  }
  gated.add(run)
  Reflect.set(owner as object, name, run)
}

function member(owner: unknown, name: string): unknown {
  return owner === null || owner === undefined
    ? undefined
    : Reflect.get(Object(owner) as object, name)
}
