import type { Advice, Statement, Verified } from './advice.js'
import { tableName } from './candidate.js'
import { bloatedOf } from './bloat.js'
import type { Catalog } from './catalog.js'
import { choose } from './choose.js'
import { dropsOf } from './drops.js'
import { type Asked, type Entry, entriesOf, read } from './entries.js'
import { keyLookUps } from './key-look-ups.js'
import { type IndexMemory, knownDays } from './memory.js'
import { quoted } from './names.js'
import { figuresOf } from './figures.js'
import { indexesIn } from './plan.js'
import { creationsOf, untriedOf, unverified, verified } from './proposals.js'
import { mostTables, type Named, readCatalog } from './read-catalog.js'
import { nonesOf } from './reasons.js'
import { Remarks } from './remarks.js'
import { areOfOneDatabase, causeOf, placeOf, Session, sqlState } from './session.js'
import { type Sessions, withSessions } from './sessions.js'
import { loadGrammar, type Parsed, tablesIn } from './tree.js'
import { WhatIf } from './what-if.js'
import { writePrice, writesOf } from './writes.js'

export interface AdviseOptions {
  /** `postgres://...`; a user who may only read is enough. */
  readonly database: string
  /** A database with the same tables, in which indexes may be made; each is rolled back. */
  readonly copy?: string
  readonly workload: { readonly source: string; readonly statements: readonly Statement[] }
  /** Milliseconds after which no more is tried; what was tried by then is told. */
  readonly patienceMs?: number
  /** Indexes at most, and bytes that they may take together. */
  readonly most?: number
  readonly bytes?: number
  readonly unusedAfterDays?: number
  /** Since when indexes are known to be there; those that are seen now are remembered. */
  readonly memory?: IndexMemory
  /** Ends it early, with what was tried by then. */
  readonly signal?: AbortSignal
}

/** Questions in a row for half a minute are enough of a load. */
const usualPatienceMs = 30_000

/**
 * Advises which indexes a database lacks for a workload, and which are in its way. It reads the catalog and asks for
 * plans; it runs no statement of the workload and changes nothing. Throws a `ConsoleError` where the database does
 * not let it in or does not answer.
 *
 * @example
 * await advise({ database: 'postgres://reader@db/shop', workload: { source: 'a file', statements } })
 */
export async function advise(options: AdviseOptions): Promise<Advice> {
  await loadGrammar()
  return withSessions(sessions, options, (session, copy) =>
    new Adviser(options, session, copy).run(),
  )
}

/** The planner's cost of each statement as the database is now, by its text; for what was made since. */
export async function costsNow(
  database: string,
  statements: readonly Statement[],
): Promise<ReadonlyMap<string, number>> {
  await loadGrammar()
  const options = { database, workload: { source: 'what was advised', statements } }
  return withSessions(sessions, { database }, session =>
    new Adviser(options, session, undefined).costs(),
  )
}

const sessions: Sessions<Session> = {
  open: url => Session.open(url),
  openCopy: url => Session.open(url, { isCopy: true }),
  placeOf,
  areOfOneDatabase,
  isServers: error => sqlState(error).length === 5,
  causeOf,
}

class Adviser {
  private readonly remarks = new Remarks()
  private readonly place: string
  private readonly until: number

  constructor(
    private readonly options: AdviseOptions,
    private readonly session: Session,
    private readonly copy: Session | undefined,
  ) {
    this.place = placeOf(options.database)
    this.until = performance.now() + (options.patienceMs ?? usualPatienceMs)
  }

