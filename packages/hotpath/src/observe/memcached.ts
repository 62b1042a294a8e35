import { contained } from '../trace/counts.js'
import { inContext } from '../trace/in-context.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { beginCommand, type CommandSpan } from './command-span.js'
import { patchMethod } from './patch-method.js'

type Callback = (this: unknown, ...args: unknown[]) => unknown
type Compile = (this: unknown, ...args: unknown[]) => unknown

/** Of memjs; each calls itself with a callback where the app gives none. */
const METHODS =
  'get set add replace delete increment decrement append prepend touch flush stats'.split(' ')

/** Commands of memjs 1 and memcached 2, by the callbacks that end them. */
export function observeMemcached(): void {
  onModule('/memjs/lib/memjs/memjs.js', exports => {
    const { Client } = exports as { Client: { prototype: object } }
    for (const name of METHODS)
      patchMethod(
        Client.prototype,
        name,
        original =>
          function (this: unknown, ...args) {
            const callback = args.at(-1)
            const span =
              recorder.enabled && typeof callback === 'function'
                ? beginCommand('memcached', name)
                : undefined
            if (span !== undefined) args[args.length - 1] = ending(span, callback as Callback)
            return original.apply(this, args)
          },
      )
  })
  onModule('/memcached/lib/memcached.js', exports => {
    patchMethod(
      (exports as { prototype: object }).prototype,
      'command',
      original =>
        function command(compile, ...rest) {
          if (!recorder.enabled || typeof compile !== 'function')
            return original.call(this, compile, ...rest)
          return original.call(this, compiling(compile as Compile), ...rest)
        },
    )
  })
}

/** It is asked again for the servers that keep a second copy: that is no command of the app's. */
function compiling(compile: Compile): Compile {
  let isFirst = true
  return function (...args) {
    const query = compile.apply(this, args) as { type?: unknown; callback?: unknown }
    if (!isFirst) return query
    isFirst = false
    contained('observe.memcached', () => {
      if (typeof query.callback !== 'function') return
      const span = beginCommand('memcached', String(query.type))
      if (span !== undefined) query.callback = ending(span, query.callback as Callback)
    })
    return query
  }
}

function ending(span: CommandSpan, callback: Callback): Callback {
  return function (this: unknown, error: unknown) {
    contained('observe.memcached', () => (error ? span.fail(error) : span.succeed()))
    return inContext(span.caller, callback, this, arguments)
  }
}
