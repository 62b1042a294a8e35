import type { RouteStats } from '../trace/routes.js'
import type { ActiveTrace } from '../trace/span.js'
import { AnswerMemo } from './memo.js'
import { findOrigin, type Origin } from './follow.js'
import { routeOf } from './host.js'
import { habitOf, isLearned, learn, LEAST_SHARE } from './learned.js'
import { Remembered } from './remembered.js'
import type { Shape } from './shape.js'
import type { Prepare, Wire } from './wire.js'

/** Shapes that one request keeps an account of. */
const MAX_SHAPES = 500
/** Times that an origin is looked for in vain before a statement is let alone. */
const MAX_SEARCHES = 5

/** What an account needs of a call. */
export interface Counted {
  readonly wires: readonly Wire[] | undefined
  counted: boolean
  /** Keeps no more of its parameters than may be kept until the request is over. */
  lighten(): void
}

/** A call of a pool that others may join, and the next one of another pool. */
export interface Leading {
  readonly pool: object | undefined
  /** Of its request, when it was made. */
  readonly epoch: number
  nextLead: Leading | undefined
}

/** What one request did with one statement. */
export class Account<L extends Leading = Leading> {
  /** The one that was made before it in its request. */
  next: Account | undefined = undefined
  calls = 0
  origin: Origin | undefined = undefined
  /** The row of the origin that the last call was about. */
  row = -1
  /** Keys fetched ahead, and how many of them were asked for. */
  fetched = 0
  used = 0
  /** Not followed any more in this request. */
  off = false
  private before: Counted | undefined = undefined
  private searches = 0
  /** Calls that were made and not sent yet, or whose answer is awaited: one of each pool. */
  private lead: L | undefined = undefined

  constructor(readonly shape: Shape) {}

  /** Where its parameters come from, from what the route showed before or from its last two calls. */
  find(
    route: RouteStats | undefined,
    remembered: Remembered,
    now: readonly Wire[],
  ): Origin | undefined {
    if (this.off) return undefined
    if (this.origin !== undefined) return this.origin
    const habit = habitOf(route, this.shape)
    if (isLearned(habit) && habit.origin.columns.length === now.length) {
      this.origin = habit.origin
      return this.origin
    }
    const before = this.before?.wires
    if (before !== undefined && this.searches < MAX_SEARCHES) {
      this.searches++
      this.origin = findOrigin(remembered, this.shape, before, now)
    }
    return this.origin
  }

  /** A call went out, or is about to lead. Each is counted once. */
  count(call: Counted): void {
    if (call.counted) return
    call.counted = true
    call.lighten()
    this.calls++
    this.before = call
  }

  /** A call was answered from what was fetched. */
  served(call: Counted): void {
    this.count(call)
    if (this.used < this.fetched) this.used++
  }

  /** The loop does not go as it seemed. */
  lose(): void {
    this.origin = undefined
    this.row = -1
  }

  /** Of what was fetched so far too little was used: a loop that skips, or was left. */
  get wasteful(): boolean {
    return this.fetched >= 4 && this.used < this.fetched * LEAST_SHARE
  }

  /** The call of this pool that others may join; none that was made before something was written. */
  leadOf(pool: object, epoch: number): L | undefined {
    let lead = this.lead
    while (lead !== undefined && (lead.pool !== pool || lead.epoch !== epoch))
      lead = lead.nextLead as L | undefined
    return lead
  }

  leads(call: L): void {
    call.nextLead = this.lead
    this.lead = call
  }

  leadsNoMore(call: L): void {
    if (this.lead === call) {
      this.lead = call.nextLead as L | undefined
      return
    }
    let lead: Leading | undefined = this.lead
    while (lead !== undefined && lead.nextLead !== call) lead = lead.nextLead
    if (lead !== undefined) lead.nextLead = call.nextLead
  }
}

/** More accounts than this are looked up in a map; for fewer a map costs more than it saves. */
const FEW = 8

/** The accounts of one request. */
class Accounts {
  /** The latest; a list of links takes less than an array for the few that most requests have. */
  private last: Account | undefined = undefined
  private size = 0
  private byShape: Map<Shape, Account> | undefined = undefined

