import type { Commit } from '../cache/strict/member.js'
import { Digest } from '../sql/digest.js'
import type { SessionEffect } from './effect.js'
import type { Pending } from './invalidation/pending.js'

/** Functions without a verdict that one client may have called. */
const MAX_UNKNOWN = 100

let lastId = 0
let changes = 0

/** Another number when sessions that were alike may differ by now. */
export function sessionChanges(): number {
  return changes
}

/** What is known of one connection: its session and its transaction. */
export class Session {
  readonly id = ++lastId
  /** As the server said last: `I` idle, `T` in a transaction, `E` in a failed one; '' not known. */
  status = ''
  /** Counts transactions, so that what belongs to one is not met in the next. */
  transaction = 0
  /** Isolation of the running transaction; '' not asked for yet. */
  isolation = ''
  /** Something in this transaction changed its settings: hands off until it is over. */
  changed = false
  /**
   * What was set on the connection before anything else was done with it: the same for all
   * connections of a pool that sets up each of them, so it keys what they may share.
   */
  setup = 0
  /** Its session was changed later on: what it answers is its own. */
  tainted = false
  /** What its transaction has written so far; undefined: nothing. */
  pending: Pending | undefined = undefined
  /** Strict: what it may commit any time now. */
  commits: Promise<Commit>[] | undefined = undefined
  /** Since when its connection is open; Infinity: it is not yet. */
  openedMs = Number.POSITIVE_INFINITY
  /** Its transaction reads from a snapshot of its own. */
  ownSnapshot = false
  private ownKey: string
  private ownLane: string
  private leading = true
  private readonly unknown = new Set<string>()

  constructor(
    /** Which server, which database, as whom. */
    readonly database: string,
  ) {
    changes++
    this.ownKey = database
    this.ownLane = `i ${database}`
  }

  /** A statement was given to the connection. */
  sees(effect: SessionEffect, text: string, values: unknown): void {
    if (effect.quiet) {
      this.leading = false
      return
    }
    changes++
    if (effect.fresh) {
      this.setUp(0)
      this.tainted = false
      this.leading = true
      this.unknown.clear()
      return
    }
    if (effect.local) this.changed = true
    if (effect.session && this.leading) this.setUp(mixed(this.setup, text, values))
    else if (effect.session) this.tainted = true
    else this.leading = false
    for (const name of effect.calls) this.unknown.add(name)
    if (this.unknown.size > MAX_UNKNOWN) this.tainted = true
  }

  /** The server said where it is. */
  stands(status: string): void {
    if (status === 'I' || (this.status === 'I' && status !== 'I')) {
      this.transaction++
      this.isolation = ''
      if (status === 'I') this.changed = false
    }
    this.status = status
  }

  /** It called functions of which nobody has said yet whether they change a session. */
  get unjudged(): boolean {
    return this.unknown.size > 0
  }

  /**
   * Functions that it called may have changed the session, as a catalog tells.
   *
   * @param ahead Of a statement that is not sent yet. True: others may have changed it.
   */
  judge(
    functions: { mayChangeSession(name: string): boolean },
    ahead: readonly string[] = [],
  ): boolean {
    const changing = [...this.unknown].filter(name => functions.mayChangeSession(name))
    changes++
    this.unknown.clear()
    if (changing.length > 0) this.tainted = true
    return changing.some(name => !ahead.includes(name))
  }

  /** It is known where it stands, and nothing was set behind our back. */
  get settled(): boolean {
    return this.askable && !this.unjudged
  }

  /** The same, but for functions that it called: the catalog may be asked about them. */
  get askable(): boolean {
    return (this.status === 'I' || this.status === 'T') && !this.tainted && !this.changed
  }

  /** What connections with equal answers have in common. */
  get key(): string {
    return this.ownKey
  }

  /** Where its answers are kept: outside of transactions what one connection may read, any other with the same session may. */
  get lane(): string {
    return this.status === 'T' ? `t ${this.id} ${this.transaction}` : this.ownLane
  }

  /** The lane of its statements outside of transactions. */
  get idleLane(): string {
    return this.ownLane
  }

  private setUp(setup: number): void {
    this.setup = setup
    this.ownKey = setup === 0 ? this.database : `${this.database} ${setup}`
    this.ownLane = `i ${this.ownKey}`
  }
}

function mixed(before: number, text: string, values: unknown): number {
  const digest = new Digest()
  digest.number(before | 0)
  digest.text(text, 0, text.length, 10_000)
  const given = Array.isArray(values) ? JSON.stringify(values.map(String)) : ''
  digest.text(given, 0, given.length, 10_000)
  return digest.value
}
