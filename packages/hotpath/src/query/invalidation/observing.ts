import { CHANGED_ELSEWHERE, WRITTEN_ELSEWHERE } from '../../cache/elsewhere.js'
import type { TagListener, Tags } from '../../cache/tags.js'
import type { ListeningClient } from '../../config/outside.js'
import type { Call } from '../pg/call.js'
import type { Client } from '../pg/client.js'
import type { Parts, Watched } from '../pg/parts.js'
import type { Session } from '../session.js'
import type { Grammar } from './functions.js'
import { Knowledge } from './knowledge.js'
import { tellsOfChange } from './names.js'
import { handOver, type Noted, objected } from './noted.js'
import { Outside } from './outside.js'
import { Pending } from './pending.js'
import type { StrictWay } from '../strict/start.js'
import { Transactions } from './transactions.js'

/** Begins, ends or sets something. */
const CONTROLS = /^\W*(?:begin|start|commit|end|rollback|abort|savepoint|release|set|reset|lock)\b/i
/** Perhaps several statements in one text. */
const SEVERAL = /;\s*\S/
/** Gives data, and is no SELECT. */
const GIVES_DATA = /^\W*(?:fetch|show|explain|copy|execute)\b/i

/**
 * Notes what computations read, and tells what transactions have written: before it is sent, and before
 * the app hears that it is committed.
 */
export class Observing {
  private readonly knowledge: Knowledge
  private readonly transactions: Transactions
  private strict: StrictWay | undefined = undefined

  constructor(
    private readonly parts: Parts,
    private readonly tags: Tags,
    grammar: Grammar,
  ) {
    this.knowledge = new Knowledge(parts, tags, grammar)
    const heard: TagListener = names => {
      if (names === 'all') return
      if (names.some(tellsOfChange)) this.knowledge.forget()
      // Through another driver: in which database, and what there, is not known.
      if (names.includes(WRITTEN_ELSEWHERE) || names.includes(CHANGED_ELSEWHERE))
        tags.bump(this.knowledge.databases())
    }
    tags.listen(heard, true)
    this.transactions = new Transactions(parts, tags, this.knowledge, heard)
    parts.sessions.watcher = (client, session) => {
      this.transactions.watch(client, session)
      this.strict?.sentry.sees(client, session)
    }
  }

  /** Hears of what others write. */
  listen(make: () => ListeningClient | Promise<ListeningClient>): Outside {
    return new Outside(make, id => this.knowledge.ofDatabase(id), this.tags, this.parts.host)
  }

  /** Versions are shared by all processes, and asked for at each hit. */
  share(make: (forget: () => void) => StrictWay): void {
    this.strict = make(() => this.knowledge.forget())
    this.transactions.commits = this.strict.commits
  }

  /** A connection is about to be opened. */
  connecting(client: Client): void {
    this.strict?.sentry.connecting(client)
  }

  /** True: it was held back until its writes were marked, and goes out as it is. */
  isCleared(query: object): boolean {
    return this.strict?.commits.isCleared(query) === true
  }

  /** True: it goes out later, when what it may commit is marked. To be called after `sends`. */
  holds(query: object, client: Client | undefined, text: string | undefined): boolean {
    const { strict } = this
    if (strict === undefined || client === undefined) return false
    try {
      return strict.commits.holds(query, client, this.parts.sessions.of(client), text)
    } catch {
      this.parts.host.caught('strict.hold')
      strict.doubt()
      return false
    }
  }

  /** A query that is none of pg's own was handed in. */
  guard(query: object, client: Client): void {
    if (this.strict !== undefined && isSubmitting(query))
      this.strict.commits.guard(query, () => this.holds(query, client, undefined))
  }

  /** True: the shared versions of what it reads are asked for first, then it is its turn again. */
  private learns(query: Watched, call: Call): boolean {
    const { strict, tags } = this
    const { client, shape, computation, scope } = call
    if (strict === undefined || call.learned || client === undefined || client.pipeline)
      return false
    if (!shape.effect.reads || (computation === undefined && scope?.atStake !== true)) return false
    const unknown = this.noted(call).tags.filter(tag => tags.strict?.knows(tag) === false)
    if (unknown.length === 0) return false
    call.learned = true
    strict.commits.resume(query, client, tags.strict?.learn(unknown) ?? Promise.resolve())
    return true
  }

  /** Names of what the catalogs have, such as `shop.menu`; undefined: not all of it is known. */
  labels(): ReadonlySet<string> | undefined {
    return this.knowledge.labels()
  }

  /**
   * True: the catalog is asked first, then it is this query's turn again.
   *
   * @param wanted Its answer is to be kept.
   */
  before(query: Watched, call: Call, wanted: boolean): boolean {
    const { session, client } = call
    // A new connection says where it stands after the pool has given it its first statement.
    if (session?.status === '' && client !== undefined) this.parts.sessions.of(client)
    if (session !== undefined && client !== undefined)
      if (this.strict?.sentry.before(query, client, session) === true) return true
    return this.asks(query, call, wanted) || this.learns(query, call)
  }

  private asks(query: Watched, call: Call, wanted: boolean): boolean {
    const { session, computation, shape } = call
    if (session === undefined || session.status !== 'I' || !session.askable) return false
    // A session goes by what it is about to be: what it is asked before that would be told of another.
    const { session: sets, fresh, local } = shape.effect
    if (sets || fresh || local) return false
    if (computation === undefined && !wanted) {
      // Nothing is kept of which anything could become old, or this only reads.
      if (this.tags.idle || (shape.effect.reads && shape.effect.calls.length === 0)) return false
    }
    return this.knowledge.ask(query, call)
  }

