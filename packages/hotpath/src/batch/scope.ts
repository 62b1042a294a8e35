import { AsyncLocalStorage } from 'node:async_hooks'
import type { recorder as Recorder } from '../trace/recorder.js'

/**
 * The recorder is another bundle, with modules of its own: it is found where `hotpath/register`
 * leaves it. Undefined when it is not attached.
 */
export function attachedRecorder(): typeof Recorder | undefined {
  const found = Reflect.get(globalThis, Symbol.for('hotpath.recorder')) as
    | typeof Recorder
    | undefined
  return found?.enabled === true ? found : undefined
}

const scopes = new AsyncLocalStorage<object>()

/**
 * Runs `fn` with caches of its own for all batches that are called in it and in what it starts.
 * Only for apps without the recorder, which knows its requests by itself:
 *
 *     app.use((request, response, next) => batchScope(next))
 */
export function batchScope<T>(fn: () => T): T {
  return scopes.run({}, fn)
}

/** What stands for the request that runs now; undefined outside of any. */
export function currentScope(): object | undefined {
  return scopes.getStore() ?? attachedRecorder()?.current()?.trace
}
