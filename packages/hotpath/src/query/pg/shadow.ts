import { CATALOG_TEXT, type Described } from '../catalog.js'
import { addFollowing, Keys } from '../keys.js'
import { AnswerMemo } from '../memo.js'
import type { Account, Scope } from '../scope.js'
import { type Answer, type Field, type RawRow, sameFields } from './answer.js'
import { answersOf, batchSteps } from './batch.js'
import type { Call } from './call.js'
import { type Client, queueOf } from './client.js'
import { Exchange, type Step } from './exchange.js'
import { isolationOf, learnFrom, probeSteps } from './probing.js'
import type { Turn } from './sender.js'

/** The app may replace the global timers; ours must be real. */
const { setImmediate } = globalThis

/** What shadow mode may add to the time that the database spends on statements. */
const SHARE = 0.05
/** Paths of columns that are told apart in the counts. */
const MAX_PATHS = 100

/** What we need of a pool to work beside the app. */
export interface ShadowPool {
  readonly waitingCount?: number
  readonly idleCount?: number
  readonly totalCount?: number
  readonly options?: { readonly max?: number }
  connect(
    done: (error: unknown, client?: Client, release?: (error?: unknown) => void) => void,
  ): void
}

/**
 * Does what batching would do, beside the app: every call is still answered by its own statement. It
 * works on spare connections of the app's pool only, never inside a transaction, within a budget. It
 * counts what would have been gained and wasted, and every answer that would have been another.
 */
export class Shadow {
  private spentMs = 0
  private allowedMs = 0
  private readonly paths = new Set<string>()
  private readonly memos = new WeakMap<Scope, AnswerMemo>()

  /** It is this call's turn. It will be sent as it is. */
  watch(turn: Turn, account: Account, described: Described | undefined): void {
    const { call, scope, shape, session, parts } = turn
    const wires = call.wires ?? []
    const memo = this.memo(scope)
    const expected = memo.take(shape.keyOf(call.key), parts.host.now())
    const follows = account.find(scope.route(), scope.remembered, wires) !== undefined
    account.count(call)
    if (expected !== undefined) {
      account.served(call)
      call.expected = expected
      parts.count(scope, 'shadow.gain_us', '', Math.round(shape.singleMs * 1_000))
      return
    }
    const pool = call.pool as ShadowPool | undefined
    if (account.wasteful) account.off = true
    if (account.off || !follows || session.status !== 'I' || pool === undefined) return
    if (!shape.candidate || this.spentMs > this.allowedMs) return
    if (described === undefined) this.probe(turn, pool)
    else if (described.reason === '') this.batch(turn, account, described, pool, memo)
  }

  /** A call that was sent as it is was answered. */
  answered(
    call: Call,
    scope: Scope,
    tookMs: number,
    fields: readonly Field[],
    rows: readonly RawRow[],
    turn: Turn | undefined,
  ): void {
    this.allowedMs += tookMs * SHARE
    const { expected } = call
    if (expected === undefined || turn === undefined) return
    const path = difference(expected, fields, rows)
    const again = turn.call.wires
    if (path === undefined || again === undefined || again.some(Buffer.isBuffer)) return
    const step: Step = {
      text: turn.shape.text,
      values: again as (string | null)[],
      describe: 'result',
    }
    // Only where the original agrees with itself is the difference ours.
    this.run(turn, call.pool as ShadowPool, [step], done => {
      const repeated = done?.results[0]
      if (
        repeated === undefined ||
        difference({ fields, rows }, repeated.fields, repeated.rows) !== undefined
      )
        return
      if (call.epoch !== scope.epoch) return
      const known = this.paths.has(path) || this.paths.size < MAX_PATHS
      if (known) this.paths.add(path)
      turn.parts.count(scope, 'shadow.differences', known ? path : 'more columns')
    })
  }

  private probe(turn: Turn, pool: ShadowPool): void {
    const { call, shape } = turn
    if (call.probed) return
    call.probed = true
    const reading = shape.readNow()
    this.run(turn, pool, probeSteps(shape, reading), done => learnFrom(turn, reading, done, 0))
  }