  async run(): Promise<Advice> {
    const { remarks } = this
    const { source, statements } = this.options.workload
    const listed = read(statements, remarks)
    const catalog = await this.readCatalog(listed.map(({ parsed }) => parsed))
    const { whatIf, verifiedBy } = await this.whatIf()
    const entries = await entriesOf(listed, this.asked(catalog, whatIf))
    const writes = entries.flatMap(({ statement, calls, before }) =>
      writesOf(statement, calls, before),
    )
    const lookUps = keyLookUps(catalog, writes)
    const all = [...entries, ...(await entriesOf(lookUps, this.asked(catalog, whatIf)))]
    const choice = await choose(
      whatIf,
      all,
      index => writePrice(index, writes),
      () => this.isOver(),
      this.options,
    )
    if (choice.isCut)
      remarks.note(
        `The time was up before all ${choice.tried} candidates were tried: --patience gives more.`,
      )
    const proposing = { writes, taken: new Set(catalog.taken) }
    const create = await creationsOf(choice.chosen, all, whatIf, (index, facts) =>
      verified(index, facts, whatIf, proposing),
    )
    const set = choice.chosen.map(({ index }) => index)
    const outcomes = await whatIf.outcomes(
      all.map(({ statement }) => statement),
      set,
    )
    const after = outcomes.map(({ cost }) => cost)
    const open = untriedOf(all, whatIf, after)
    const drops = dropsOf(catalog, {
      used: new Set(entries.flatMap(({ before }) => [...indexesIn(before.plan)])),
      made: set.map((index, at) => ({ ...index, name: create[at]?.name ?? '' })),
      knownDays: knownDays(this.options.memory, catalog.tables, (_, { oid, name }) => [
        this.place,
        oid,
        name,
      ]),
      ...(this.options.unusedAfterDays === undefined
        ? {}
        : { unusedAfterDays: this.options.unusedAfterDays }),
    })
    const gone = new Set(drops.drop.map(({ table, name }) => JSON.stringify([table, name])))
    const bloated = await this.session.transaction(() => bloatedOf(this.session, catalog))
    const proposed = new Set(open.map(({ entry }) => entry))
    return {
      database: this.place,
      ...figuresOf({
        source,
        entries,
        all,
        after,
        choice,
        remarks,
        sessions: this.sessions(),
        plans: whatIf.plans,
        verifiedBy,
      }),
      create: [...create, ...open.map(one => unverified(one, proposing))],
      drop: drops.drop,
      // What is dropped needs no rebuilding.
      rebuild: bloated.filter(({ table, name }) => !gone.has(JSON.stringify([table, name]))),
      none: nonesOf(
        all.filter(entry => !proposed.has(entry)),
        after.filter((_, at) => !proposed.has(all[at] as Entry)),
        choice,
      ),
      notes: [...remarks.notes, ...drops.notes],
    }
  }

  async costs(): Promise<ReadonlyMap<string, number>> {
    const listed = read(this.options.workload.statements, this.remarks)
    const catalog = await this.readCatalog(listed.map(({ parsed }) => parsed))
    const whatIf = new WhatIf(this.session, undefined)
    const entries = await entriesOf(listed, this.asked(catalog, whatIf))
    return new Map(entries.map(({ shown, before }) => [shown, before.cost]))
  }

  private asked(catalog: Catalog, whatIf: WhatIf): Asked {
    return {
      catalog,
      whatIf,
      sessions: this.sessions(),
      isOver: () => this.isOver(),
      remarks: this.remarks,
    }
  }

  private sessions(): Session[] {
    return [this.session, ...(this.copy === undefined ? [] : [this.copy])]
  }

  /** By what indexes are tried here. */
  private async whatIf(): Promise<{ whatIf: WhatIf; verifiedBy: Verified }> {
    const asked = this.copy ?? this.session
    const schema = await asked.transaction(async () => {
      const [row] = await asked.rows(
        `select n.nspname::text as schema from pg_catalog.pg_extension e
         join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'hypopg'`,
      )
      return row === undefined ? undefined : quoted(String(row['schema']))
    })
    return {
      whatIf: new WhatIf(asked, schema),
      verifiedBy: schema !== undefined ? 'hypopg' : this.copy !== undefined ? 'copy' : 'none',
    }
  }

  private async readCatalog(parsed: readonly Parsed[]): Promise<Catalog> {
    const wanted = new Map<string, Named>()
    for (const { tree } of parsed)
      for (const named of tablesIn(tree))
        wanted.set(JSON.stringify([named.schema, named.name]), named)
    if (wanted.size > mostTables)
      this.remarks.note(
        `The statements name ${wanted.size} tables; ${mostTables} of them were looked at.`,
      )
    const catalog = await this.session.transaction(() =>
      readCatalog(this.session.rows, [...wanted.values()]),
    )
    const blind = catalog.tables.filter(
      ({ rows, pages, columns, kind }) =>
        (kind === 'r' || kind === 'p') &&
        (rows < 0 || (rows > 0 && pages > 8 && ![...columns.values()].some(one => one.hasStats))),
    )
    if (blind.length > 0)
      this.remarks.note(
        `No statistics are to be seen of ${blind.slice(0, 3).map(tableName).join(', ')}${blind.length > 3 ? ` and ${blind.length - 3} more` : ''}: the planner guesses. Run ANALYZE, or ask as a user who may read the ${blind.length === 1 ? 'table' : 'tables'}.`,
      )
    return catalog
  }

  private isOver(): boolean {
    return this.options.signal?.aborted === true || performance.now() > this.until
  }
}
