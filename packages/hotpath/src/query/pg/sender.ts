import type { Catalog, Described } from '../catalog.js'
import { addFollowing, Keys } from '../keys.js'
import { handOver } from '../invalidation/noted.js'
import type { AnswerMemo } from '../memo.js'
import type { Policy } from '../policy.js'
import type { Account, Scope } from '../scope.js'
import type { Session } from '../session.js'
import type { Shape } from '../shape.js'
import type { Wire } from '../wire.js'
import type { Answer, PgQuery } from './answer.js'
import { runBatch } from './batching.js'
import type { Caching } from './caching.js'
import type { Call } from './call.js'
import { type Client, queueOf } from './client.js'
import { CALL, type Parts, type Watched } from './parts.js'
import { askIsolation, isolationOf, probe } from './probing.js'
import { serveClient } from './serve.js'
import { Shadow } from './shadow.js'

/** Calls in a client's queue that are looked at. */
const MAX_QUEUED = 5_000

/** Everything about one call whose turn it is, gathered once. */
export interface Turn {
  readonly parts: Parts
  readonly query: PgQuery
  readonly call: Call
  readonly scope: Scope
  readonly shape: Shape
  readonly client: Client
  readonly session: Session
  readonly catalog: Catalog
  readonly memo: AnswerMemo
}

/** Decides what is sent when it is a query's turn. */
export class Sender {
  readonly shadow = new Shadow()

  constructor(
    private readonly parts: Parts,
    private readonly policy: (scope: Scope) => Policy,
    private readonly caching: Caching | undefined,
  ) {}

  /** True: the query is taken care of. False: it goes out as it is. */
  send(query: PgQuery, call: Call, scope: Scope): boolean {
    const policy = this.policy(scope)
    if (policy.memo) scope.stake()
    const caching = this.caching?.wants(call.shape) === true ? this.caching : undefined
    const free = caching === undefined && !scope.atStake && policy.batch !== 'shadow'
    if (free && call.shape.effect.reads) {
      if (policy.batch === 'off' || call.alone || scope.off) return false
      if (this.isFirst(call, scope)) return false
    }
    const turn = this.turn(query, call, scope)
    if (turn === undefined) {
      if (!call.shape.effect.reads || scope.holds) this.flush(scope)
      return false
    }
    const { shape, catalog, session } = turn
    const described = catalog.of(shape.text, this.parts.host.now())
    if (described === undefined && scope.holds && !call.probed) {
      // What was fetched is at stake: before this goes out it must be known whether it only reads.
      const reading = shape.readNow()
      if (reading.plain) return probe(turn, reading)
    }
    if (described?.plain !== true && scope.holds) this.flush(scope)
    // What it answers may be that of another search path.
    if (described !== undefined && !session.settled) return false
    if (call.alone || call.wires === undefined) return false
    const account = accountOf(call, scope)
    const idle = policy.batch === 'off' && !policy.memo && caching === undefined
    if (account === undefined || idle) return false
    if (described?.plain === true) {
      if (serve(turn, account) || caching?.ask(turn, described)) return true
    }
    if (policy.batch === 'on' && this.lead(turn, account, described)) return true
    if (policy.batch === 'shadow') {
      call.watched = turn
      this.shadow.watch(turn, account, described)
    }
    const wanted = (policy.memo && account.calls > 0) || (caching !== undefined && shape.seen > 1)
    if (wanted && described === undefined && !call.probed) {
      const reading = shape.readNow()
      if (reading.plain) return probe(turn, reading)
    }
    account.count(call)
    return false
  }

  /** Keeps an answer that may be given again: `queries: { memo: true }`. */
  remember(call: Call, scope: Scope, answer: Answer): void {
    const { session, client, shape, sentMs } = call
    if (session === undefined || client === undefined || scope.ended) return
    if (sentMs === undefined) return
    if (!session.settled || call.epoch !== scope.epoch) return
    const described = this.parts.sessions.catalog(session).of(shape.text, this.parts.host.now())
    if (described?.plain !== true) return
    scope.memo(session.lane).put(shape.keyOf(call.key), answer, Infinity, sentMs)
  }

