import { Lead } from '../lead.js'
import { handOver, NOTHING } from '../invalidation/noted.js'
import type { Reading } from '../../sql/reading.js'
import type { Described } from '../catalog.js'
import type { Keys } from '../keys.js'
import type { Account } from '../scope.js'
import { type Answer, feed } from './answer.js'
import { answersOf, batchSteps } from './batch.js'
import { replaceActive } from './client.js'
import { Exchange } from './exchange.js'
import { again, renew } from './probing.js'
import type { Turn } from './sender.js'

/** Batches in a row that were slower than their singles would have been, until that is believed. */
const SLOW_BATCHES = 3
/** By less than this, of which the jitter of a busy machine is most, a batch is not slower. */
const SLOWER_BY = 1.5
const SLOWER_BY_MS = 5
/** The same of batches that failed where single calls do not: some key is always wrong. */
const FAILED_BATCHES = 5
/** Then it is tried again: what was slow under load may be fast without. Said once. */
const PAUSE_MS = 60_000
/** SQLSTATE query_canceled: statement_timeout, or the user. */
const CANCELED = '57014'

/** Sends one statement for all keys. False: some value cannot stand in a list. */
export function runBatch(
  turn: Turn,
  account: Account,
  reading: Reading,
  described: Described,
  keys: Keys,
): boolean {
  const { parts, query, call, scope, shape, client, session } = turn
  const open = session.status === 'T'
  const steps = batchSteps(shape, reading, described, keys.lists, open, parts.defects)
  if (steps === undefined) return false
  scope.stake()
  const epoch = scope.epoch
  const sentMs = parts.host.now()
  const noted =
    parts.defects.batchHandsNothing === true ? NOTHING : parts.observing?.noted(call, true)
  if (call.leading) {
    call.lead ??= new Lead()
    call.lead.sent = new Set(keys.times.keys())
  }
  const exchange = new Exchange(
    steps,
    done => {
      if (done.failure !== undefined) return fallBack(turn, account, open, done.failure)
      const took = parts.host.now() - sentMs
      let own: Answer | undefined
      try {
        const made = { client, Query: query.constructor as never, noted }
        const got = answersOf(done, described, keys.lists.length, open, made)
        if (got === undefined) {
          parts.sessions.forget()
          return fallBack(turn, account, false, undefined)
        }
        own = got.answers[0]
        scope.remembered.add(shape, own?.fields ?? [], got.rows)
        if (scope.epoch === epoch && !scope.ended) keep(turn, keys, got.answers, sentMs)
        shape.failed = 0
        parts.count(scope, 'batches')
        parts.count(scope, 'keys', '', keys.size)
        judge(turn, took, keys)
      } catch {
        parts.host.caught('query.batch')
        if (own === undefined) return fallBack(turn, account, false, undefined)
      }
      parts.host.mark(query, { 'hotpath.batch': 'lead', 'hotpath.batch.keys': keys.size })
      call.served = true
      feed(query, own as Answer, client.connection as object, parts.defects)
      query.handleReadyForQuery(client.connection as object)
      renew(turn, reading, described)
    },
    error => query.handleError(error, client.connection as object),
  )
  if (parts.observing !== undefined) handOver(call.computation, noted)
  replaceActive(client, exchange)
  return true
}

/** The answers of the others wait for their calls; of a key that is wanted again, so does the first. */
function keep(turn: Turn, keys: Keys, answers: readonly Answer[], sentMs: number): void {
  const { scope, shape, memo, call, parts } = turn
  let at = 0
  let dropped = 0
  for (const [key, times] of keys.times) {
    const answer = answers[at++] as Answer
    const left = key === call.key ? times - 1 : times
    if (left > 0 && !memo.put(shape.keyOf(key), answer, left, sentMs)) dropped += left
  }
  if (call.lead !== undefined) call.lead.memo = memo
  if (dropped > 0) parts.count(scope, 'wasted', 'no room', dropped)
}

/** Anything odd: the query goes out as it is, and its statement is let alone in this request. */
function fallBack(turn: Turn, account: Account, open: boolean, failure: unknown): void {
  const { parts, call, scope, shape } = turn
  call.alone = true
  account.off = true
  const code = Reflect.get(Object(failure) as object, 'code')
  parts.count(scope, 'fallbacks', typeof code === 'string' ? code : 'unlike the single')
  if (code === CANCELED) {
    shape.switchOff('timeout')
    parts.count(scope, 'off', 'timeout')
    parts.host.say(`a batch ran into statement_timeout: "${shape.name}" is not batched any more.`)
  } else if (++shape.failed >= FAILED_BATCHES) {
    const news = shape.switchOff('failed', PAUSE_MS)
    parts.count(scope, 'off', 'failed')
    if (news) parts.host.say(`batches of "${shape.name}" fail again and again: off for a minute.`)
  }
  again(turn, open)
}

function judge({ parts, scope, shape }: Turn, tookMs: number, keys: Keys): void {
  let calls = 0
  for (const times of keys.times.values()) calls += times
  const singlesMs = shape.singleMs * calls
  const slower = tookMs > singlesMs * SLOWER_BY && tookMs > singlesMs + SLOWER_BY_MS
  if (shape.singleMs === 0 || !slower) {
    shape.slow = 0
    return
  }
  if (++shape.slow < SLOW_BATCHES) return
  const news = shape.switchOff('slow', PAUSE_MS)
  parts.count(scope, 'off', 'slow')
  if (news) {
    parts.host.say(
      `batches of "${shape.name}" take longer than its single calls: off for a minute.`,
    )
  }
}
