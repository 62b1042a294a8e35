import type { TagListener, Tags } from '../../cache/tags.js'
import { type Client, hasMore } from '../pg/client.js'
import type { Parts } from '../pg/parts.js'
import type { Session } from '../session.js'
import type { Commits } from '../strict/commits.js'
import type { Knowledge } from './knowledge.js'
import type { Pending } from './pending.js'

/** The app may replace the global timers; ours must be real. */
const { setTimeout } = globalThis

/** A COMMIT whose connection was lost may still be at work: it is told again after these. */
const AGAIN_MS = [100, 1_000, 10_000]

type Listener = (message: never) => void

/** What transactions have written, told when they are over. */
export class Transactions {
  /** Where versions are shared: holds COMMIT back until it is marked. */
  commits: Commits | undefined = undefined

  constructor(
    private readonly parts: Parts,
    private readonly tags: Tags,
    private readonly knowledge: Knowledge,
    /** Who hears what others tell: what is told here is known there. */
    private readonly own: TagListener,
  ) {}

  /**
   * Something that writes is about to be sent. Of a COPY or a cursor neither that is seen nor its end: it
   * is told whenever the server is ready, until nothing waits in the client.
   */
  collects(client: Client, session: Session, written: Pending): void {
    if (written.ddl) this.knowledge.forget()
    if (client.pipeline) written.unseen = true
    if (this.parts.defects.earlyBump === true) {
      this.commits?.early(session, written)
      this.tell(written)
      return
    }
    const { pending } = session
    if (pending === undefined) {
      session.pending = written
      return
    }
    pending.add(written)
  }

  /** Hears what the server says before the driver does, and so before the app does. */
  watch(client: Client, session: Session): void {
    const { connection } = client
    if (connection === undefined) return
    /** What the server has said that it did last. */
    let last: unknown
    const hear = (event: string, listener: (message: unknown) => void) =>
      connection.prependListener(event, (message => {
        try {
          listener(message)
        } catch {
          this.parts.host.caught('query.commit')
        }
      }) as Listener)
    hear('commandComplete', message => {
      last = (message as { text?: unknown } | undefined)?.text
      // What comes after it in the same text was collected with it, and is told when that is over.
      if (last === 'COMMIT') this.over(session, true)
    })
    if (session.status !== '') session.openedMs = this.parts.host.now()
    hear('readyForQuery', message => {
      if (session.openedMs === Number.POSITIVE_INFINITY) session.openedMs = this.parts.host.now()
      this.commits?.over(session)
      const idle = (message as { status?: unknown } | undefined)?.status === 'I'
      const done = last
      last = undefined
      const unseen = session.pending?.unseen === true
      // Told already, with nothing behind it.
      if (done === 'COMMIT' && !unseen) session.pending = undefined
      if (!idle) return
      session.ownSnapshot = false
      const waits = unseen && hasMore(client)
      if (done === 'ROLLBACK' && !unseen) session.pending = undefined
      else this.over(session, waits)
    })
    for (const event of ['error', 'end']) hear(event, () => this.lost(session, client))
  }

  /** A statement failed: outside of a transaction, and at its end, that may be after it was committed. */
  failed(session: Session, text: string): void {
    if (session.pending === undefined) return
    if (session.status === 'T' && !/^\W*(?:commit|end)\b/i.test(text)) return
    this.tell(session.pending)
  }

  private over(session: Session, goesOn: boolean): void {
    const { pending } = session
    if (pending === undefined) return
    if (!goesOn) session.pending = undefined
    this.tell(pending)
  }

  private lost(session: Session, client: Client): void {
    this.commits?.lost(session, client)
    const { pending } = session
    if (pending === undefined) return
    session.pending = undefined
    this.tell(pending)
    for (const afterMs of AGAIN_MS) setTimeout(() => this.tell(pending), afterMs).unref()
  }

  private tell(pending: Pending): void {
    if (pending.ddl) this.knowledge.forget()
    if (pending.everything) this.tags.bumpAll()
    else this.tags.bump(pending.names, this.own, false)
  }
}
