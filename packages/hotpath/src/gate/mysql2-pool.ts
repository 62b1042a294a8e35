import { takeTrace } from '../pool/leaks.js'
import { type Asking, closed, giveBack, lend } from '../pool/loans.js'
import type { PooledClient } from '../pool/shapes.js'
import { contained } from '../trace/counts.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import type { Callback, Method } from './pg-types.js'
import { replace } from './replace.js'

/** Gates the pool of every copy of mysql2 3; before 3.11 it is one file. */
export function gateMysql2Pool(): void {
  for (const file of ['/mysql2/lib/base/pool.js', '/mysql2/lib/pool.js']) {
    onModule(file, exports => gatePool(exports as never))
  }
}

/** Callbacks of ours: the pool hands one in again, when a connection broke that it waited for. */
const ours = new WeakSet<Callback>()

/** The pool borrows for a statement of its own, and will give back. */
let own = 0

function gatePool(Pool: { readonly prototype: object }): void {
  replace(
    Pool.prototype,
    'getConnection',
    original =>
      function getConnection(callback) {
        if (!recorder.enabled || typeof callback !== 'function' || ours.has(callback as Callback)) {
          return original.apply(this, arguments as unknown as unknown[])
        }
        const asking: Asking = {
          startMs: recorder.now(),
          span: recorder.current(),
          trace: own > 0 ? undefined : takeTrace(getConnection),
        }
        return original.call(this, lending(callback as Callback, asking))
      },
  )
  for (const name of ['query', 'execute']) replace(Pool.prototype, name, borrowing)
  replace(
    Pool.prototype,
    'releaseConnection',
    original =>
      function releaseConnection(connection) {
        contained('gate.mysql2-pool', () => giveBack(connection as PooledClient))
        return original.call(this, connection)
      },
  )
  replace(
    Pool.prototype,
    '_removeConnection',
    original =>
      function _removeConnection(connection) {
        contained('gate.mysql2-pool', () => closed(connection as PooledClient))
        return original.call(this, connection)
      },
  )
}

function lending(callback: Callback, asking: Asking): Callback {
  const lent: Callback = function (this: unknown, ...args) {
    const [, connection] = args
    if (typeof connection === 'object' && connection !== null) {
      contained('gate.mysql2-pool', () => lend(connection, asking))
    }
    return callback.apply(this, args)
  }
  ours.add(lent)
  return lent
}

function borrowing(original: Method): Method {
  return function (...args) {
    own++
    try {
      return original.apply(this, args)
    } finally {
      own--
    }
  }
}
