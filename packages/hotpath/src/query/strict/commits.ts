import { ALL } from '../../cache/strict/strictness.js'
import type { Commit, Member } from '../../cache/strict/member.js'
import type { PgQuery } from '../pg/answer.js'
import { activeOf, type Client, resend } from '../pg/client.js'
import type { Parts } from '../pg/parts.js'
import type { Defects } from '../defects.js'
import type { Pending } from '../invalidation/pending.js'
import type { Session } from '../session.js'
import type { Sentry } from './sentry.js'

/** Ends a transaction by its first word. */
const ENDS = /^\W*(?:commit|end)\b/i
/** May do so further on: behind a comment, or in a text of several statements. */
const MAY_END = /(?:^\s*(?:--|\/\*)|;)[^]*\b(?:commit|end)\b/i

/**
 * Holds what may commit back until its tags are marked at the store, and has them renewed when it is over. In
 * between nobody is given anything that it touches, so that it does not matter when the app hears of it, or
 * whether this process is there to see how it ended.
 */
export class Commits {
  /** Was held, and may go. */
  private readonly cleared = new WeakSet<object>()

  constructor(
    private readonly parts: Parts,
    private readonly member: Member,
    private readonly sentry: Sentry,
    private readonly defects: Defects,
  ) {}

  /** True, once: this query was held, and goes out as it is. */
  isCleared(query: object): boolean {
    return this.cleared.delete(query)
  }

  /** True: the query is sent later. Of what it writes the session has taken note. */
  holds(query: object, client: Client, session: Session, text: string | undefined): boolean {
    const { pending } = session
    if (pending === undefined || session.status === 'E') return false
    if (session.status === 'T' && text !== undefined && !mayEnd(text)) return false
    const names = pending.everything ? [ALL] : [...new Set(pending.names)]
    if (this.defects.noMarks === true) {
      session.commits = [Promise.resolve(this.unmarked(session, names))]
      return false
    }
    const openMs = Math.max(0, this.parts.host.now() - session.openedMs)
    const begun = this.member.begin(this.sentry.systemOf(session), names, openMs)
    if (client.pipeline) {
      // What is behind it would overtake it.
      session.commits = [...(session.commits ?? []), begun]
      return false
    }
    this.wait(query, client, session, begun)
    return true
  }

  /**
   * Sends a query when something has resolved, if it is still its turn.
   *
   * @param left What is done if it is not.
   */
  resume(query: object, client: Client, when: Promise<unknown>): void {
    void when.then(() => {
      if (activeOf(client) === query) resend(client, query as PgQuery)
    })
  }

  /**
   * A query that is none of pg's own sends itself.
   *
   * @param holds Whether it is sent later; never throws, for it runs in code of the app.
   */
  guard(query: { submit(connection: object): unknown }, holds: () => boolean): void {
    const { submit } = query
    const isHeld = () => !this.isCleared(query) && holds()
    Object.defineProperty(query, 'submit', {
      configurable: true,
      writable: true,
      enumerable: false,
      value(connection: object) {
        if (isHeld()) return null
        return submit.call(query, connection)
      },
    })
  }

  /** The server is ready for the next: what was committed is. */
  over(session: Session): void {
    const { commits } = session
    if (commits === undefined) return
    session.commits = undefined
    for (const commit of commits) this.settle(commit)
  }

  /** The connection is lost, and with it the answer. */
  lost(session: Session, client: Client): void {
    this.sentry.closed(client)
    const { commits } = session
    if (commits === undefined) return
    session.commits = undefined
    for (const one of commits) void one.then(commit => this.sentry.waitsFor(commit, client))
  }

  private wait(query: object, client: Client, session: Session, begun: Promise<Commit>): void {
    void begun
      .then(commit => {
        // Its connection was lost, or its timeout passed, meanwhile.
        if (activeOf(client) !== query) return this.settle(begun)
        session.commits = [Promise.resolve(commit)]
        this.cleared.add(query)
        resend(client, query as PgQuery)
      })
      .catch(() => this.parts.host.caught('strict.hold'))
  }

  private settle(commit: Promise<Commit>): void {
    void commit
      .then(one => this.member.settle(one))
      .catch(() => this.parts.host.caught('strict.settle'))
  }

  /** The defect: told at the statement, and not again. */
  early(session: Session, written: Pending): void {
    const names = written.everything ? [ALL] : [...new Set(written.names)]
    this.settle(Promise.resolve(this.unmarked(session, names)))
  }

  private unmarked(session: Session, names: readonly string[]): Commit {
    const system = this.sentry.systemOf(session)
    return { n: 0, system, names, marked: false, told: () => {} }
  }
}

const mayEnd = (text: string): boolean => ENDS.test(text) || MAY_END.test(text)
