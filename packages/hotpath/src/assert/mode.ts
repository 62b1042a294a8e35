import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Where nobody has attached the recorder, it is attached for assertions alone, and sends nothing to any
 * console. Under `hotpath check` and `dev` it was, and does.
 */
if (Reflect.get(AsyncLocalStorage, Symbol.for('hotpath.follow')) === undefined)
  process.env.HOTPATH_MODE ??= 'test'
