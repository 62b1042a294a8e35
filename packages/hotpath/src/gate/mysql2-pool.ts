import { takeTrace } from '../pool/leaks.js'
import { type Asking, closed, giveBack, lend } from '../pool/loans.js'
import { nameOf } from '../pool/figures.js'
import { pools } from '../pool/policy.js'
import { askRoom, MYSQL_ROOM } from '../pool/room.js'
import type { DatabaseNames, PooledClient } from '../pool/shapes.js'
import { caught, contained } from '../trace/counts.js'
import { inContext } from '../trace/in-context.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { mysql } from '../sql/mysql.js'
import { templateOf } from '../sql/template.js'
import { context } from '../trace/context.js'
import { openingFor } from './mysql2-spans.js'
import {
  type Carried,
  enterPool,
  type HandedOver,
  handToClient,
  instant,
  leavePool,
  setInstant,
  takeCarried,
} from './pg-site.js'
import type { Callback, Method } from './pg-types.js'
import { amount, type PoolState, watchPool } from './pool-gauges.js'
import { replace } from './replace.js'
import { type Statement, statementOf } from './statement-span.js'
import { unseen } from './unseen.js'
import { waited } from './wait-span.js'

/** What we need of mysql2's pool: its queues are of denque, and its connections emitters. */
interface MysqlPool {
  readonly config?: {
    readonly connectionLimit?: unknown
    readonly connectionConfig?: DatabaseNames
  }
  readonly _closed?: unknown
  readonly _allConnections?: { readonly length: number }
  readonly _freeConnections?: {
    readonly length: number
    get?: (index: number) => unknown
  }
  readonly _connectionQueue?: { readonly length: number }
}

interface MysqlConnection {
  query?: (
    options: { readonly sql: string; readonly rowsAsArray: true },
    callback: (error: unknown, rows?: readonly unknown[][]) => void,
  ) => unknown
}

/** Gates the pool of every copy of mysql2 3; before 3.11 it is one file. */
export function gateMysql2Pool(): void {
  for (const file of ['/mysql2/lib/base/pool.js', '/mysql2/lib/pool.js']) {
    onModule(file, exports => gatePool(exports as never))
  }
}

/** Who was given a connection of their own. */
const opened = new WeakSet<Asking>()

/**
 * On callbacks of ours: the pool hands one in again, when a connection broke that it waited for. A set that
 * holds them weakly costs each statement half a microsecond, and collections more.
 */
const OURS = Symbol('hotpath.ours')
type Lent = Callback & { [OURS]?: true }

/** The pool borrows for a statement of its own, and will give back. */
let own = 0

function gatePool(Pool: { readonly prototype: object }): void {
  replace(
    Pool.prototype,
    'getConnection',
    original =>
      function getConnection(callback) {
        if (!recorder.enabled || typeof callback !== 'function' || (callback as Lent)[OURS]) {
          return original.apply(this, arguments as unknown as unknown[])
        }
        const pool = this as MysqlPool
        contained('gate.mysql2-pool', () => watchPool(pool, stateOf))
        const span = recorder.current()
        const isFree = (pool._freeConnections?.length ?? 0) > 0
        const asking: Asking = {
          startMs: isFree ? -1 : recorder.now(),
          span,
          trace: own > 0 ? undefined : takeTrace(getConnection, span),
        }
        const lent = lending(callback as Callback, asking, pool, takeCarried())
        if (isFree) return original.call(this, lent)
        const before = amount(pool._allConnections?.length)
        const result = openingFor(span, () => original.call(this, lent))
        // It is not waited for another's: the span of the new connection says what it takes.
        if (amount(pool._allConnections?.length) > before) opened.add(asking)
        return result
      },
  )
  for (const name of ['query', 'execute']) replace(Pool.prototype, name, borrowing)
  replace(
    Pool.prototype,
    'releaseConnection',
    original =>
      function releaseConnection(connection) {
        contained('gate.mysql2-pool', () => giveBack(connection as PooledClient, instant()))
        const result = original.call(this, connection)
        contained('gate.mysql2-pool', () => askServer(this as MysqlPool, connection))
        return result
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

/**
 * mysql2 calls back in the context of the request that gave a connection back, or of the socket: the app's
 * callback goes on in that of its own. The pool's own needs none: it is told whose statement it sends.
 */
function lending(
  callback: Callback,
  asking: Asking,
  pool: MysqlPool,
  carried: Carried | undefined,
): Callback {
  const lent: Lent = function (this: unknown, ...args) {
    const [error, connection] = args
    const nowMs = recorder.now()
    const wait = {
      startMs: opened.has(asking) ? -1 : asking.startMs,
      endMs: nowMs,
      poolName: () => nameOfPool(pool),
      span: asking.span,
      carried,
    }
    arrives(asking, connection, nowMs)
    if (carried === undefined || error) {
      contained('gate.mysql2-pool', () => waited(wait, asking.span, Boolean(error)))
      return inContext(asking.span, callback, this, args)
    }
    handToClient(wait as HandedOver)
    const before = setInstant(nowMs)
    try {
      return callback.apply(this, args)
    } finally {
      setInstant(before)
      handToClient(undefined)
    }
  }
  lent[OURS] = true
  return lent
}

/** A connection comes for who asked, or an error. */
function arrives(asking: Asking, connection: unknown, nowMs: number): void {
  try {
    if (typeof connection === 'object' && connection !== null) lend(connection, asking, nowMs)
  } catch {
    caught('gate.mysql2-pool')
  }
}

/** The connections of a pool; undefined when the app has ended it. */
function stateOf(pool: MysqlPool): PoolState | undefined {
  if (pool._closed === true) return undefined
  const idle = amount(pool._freeConnections?.length)
  return {
    name: nameOfPool(pool),
    idle,
    used: Math.max(0, amount(pool._allConnections?.length) - idle),
    pending: amount(pool._connectionQueue?.length),
    max: amount(pool.config?.connectionLimit),
  }
}

const nameOfPool = (pool: MysqlPool): string => nameOf(pool.config?.connectionConfig)

/** What the server has room for, of a connection for which nobody waits. */
function askServer(pool: MysqlPool, connection: unknown): void {
  const free = pool._freeConnections
  if (pools.policy === undefined || free === undefined) return
  if (free.length === 0 || free.get?.(free.length - 1) !== connection) return
  // Not by a wrapper that the app has put around it.
  const { query } = Object.getPrototypeOf(connection) as MysqlConnection
  askRoom(nameOfPool(pool), tell =>
    unseen(() => {
      query?.call(connection, { sql: MYSQL_ROOM, rowsAsArray: true }, (_, rows) =>
        tell(rows?.[0]?.[0]),
      )
    }),
  )
}

function borrowing(original: Method): Method {
  return function (...args) {
    own++
    if (recorder.enabled) enterPool(statementFor(args[0]), false, context.getStore(), undefined)
    try {
      return original.apply(this, args)
    } finally {
      leavePool()
      own--
    }
  }
}

function statementFor(sql: unknown): Statement | undefined {
  return contained('gate.mysql2-pool', () => {
    const text = typeof sql === 'object' && sql !== null ? Reflect.get(sql, 'sql') : sql
    return typeof text === 'string' ? statementOf(templateOf(text, mysql), 'mysql') : undefined
  })
}
