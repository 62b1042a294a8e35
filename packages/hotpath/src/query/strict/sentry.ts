import { type Member, WATCH_MS, type Commit } from '../../cache/strict/member.js'
import { activeOf, type Client, queueOf, replaceActive } from '../pg/client.js'
import { Exchange, type Step } from '../pg/exchange.js'
import type { Parts, Watched } from '../pg/parts.js'
import type { Session } from '../session.js'

/** PostgreSQL cuts longer names. */
const NAME_BYTES = 63
/** Of an instance: 'null' is what no session at all looks like. */
const ID_LETTERS = 12
/** After a look, whatever came of it: where the store is away each statement would have one in front. */
const REST_MS = 300
/** A connection that hangs must not keep others from looking. */
const GIVEN_UP_MS = 2_000
/** Ways to databases that are remembered. */
const MOST_DATABASES = 1_000
/** Lost connections that are looked for. */
const MOST_LOST = 1_000

/** Who has a session in this cluster: of each of our processes, by the end of its application_name. */
const LOOK = `select c.id, pg_catalog.pg_is_in_recovery()::pg_catalog.text, a.pid::pg_catalog.text,
    pg_catalog.right(a.application_name, 12)
  from (select system_identifier::pg_catalog.text as id from pg_catalog.pg_control_system()) c
  left join pg_catalog.pg_stat_activity a on a.application_name ~ 'hp:[A-Za-z0-9_-]{12}$'`

/** A commit whose connection was lost: until the server's end of it is gone nobody knows how it ended. */
interface Lost {
  readonly commit: Commit
  readonly pid: number
  /** By the clock of the store, or later. */
  sinceMs: number
}

type Named = Client & {
  readonly processID?: unknown
  readonly _ending?: unknown
  readonly _queryable?: unknown
  readonly connectionParameters?: {
    application_name?: unknown
    fallback_application_name?: unknown
  }
}

/**
 * Knows connections by their names, and looks at the sessions of their cluster: on a connection that nobody
 * uses, or in front of a statement. That tells of processes that write and cannot reach the store, and when one
 * that was killed has nothing under way any more.
 */
export class Sentry {
  private readonly clients = new Map<Client, Session | undefined>()
  private readonly named = new WeakSet<object>()
  /** Clusters by how this process reaches them; '': it is a standby, or cannot be asked. */
  private readonly systems = new Map<string, string>()
  private readonly lookedMs = new Map<string, number>()
  /** Where a look is under way, by when it is given up. */
  private readonly busy = new Map<string, number>()
  private lost: Lost[] = []

  constructor(
    private readonly parts: Parts,
    private readonly member: Member,
    /** It is over, however. */
    private readonly settle: (commit: Commit) => void,
  ) {}

  /** Its connection is about to be opened: our id behind the name that the app has given it. */
  connecting(client: Client): void {
    const { connectionParameters: known } = client as Named
    if (known === undefined || this.named.has(client)) return
    const own = known.application_name ?? known.fallback_application_name
    known.application_name = this.nameBehind(typeof own === 'string' ? own : '')
    this.named.add(client)
  }

  sees(client: Client, session: Session): void {
    this.clients.set(client, session)
  }

  closed(client: Client): void {
    this.clients.delete(client)
  }

  /** The cluster that a session is of; '?' as long as that is not known. */
  systemOf({ database }: Session): string {
    return this.systems.get(database) || '?'
  }

  /** True: it is looked first, then it is this query's turn again. */
  before(query: Watched, client: Client, session: Session): boolean {
    if (session.status !== 'I' || client.pipeline) return false
    const system = this.systems.get(session.database)
    const named = this.named.has(client)
    if (named && this.rests(session)) return false
    if (named && system !== undefined && (system === '' || !this.isDue(system, 0))) return false
    if (named && this.isBusy(session.database)) return false
    const exchange = this.look(client, session, named, error => {
      if (error === undefined) queueOf(client).unshift(query)
      else query.handleError(error, client.connection as object)
    })
    replaceActive(client, exchange)
    return true
  }

  /** Looks where that is due, on connections that nobody uses. */
  beat(): void {
    for (const [client, session] of this.clients) {
      if (session === undefined || !isIdle(client, session) || !this.named.has(client)) continue
      const { database } = session
      if (this.isBusy(database) || this.rests(session)) continue
      const system = this.systems.get(database)
      if (system === '' || (system !== undefined && !this.isDue(system, WATCH_MS / 2))) continue
      queueOf(client).push(this.look(client, session, true, () => {}))
      client._pulseQueryQueue()
    }
  }

