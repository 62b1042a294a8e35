import { Digest } from '../sql/digest.js'
import type { SessionEffect } from './effect.js'
import type { Catalog } from './catalog.js'

/** Functions without a verdict that one client may have called. */
const MAX_UNKNOWN = 100

let lastId = 0

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
  private leading = true
  private readonly unknown = new Set<string>()

  constructor(
    /** Which server, which database, as whom. */
    readonly database: string,
  ) {}

  /** A statement was given to the connection. */
  sees(effect: SessionEffect, text: string, values: unknown): void {
    if (effect.quiet) {
      this.leading = false
      return
    }
    if (effect.fresh) {
      this.setup = 0
      this.tainted = false
      this.leading = true
      return
    }
    if (effect.local) this.changed = true
    if (effect.session && this.leading) this.setup = mixed(this.setup, text, values)
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

  /** A function that it called may have changed the session, as the catalog tells. */
  judge(catalog: Catalog): void {
    for (const name of this.unknown) if (catalog.mayChangeSession(name)) this.tainted = true
    this.unknown.clear()
  }

  /** It is known where it stands, and nothing was set behind our back. */
  get settled(): boolean {
    return (this.status === 'I' || this.status === 'T') && !this.tainted && !this.changed
  }

  /** What connections with equal answers have in common. */
  get key(): string {
    return this.setup === 0 ? this.database : `${this.database} ${this.setup}`
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