  /** Whether functions that this session called have changed it, where that is known. */
  judge(session: Session): void {
    this.knowledge.judge(session)
  }

  /**
   * What it reads, in the versions of now: to be called right before it is sent.
   *
   * @param whole Of tables, for other parameters as well.
   */
  noted(call: Call, whole = false): Noted {
    const { session, shape, client } = call
    if (session === undefined || client === undefined) return objected('is on no connection yet')
    const objection = this.objectionTo(session, client)
    if (objection !== '') return objected(objection)
    const known = this.knowledge.of(session)
    if (known === undefined) return objected('the catalog could not be asked yet')
    const { verdicts, names } = known
    if (session.status === 'T' && verdicts.facts.isolation !== 'read committed')
      return objected('reads from a snapshot of its own')
    const verdict = verdicts.read(shape.touches, shape.readNow())
    if (verdict.objection !== '') return objected(verdict.objection)
    const read = names.ofRead(verdict, n => (whole ? undefined : call.wireAt(n)))
    const tags = read.map(name => this.tags.of(name))
    return { objection: '', tags, versions: tags.map(tag => tag.version) }
  }

  /** The call goes out as it is. Never throws: what fails is taken for the worst. */
  sends(call: Call): void {
    try {
      this.see(call)
    } catch {
      call.computation?.forbid('what it reads could not be told')
      if (call.session !== undefined && call.client !== undefined)
        this.doubt(call.client, call.session)
    }
  }

  /** It is not known what this connection was given. */
  doubt(client: Client, session: Session): void {
    this.parts.host.caught('query.observe')
    const pending = new Pending([], true)
    pending.unseen = true
    this.transactions.collects(client, session, pending)
  }

  private see(call: Call): void {
    const { session, shape, computation, client } = call
    if (session === undefined || client === undefined) return
    const { effect } = shape
    if (computation === undefined && this.tags.idle && call.scope?.atStake !== true)
      return this.seeIdly(call, session, client)
    if (!effect.reads && shape.touches.isolates) session.ownSnapshot = true
    const written = this.written(call, session)
    if (written !== undefined) {
      computation?.forbid('writes')
      this.transactions.collects(client, session, written)
    } else if (!effect.reads) {
      if (computation !== undefined && GIVES_DATA.test(shape.text))
        computation.forbid('reads otherwise than by a select')
    } else if (computation !== undefined || call.scope?.atStake === true) {
      call.noted = this.noted(call)
      handOver(computation, call.noted)
    }
  }

  /**
   * Nothing is kept: a text is not worth its reading. Where something is kept by the time that its
   * transaction is over, that is old.
   */
  private seeIdly({ shape }: Call, session: Session, client: Client): void {
    const { effect } = shape
    if (CONTROLS.test(shape.text) && !SEVERAL.test(shape.text)) {
      if (shape.touches.isolates) session.ownSnapshot = true
    } else if (!effect.reads || effect.calls.length > 0) {
      this.transactions.collects(
        client,
        session,
        new Pending([], true, effect.ddl || this.knowledge.hasAny(effect.calls, session)),
      )
    }
  }

  /**
   * A cursor, a stream, a COPY, a statement by its name alone: when it is sent, and when it ends, is not
   * seen.
   *
   * @param call Of its text; undefined: that is not known.
   */
  other(client: Client, session: Session, call: Call | undefined): void {
    const pending = call === undefined ? this.allOf(session, false) : this.written(call, session)
    if (pending === undefined) return
    pending.unseen = true
    this.transactions.collects(client, session, pending)
  }

  /** The app is about to hear that it failed: what it did all the same is told before. */
  failed(call: Call): void {
    if (call.session !== undefined) this.transactions.failed(call.session, call.shape.text)
  }

  private objectionTo(session: Session, client: Client): string {
    if (session.status === '') return 'it is the first statement of its connection'
    if (!session.askable) return 'the settings of its session were changed'
    if (session.unjudged) return 'its session called functions that are not known'
    if (client.pipeline) return 'statements are pipelined'
    if (session.ownSnapshot) return 'reads from a snapshot of its own'
    return session.pending === undefined ? '' : 'its transaction has written'
  }

  /** What it writes; undefined: nothing. */
  private written(call: Call, session: Session): Pending | undefined {
    const { shape } = call
    const { effect, touches } = shape
    const known = this.knowledge.of(session)
    if (known === undefined) {
      const plain = effect.reads ? effect.calls.length === 0 : touches.functions.size === 0
      if (plain && touches.writes.length === 0 && touches.unknown === '' && !touches.ddl)
        return undefined
      // A function may do what a text does not say.
      const ddl = touches.ddl || touches.unknown !== '' || touches.functions.size > 0
      return this.allOf(session, ddl)
    }
    const { verdicts, names } = known
    const verdict = verdicts.write(touches, session.settled)
    const changed = names.ofWrite(verdict, n => call.wireAt(n))
    if (changed.length === 0) return undefined
    const ddl = verdict.ddl || (touches.unknown !== '' && effect.ddl)
    return new Pending(ddl ? names.ddl : changed, false, ddl)
  }

  /** Anything in its database. */
  private allOf(session: Session, ddl: boolean): Pending {
    const known = this.knowledge.of(session)
    return known === undefined
      ? new Pending([], true, ddl)
      : new Pending(known.names.all, false, ddl)
  }
}

function isSubmitting(query: object): query is { submit(connection: object): unknown } {
  return typeof Reflect.get(query, 'submit') === 'function'
}