  /** Its connection is lost: it is open until the server knows that too. */
  waitsFor(commit: Commit, client: Client): void {
    const { processID } = client as Named
    this.lost.push({ commit, pid: Number(processID), sinceMs: this.member.storeAtMostMs })
    if (this.lost.length > MOST_LOST) this.settle((this.lost.shift() as Lost).commit)
  }

  private isDue(system: string, earlyMs: number): boolean {
    if (this.lost.some(({ commit }) => commit.system === system) && earlyMs > 0) return true
    const now = this.member.storeNowMs
    return now !== undefined && (this.member.watched.get(system) ?? 0) - now <= earlyMs
  }

  private isBusy(database: string): boolean {
    return this.parts.host.now() < (this.busy.get(database) ?? 0)
  }

  private rests({ database }: Session): boolean {
    return this.parts.host.now() - (this.lookedMs.get(database) ?? -REST_MS) < REST_MS
  }

  private look(
    client: Client,
    session: Session,
    named: boolean,
    then: (error: unknown) => void,
  ): Exchange {
    const { database } = session
    const { host } = this.parts
    const startedMs = this.member.storeNowMs
    this.busy.set(database, host.now() + GIVEN_UP_MS)
    const steps: Step[] = named ? [{ text: LOOK }] : [this.naming(), { text: LOOK }]
    return new Exchange(
      steps,
      ({ failure, results }) => {
        this.busy.delete(database)
        this.lookedMs.set(database, host.now())
        try {
          const rows = failure === undefined ? results.at(-1)?.rows : undefined
          // A look that began before does not know it.
          if (!named) session.openedMs = host.now()
          this.named.add(client)
          const texts = rows?.map(row => row.map(String))
          if (texts !== undefined) this.take(database, texts, startedMs)
        } catch {
          host.caught('strict.look')
        }
        then(undefined)
      },
      error => {
        this.busy.delete(database)
        then(error)
      },
    )
  }

  /** Of a connection that was opened before we were there. */
  private naming(): Step {
    const text = `select pg_catalog.set_config('application_name',
      pg_catalog.left(pg_catalog.current_setting('application_name'), 46) || $1, false)`
    return { text, values: [` hp:${this.member.id}`] }
  }

  private take(
    database: string,
    rows: readonly (readonly string[])[],
    startedMs: number | undefined,
  ): void {
    const [system = '', standby = ''] = rows[0] ?? []
    if (this.systems.size >= MOST_DATABASES) {
      for (const known of [this.systems, this.lookedMs, this.busy]) known.clear()
    }
    this.systems.set(database, standby === 'false' ? system : '')
    if (standby !== 'false') return
    this.member.joins(system)
    const sessions = rows
      .map(([, , pid, instance = '']) => ({ instance, pid: Number(pid) }))
      .filter(({ instance }) => instance.length === ID_LETTERS)
    if (startedMs === undefined) return
    const untilMs = startedMs + WATCH_MS
    const sighting = { system, startedMs, untilMs, sessions }
    void this.member
      .ask(store => store.sighted(sighting).then(() => true))
      .then(told => {
        const known = this.member.watched.get(system) ?? 0
        if (told === true && untilMs > known) this.member.watched.set(system, untilMs)
      })
  }

  /** What somebody has seen of our sessions: connections that were lost before, and are gone, are over. */
  looked(system: string, atMs: number, pids: readonly number[]): void {
    const gone = ({ commit, pid, sinceMs }: Lost) =>
      (commit.system === system || commit.system === '?') && sinceMs < atMs && !pids.includes(pid)
    for (const one of this.lost) one.sinceMs = Math.min(one.sinceMs, this.member.storeAtMostMs)
    const over = this.lost.filter(gone)
    if (over.length === 0) return
    this.lost = this.lost.filter(one => !over.includes(one))
    for (const { commit } of over) this.settle(commit)
  }

  private nameBehind(own: string): string {
    const suffix = ` hp:${this.member.id}`
    const room = NAME_BYTES - suffix.length
    let cut = own
    while (Buffer.byteLength(cut) > room) cut = cut.slice(0, -1)
    return `${cut}${suffix}`.trimStart()
  }
}

function isIdle(client: Client, session: Session): boolean {
  const { _ending, _queryable, pipeline, readyForQuery } = client as Named
  if (_ending || pipeline || _queryable === false || readyForQuery !== true) return false
  return session.status === 'I' && !activeOf(client) && queueOf(client).length === 0
}