  /**
   * True for the first call of its statement in a request that holds nothing: as long as no route has
   * shown where its parameters come from and nobody waits for it, there is nothing to decide. It is what
   * all statements of a request without loops are.
   */
  private isFirst(call: Call, scope: Scope): boolean {
    const account = accountOf(call, scope)
    if (account === undefined || account.calls > 0) return false
    if (call.shape.learned || call.lead !== undefined) return false
    if (call.client === undefined || queueOf(call.client).length > 0) return false
    account.count(call)
    return true
  }

  private turn(query: PgQuery, call: Call, scope: Scope): Turn | undefined {
    const { shape, session, client } = call
    if (session === undefined || client === undefined || scope.off) return undefined
    if (!shape.effect.reads || !session.askable || !isUsable(query, client)) return undefined
    const { parts } = this
    const catalog = parts.sessions.catalog(session)
    const memo = scope.memo(session.lane)
    return { parts, query, call, scope, shape, client, session, catalog, memo }
  }

  /** Fetches ahead, if there is anything to fetch. */
  private lead(turn: Turn, account: Account, described: Described | undefined): boolean {
    const { call, scope, shape, session, catalog } = turn
    const wires = call.wires ?? []
    if (account.off) return false
    const peers = peersOf(turn)
    const follows = account.find(scope.route(), scope.remembered, wires) !== undefined
    if ((!follows && peers.length === 0) || !shape.candidate) return false
    const reading = shape.readNow()
    if (described === undefined) return !call.probed && probe(turn, reading)
    if (described.reason !== '') {
      account.off = true
      this.parts.count(scope, 'off', described.reason)
      return false
    }
    const isolation = isolationOf(session, catalog)
    if (isolation === '') return askIsolation(turn)
    if (isolation === 'serializable' || isolation === 'unknown') {
      account.off = true
      this.parts.count(scope, 'off', 'serializable')
      return false
    }
    account.count(call)
    if (account.wasteful) {
      account.off = true
      this.parts.count(scope, 'off', 'too little used')
    }
    const keys = new Keys()
    keys.add(wires, call.key)
    let wanted = 1
    for (const peer of peers) if (keys.add(peer.wires ?? [], peer.key)) wanted++
    if (follows && !account.off) {
      const added = addFollowing(keys, { ...turn, nowMs: this.parts.host.now() }, account, wires)
      account.fetched += added
      wanted += added
    }
    return wanted > 1 && runBatch(turn, account, reading, described, keys)
  }

  private flush(scope: Scope): void {
    if (this.parts.defects.noFlush !== true) scope.flush()
  }
}

function accountOf(call: Call, scope: Scope): Account<Call> | undefined {
  call.account ??= scope.account(call.shape) as Account<Call> | undefined
  return call.account
}

function serve(turn: Turn, account: Account): boolean {
  const { parts, query, call, shape, client, session, memo } = turn
  const answer = memo.take(shape.keyOf(call.key), parts.host.now())
  if (answer === undefined) return false
  account.served(call)
  call.served = true
  handOver(call.computation, answer.noted)
  serveClient(query, answer, client, session.status, parts)
  return true
}

/** Calls that wait behind this one, on its client or for its answer. */
function peersOf(turn: Turn): readonly Peer[] {
  const waiters = turn.call.lead?.waiters ?? NOBODY
  const behind = queueOf(turn.client).length === 0 ? NOBODY : queued(turn)
  if (behind.length === 0) return waiters
  return waiters.length === 0 ? behind : [...behind, ...waiters]
}

interface Peer {
  readonly key: string
  readonly wires: readonly Wire[] | undefined
}
const NOBODY: readonly never[] = []

/** Calls of the same statement that wait behind this one on its client, up to one that is no read. */
function queued({ client, shape, scope }: Turn): Call[] {
  const calls: Call[] = []
  for (const query of queueOf(client)) {
    const call = (query as Watched)[CALL]
    if (call === undefined || call.scope !== scope || !call.shape.effect.reads) break
    if (call.shape === shape && call.wires !== undefined && !call.alone) calls.push(call)
    if (calls.length >= MAX_QUEUED) break
  }
  return calls
}

/** Nothing about the call is out of the ordinary. */
function isUsable(query: PgQuery, client: Client): boolean {
  if (client.pipeline || client.binary || query.binary || query.rows) return false
  if (typeof query.name !== 'string' || query.name === '') return true
  // pg refuses a name that stands for another text already: that error is its own.
  const { connection } = client
  const before =
    connection?.parsedStatements?.[query.name] ?? connection?.submittedNamedStatements?.[query.name]
  return before === undefined || before === query.text
}
