import { context } from '../trace/context.js'
import { onEsModule } from '../trace/es-module.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { patchMethod } from './patch-method.js'

type Task = (this: unknown, ...args: unknown[]) => unknown

/**
 * Work that is put into a queue of p-queue (7 and later) is begun by whoever makes room for it, in the context
 * of another request: it is bound to who has put it there. p-limit does that by itself.
 */
export function observePQueue(): void {
  const patch = (exports: unknown) => {
    const { default: Queue } = exports as { default: { prototype: object } }
    patchMethod(
      Queue.prototype,
      'add',
      original =>
        function add(task, ...rest) {
          if (!recorder.enabled || typeof task !== 'function')
            return original.call(this, task, ...rest)
          const caller = context.getStore()
          const bound: Task = function (...args) {
            return context.run(caller, Reflect.apply, task as Task, this, args)
          }
          return original.call(this, bound, ...rest)
        },
    )
  }
  onEsModule('p-queue', 'dist/index.js', patch)
  // There is no other copy: `require` loads this one, on a Node that can.
  onModule('/p-queue/dist/index.js', patch)
}