  /** Undefined when there are too many. */
  of(shape: Shape): Account | undefined {
    const known = this.byShape === undefined ? this.find(shape) : this.byShape.get(shape)
    if (known !== undefined || this.size >= MAX_SHAPES) return known
    const account = new Account(shape)
    account.next = this.last
    this.last = account
    this.size++
    if (this.byShape !== undefined) this.byShape.set(shape, account)
    else if (this.size > FEW)
      this.byShape = new Map(Array.from(this.all(), one => [one.shape, one]))
    return account
  }

  *all(): Iterable<Account> {
    for (let one = this.last; one !== undefined; one = one.next) yield one
  }

  clear(): void {
    this.last = undefined
    this.byShape = undefined
  }

  private find(shape: Shape): Account | undefined {
    let account = this.last
    while (account !== undefined && account.shape !== shape) account = account.next
    return account
  }
}

/** What a scope tells of itself. */
export interface ScopeOwner {
  /** pg's own way to make text of a value. */
  prepare(this: void): Prepare | undefined
  /** Answers are at stake from now on. */
  atStake(scope: Scope): void
  wasted(scope: Scope, answers: number): void
  ended(scope: Scope): void
  /** An exception of ours was caught. */
  caught(where: string): void
}

/**
 * All that belongs to one request. Nothing of it outlives the request. Most requests have nothing to
 * batch: what is only for those that have is made when it is needed.
 */
export class Scope {
  readonly remembered: Remembered
  private readonly accounts = new Accounts()
  /** By session or transaction: what was fetched there. */
  private memos: Map<string, AnswerMemo> | undefined = undefined
  /** Counts what was not a plain read: what was fetched before is not served after. */
  epoch = 0
  ended = false
  /** A cursor, a stream or a COPY is at work: what it writes, and when, is not known. */
  off = false
  /** Something was fetched ahead or kept, or is on its way: from here on it matters what a select does. */
  private staked = false

  constructor(
    private readonly trace: ActiveTrace,
    private readonly maxAgeMs: number,
    private readonly owner: ScopeOwner,
  ) {
    this.remembered = new Remembered(owner.prepare)
  }

  route(): RouteStats | undefined {
    return routeOf(this.trace)
  }

  get atStake(): boolean {
    return this.staked
  }

  /** To be called before anything is fetched ahead or kept. */
  stake(): void {
    if (this.staked || this.ended) return
    this.staked = true
    this.owner.atStake(this)
  }

  /** Answers are at stake that may be served. */
  get holds(): boolean {
    if (this.memos !== undefined)
      for (const memo of this.memos.values()) if (memo.size > 0) return true
    return false
  }

  memo(lane: string): AnswerMemo {
    this.memos ??= new Map()
    let memo = this.memos.get(lane)
    if (memo === undefined) {
      memo = new AnswerMemo(this.maxAgeMs)
      this.memos.set(lane, memo)
    }
    return memo
  }

  account(shape: Shape): Account | undefined {
    return this.accounts.of(shape)
  }

  /** Something happened that may change answers: none that was fetched before is given any more. */
  flush(): void {
    this.epoch++
    if (!this.holds) return
    let unused = 0
    for (const memo of this.memos?.values() ?? []) unused += memo.clear()
    this.owner.wasted(this, unused)
    // Fetched, and thrown away before it was used: a loop that writes or calls in each turn.
    for (const account of this.accounts.all()) {
      if (account.fetched > 0 && account.wasteful) account.off = true
    }
  }

  /** The request is over: what it showed is learned, and all it held is let go. */
  end(): void {
    if (this.ended) return
    this.ended = true
    try {
      if (this.staked) this.settle()
    } catch {
      this.owner.caught('query.scope')
    }
    this.remembered.close()
    this.accounts.clear()
    if (this.staked) this.owner.ended(this)
  }

  private settle(): void {
    const route = this.route()
    for (const { shape, origin, fetched, used } of this.accounts.all()) {
      if (origin !== undefined) learn(route, shape, origin, fetched, used)
    }
    this.flush()
    this.memos?.clear()
  }
}