  private batch(
    turn: Turn,
    account: Account,
    described: Described,
    pool: ShadowPool,
    memo: AnswerMemo,
  ): void {
    const { call, scope, shape, session, catalog, parts } = turn
    const isolation = isolationOf(session, catalog)
    if (isolation === '' || isolation === 'serializable' || isolation === 'unknown') return
    const keys = new Keys()
    const where = { scope, shape, memo, nowMs: parts.host.now() }
    const added = addFollowing(keys, where, account, call.wires ?? [])
    const steps = batchSteps(shape, shape.readNow(), described, keys.lists, false, parts.defects)
    if (added === 0 || steps === undefined) return
    scope.stake()
    const epoch = scope.epoch
    const sentMs = parts.host.now()
    this.run(turn, pool, steps, done => {
      if (done === undefined || scope.ended || scope.epoch !== epoch) return
      const made = { client: turn.client, Query: turn.query.constructor as never }
      const got = answersOf(done, described, keys.size, false, made)
      if (got === undefined) return
      account.fetched += added
      parts.count(scope, 'shadow.batches')
      let at = 0
      for (const [key, times] of keys.times)
        memo.put(shape.keyOf(key), got.answers[at++] as Answer, times, sentMs)
    })
  }

  /** On a spare connection of the pool with the same session; nowhere else. */
  private run(
    turn: Turn,
    pool: ShadowPool | undefined,
    steps: readonly Step[],
    take: (done: Exchange | undefined) => void,
  ): void {
    const { parts, session } = turn
    if (pool === undefined || !hasRoom(pool)) return
    parts.host.untraced(() =>
      pool.connect((error, client, release) => {
        if (error || client === undefined || release === undefined) return
        // A new connection tells its state right after this.
        setImmediate(() => {
          const own = parts.sessions.of(client)
          if (!own.settled || own.key !== session.key || own.status !== 'I') release()
          else this.send(turn, client, release, steps, take)
        })
      }),
    )
  }

  private send(
    { parts }: Turn,
    client: Client,
    release: (error?: unknown) => void,
    steps: readonly Step[],
    take: (done: Exchange | undefined) => void,
  ): void {
    const startMs = parts.host.now()
    const exchange = new Exchange(
      steps,
      done => {
        // A probe is once a minute for a statement, and runs none of it.
        if (!asks(steps)) this.spentMs += parts.host.now() - startMs
        try {
          take(done.failure === undefined && !done.tooMuch ? done : undefined)
        } catch {
          parts.host.caught('query.shadow')
        }
        // After a failure the server is ready a moment later.
        setImmediate(release)
      },
      lost => release(lost),
    )
    queueOf(client).push(exchange)
    client._pulseQueryQueue()
  }

  private memo(scope: Scope): AnswerMemo {
    let memo = this.memos.get(scope)
    if (memo === undefined) {
      memo = scope.memo('shadow')
      this.memos.set(scope, memo)
    }
    return memo
  }
}

function asks(steps: readonly Step[]): boolean {
  return steps.every(({ text, describe }) => describe === 'statement' || text === CATALOG_TEXT)
}

/** Nobody waits for a connection, and there is one, or one may be opened. */
function hasRoom({ waitingCount, idleCount, totalCount, options }: ShadowPool): boolean {
  if (waitingCount !== 0) return false
  return Boolean(idleCount) || (totalCount ?? 0) < (options?.max ?? 0)
}

interface Rows {
  readonly fields: readonly Field[]
  readonly rows: readonly RawRow[]
}

/** Where two answers differ, as a path without values; undefined: nowhere. */
function difference(
  a: Rows,
  fields: readonly Field[],
  rows: readonly RawRow[],
): string | undefined {
  if (!sameFields(a.fields, fields)) return 'columns'
  if (a.rows.length !== rows.length) return 'rows.length'
  for (const [i, row] of a.rows.entries()) {
    const other = rows[i] as RawRow
    const at = row.findIndex((value, column) => String(value) !== String(other[column]))
    if (at >= 0) return `rows[].${fields[at]?.name ?? at}`
  }
  return undefined
}
