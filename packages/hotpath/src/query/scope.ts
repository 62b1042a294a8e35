import type { RouteStats } from '../trace/routes.js'
import { AnswerMemo } from './memo.js'
import { findOrigin, type Origin } from './follow.js'
import { habitOf, isLearned, learn, LEAST_SHARE } from './learned.js'
import { Remembered } from './remembered.js'
import type { Shape } from './shape.js'
import type { Lead } from './lead.js'
import type { Wire } from './wire.js'

/** Shapes that one request keeps an account of. */
const MAX_SHAPES = 500
/** Times that an origin is looked for in vain before a statement is let alone. */
const MAX_SEARCHES = 5

interface Counted {
  readonly wires: readonly Wire[] | undefined
  counted: boolean
}

/** What one request did with one statement. */
export class Account {
  calls = 0
  before: readonly Wire[] | undefined
  origin: Origin | undefined
  /** The row of the origin that the last call was about. */
  row = -1
  /** Keys fetched ahead, and how many of them were asked for. */
  fetched = 0
  used = 0
  /** Not followed any more in this request. */
  off = false
  private searches = 0

  constructor(private readonly shape: Shape) {}

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
    } else if (this.before !== undefined && this.searches < MAX_SEARCHES) {
      this.searches++
      this.origin = findOrigin(remembered, this.shape, this.before, now)
    }
    return this.origin
  }

  /** A call went out, or is about to lead. Each is counted once. */
  count(call: Counted): void {
    if (call.counted) return
    call.counted = true
    this.calls++
    this.before = call.wires
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
}

/** All that belongs to one request. Nothing of it outlives the request. */
export class Scope {
  readonly remembered = new Remembered()
  readonly accounts = new Map<Shape, Account>()
  /** By session or transaction: what was fetched there. */
  private readonly memos = new Map<string, AnswerMemo>()
  /** Calls that take in others, or whose answer others await: by pool and shape. */
  readonly leads = new Map<string, Lead>()
  /** Counts what was not a plain read: what was fetched before is not served after. */
  epoch = 0
  ended = false
  /** A cursor, a stream or a COPY is at work: what it writes, and when, is not known. */
  off = false

  /** Answers are at stake. */
  get holds(): boolean {
    for (const memo of this.memos.values()) if (memo.size > 0) return true
    return false
  }

  constructor(
    readonly route: () => RouteStats | undefined,
    private readonly maxAgeMs: number,
    private readonly wasted: (n: number) => void,
  ) {}

  memo(lane: string): AnswerMemo {
    let memo = this.memos.get(lane)
    if (memo === undefined) {
      memo = new AnswerMemo(this.maxAgeMs)
      this.memos.set(lane, memo)
    }
    return memo
  }

  account(shape: Shape): Account | undefined {
    let account = this.accounts.get(shape)
    if (account === undefined) {
      if (this.accounts.size >= MAX_SHAPES) return undefined
      account = new Account(shape)
      this.accounts.set(shape, account)
    }
    return account
  }

  /** Something happened that may change answers: none that was fetched before is given any more. */
  flush(): void {
    this.epoch++
    if (this.leads.size > 0) this.leads.clear()
    if (!this.holds) return
    let unused = 0
    for (const memo of this.memos.values()) unused += memo.clear()
    this.wasted(unused)
    // Fetched, and thrown away before it was used: a loop that writes or calls in each turn.
    for (const account of this.accounts.values()) {
      if (account.fetched > 0 && account.wasteful) account.off = true
    }
  }

  /** The request is over: what it showed is learned, and all it held is let go. */
  end(): void {
    if (this.ended) return
    this.ended = true
    const route = this.route()
    for (const [shape, { origin, fetched, used }] of this.accounts) {
      if (origin !== undefined) learn(route, shape, origin, fetched, used)
    }
    this.flush()
    this.memos.clear()
    this.remembered.clear()
    this.accounts.clear()
  }
}
