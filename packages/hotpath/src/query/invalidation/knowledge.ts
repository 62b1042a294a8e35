import type { Tags } from '../../cache/tags.js'
import type { Call } from '../pg/call.js'
import { queueOf, replaceActive } from '../pg/client.js'
import { Exchange, type Step } from '../pg/exchange.js'
import type { Parts, Watched } from '../pg/parts.js'
import type { Session } from '../session.js'
import { CATALOG_OF_ALL } from './catalog-text.js'
import { Facts } from './facts.js'
import type { Grammar } from './functions.js'
import { TagNames } from './names.js'
import { Verdicts } from './verdicts.js'

/** After this long the catalog is asked again: others may have changed it. */
const MAX_AGE_MS = 60_000
/** Kinds of sessions that are told apart. */
const MAX_KINDS = 200

/**
 * In this transaction alone: it waits for nobody's locks, and is not compiled, which would take longer
 * than it runs.
 */
const NO_WAITING: Step = {
  text: "select pg_catalog.set_config('lock_timeout', '50', true), pg_catalog.set_config('jit', 'off', true)",
}

/** What is known of one database, as sessions of one kind see it. */
export interface Known {
  readonly verdicts: Verdicts
  readonly names: TagNames
}

interface Entry {
  readonly atMs: number
  /** Undefined: it could not be asked. */
  readonly known: Known | undefined
}

/** What the catalogs say, asked when it is needed and for a minute. */
export class Knowledge {
  private readonly entries = new Map<string, Entry>()
  /** Functions by database, in whatever session they were asked for. */
  private readonly functions = new Map<string, Verdicts>()
  /** Databases of which anything may have been noted. Outlives what is known of their tables. */
  private readonly met = new Map<string, TagNames>()
  /** Counts changes of tables, types and functions by this process. */
  private changes = 0

  constructor(
    private readonly parts: Parts,
    private readonly tags: Tags,
    private readonly grammar: Grammar,
  ) {}

  /** Also when it is old: who needs it young asks. */
  of(session: Session): Known | undefined {
    return this.entries.get(session.key)?.known
  }

  /** Whether one of these is a function of the app's, as far as is known. */
  hasAny(names: readonly string[], session: Session): boolean {
    const functions = this.of(session)?.verdicts.facts.functionsByName
    return functions !== undefined && names.some(name => functions.has(name))
  }

  /** Labels of all that is known; undefined: nothing is, or not all. */
  labels(): ReadonlySet<string> | undefined {
    const labels = new Set<string>()
    for (const { known } of this.entries.values()) {
      if (known === undefined || known.verdicts.facts.tooMany) return undefined
      for (const { label } of known.verdicts.facts.relations.values()) labels.add(label)
    }
    return this.entries.size === 0 ? undefined : labels
  }

  /** Of this cluster and database, as any session sees it. */
  ofDatabase(id: string): Known | undefined {
    for (const { known } of this.entries.values()) if (known?.verdicts.facts.id === id) return known
    return undefined
  }

  /** What makes all that was read of any database old. */
  databases(): string[] {
    return [...this.met.values()].flatMap(({ all }) => all)
  }

  /** Something was created, changed or dropped. */
  forget(): void {
    this.changes++
    this.entries.clear()
    this.functions.clear()
  }

  /** Whether functions that this session called have changed it, where that was asked lately. */
  judge(session: Session): void {
    const known = this.functions.get(session.database)
    if (known === undefined || this.parts.host.now() - known.facts.atMs >= MAX_AGE_MS) return
    session.judge(known.functions)
  }

  /** Asks before this query is sent, if what is known is old. False: it is young, or cannot be asked. */
  ask(query: Watched, call: Call): boolean {
    const { session, client } = call
    if (session === undefined || client === undefined || client.pipeline) return false
    const { key } = session
    const now = this.parts.host.now()
    const before = this.entries.get(key)
    if (before !== undefined && now - before.atMs < MAX_AGE_MS) return false
    const { changes } = this
    const exchange = new Exchange(
      [NO_WAITING, { text: CATALOG_OF_ALL }],
      done => {
        try {
          const rows =
            done.failure === undefined && !done.tooMuch ? done.results[1]?.rows : undefined
          // What somebody changed while it was asked may not be in it: asked again at once.
          if (rows === undefined || changes === this.changes) this.take(session, rows, before)
        } catch {
          this.parts.host.caught('query.catalog')
          this.keep(key, { atMs: now, known: undefined })
        }
        queueOf(client).unshift(query)
      },
      error => query.handleError(error, client.connection as object),
    )
    replaceActive(client, exchange)
    return true
  }

  private take(
    session: Session,
    rows: Exchange['results'][number]['rows'] | undefined,
    before: Entry | undefined,
  ): void {
    const now = this.parts.host.now()
    const { key } = session
    if (rows === undefined) return this.keep(key, { atMs: now, known: undefined })
    const facts = new Facts(rows, now)
    if (this.functions.size >= MAX_KINDS) this.functions.clear()
    const verdicts = new Verdicts(facts, this.grammar, this.parts.defects.noClosure)
    this.functions.set(session.database, verdicts)
    this.judge(session)
    // Asked where a function had set another search path: it is no other session's.
    if (!session.askable) return
    const old = before?.known
    if (old !== undefined && old.verdicts.facts.digest === facts.digest) {
      this.keep(key, { atMs: now, known: old })
      return
    }
    // Somebody else changed it: what was noted by the old one may miss a table.
    if (old !== undefined) this.tags.bump(old.names.all)
    const names = new TagNames(facts.id)
    this.met.set(facts.id, names)
    this.keep(key, { atMs: now, known: { verdicts, names } })
  }

  private keep(key: string, entry: Entry): void {
    if (this.entries.size >= MAX_KINDS && !this.entries.has(key)) this.entries.clear()
    this.entries.set(key, entry)
  }
}
