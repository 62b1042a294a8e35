import type { Advice, Statement, Verified } from '../advice.js'
import type { AdviseOptions } from '../advise.js'
import { tableName } from '../candidate.js'
import { choose } from '../choose.js'
import type { Entry } from '../entries.js'
import { figuresOf } from '../figures.js'
import { knownDays } from '../memory.js'
import { nodesOf } from '../plan.js'
import { creationsOf } from '../proposals.js'
import { mostTables } from '../read-catalog.js'
import { nonesOf } from '../reasons.js'
import { Remarks } from '../remarks.js'
import { type Sessions, withSessions } from '../sessions.js'
import { creationOf } from './creation.js'
import { dropsOf } from './drops.js'
import { type Asking, entriesOf, type Read, read, writesOf } from './entries.js'
import { Estimate } from './estimate.js'
import { type MySqlCatalog, type Named, readCatalog } from './read-catalog.js'
import { scansOf, shapeOf } from './reasons.js'
import { areOfOneDatabase, causeOf, codeOf, placeOf, Session } from './session.js'
import { hintsIn, loadGrammar, parseOne, tablesIn } from './tree.js'
import { CopyTrial } from './trial.js'
import { writePrice } from './writes.js'

/** Questions in a row for half a minute are enough of a load. */
const usualPatienceMs = 30_000

/**
 * Advises for a MariaDB or MySQL. It reads the catalog, a few hundred rows for sample values, and asks for plans; it
 * runs no statement of the workload and changes nothing but on the copy. Throws a `ConsoleError` where the database
 * does not let it in or does not answer.
 */
export async function advise(options: AdviseOptions): Promise<Advice> {
  await loadGrammar()
  return withSessions(sessions, options, (session, copy) =>
    new Adviser(options, session, copy).run(),
  )
}

/** The cost of each statement as the database is now, by its text; for what was made since. */
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
  openCopy: url => Session.open(url, { writes: true }),
  placeOf,
  areOfOneDatabase,
  isServers: error => /^(?:ER_|PROTOCOL_|E[A-Z]+$)/.test(codeOf(error)),
  causeOf,
}

class Adviser {
  private readonly remarks = new Remarks()
  private readonly until: number

  constructor(
    private readonly options: AdviseOptions,
    private readonly session: Session,
    private readonly copy: Session | undefined,
  ) {
    this.until = performance.now() + (options.patienceMs ?? usualPatienceMs)
  }

  async run(): Promise<Advice> {
    const statements = read(this.options.workload.statements, this.remarks)
    const catalog = await this.readCatalog(statements)
    const { copy } = this
    if (copy === undefined)
      return this.chosen(statements, catalog, new Estimate(this.session), 'none')
    const trial = new CopyTrial(copy)
    try {
      await trial.clean(catalog.tables.filter(({ kind }) => kind === 'r'))
      return await this.chosen(statements, catalog, trial, 'copy')
    } finally {
      await trial.close()
    }
  }

  private async chosen(
    statements: readonly Read[],
    catalog: MySqlCatalog,
    trial: Asking,
    verified: Verified,
  ): Promise<Advice> {
    const { remarks, session, copy } = this
    const place = placeOf(this.options.database)
    const entries = await this.entries(statements, catalog, trial)
    const writes = entries.flatMap(writesOf)
    const choice = await choose(
      trial,
      entries,
      index => writePrice(index, writes),
      () => this.isOver(),
      this.options,
    )
    if (choice.isCut)
      remarks.note(
        `The time was up before all ${choice.tried} candidates were tried: --patience gives more.`,
      )
    const taken = new Set(catalog.taken)
    const create = await creationsOf(choice.chosen, entries, trial, (index, brings) =>
      creationOf(index, { verified, bytes: trial.sizeOf(index) ?? 0, ...brings, writes, taken }),
    )
    const set = choice.chosen.map(({ index }) => index)
    const outcomes = await trial.outcomes(
      entries.map(({ statement }) => statement),
      set,
    )
    const after = outcomes.map(({ cost }) => cost)
    const drops = dropsOf(catalog, {
      used: usedBy(entries, catalog),
      hinted: new Set(statements.flatMap(({ parsed: { tree } }) => hintsIn(tree))),
      // What was not tried takes nothing's place yet.
      made:
        verified === 'none'
          ? []
          : set.map((index, at) => ({ ...index, name: create[at]?.name ?? '' })),
      knownDays: knownDays(
        this.options.memory,
        catalog.tables,
        ({ schema, name: table }, { name }) => [place, schema, table, name],
      ),
      ...(this.options.unusedAfterDays === undefined
        ? {}
        : { unusedAfterDays: this.options.unusedAfterDays }),
    })
    return {
      database: place,
      ...figuresOf({
        source: this.options.workload.source,
        entries,
        all: entries,
        after,
        choice,
        remarks,
        sessions: copy === undefined ? [session] : [session, copy],
        plans: trial.plans,
        verifiedBy: verified,
      }),
      create,
      drop: drops.drop,
      none: nonesOf(entries, after, choice, { scansOf, shapeOf }),
      notes: [...remarks.notes, ...drops.notes],
    }
  }

  async costs(): Promise<ReadonlyMap<string, number>> {
    const statements = read(this.options.workload.statements, this.remarks)
    const catalog = await this.readCatalog(statements)
    const entries = await this.entries(statements, catalog, new Estimate(this.session))
    return new Map(entries.map(({ shown, before }) => [shown, before.cost]))
  }

  private async readCatalog(statements: readonly Read[]): Promise<MySqlCatalog> {
    const wanted: Named[] = statements.flatMap(({ parsed: { tree } }) => tablesIn(tree))
    const first = await readCatalog(this.session, wanted)
    const inViews = first.tables.flatMap(({ query }) => {
      const view = query === undefined ? '' : parseOne(query)
      return typeof view === 'string' ? [] : tablesIn(view.tree)
    })
    const catalog =
      inViews.length === 0 ? first : await readCatalog(this.session, [...wanted, ...inViews])
    const names = new Set(wanted.map(({ schema, name }) => `${schema}.${name}`))
    if (names.size > mostTables)
      this.remarks.note(
        `The statements name ${names.size} tables; ${mostTables} of them were looked at.`,
      )
    const others = catalog.tables.filter(({ kind }) => kind === 'f').map(tableName)
    if (others.length > 0)
      this.remarks.note(
        `Of another engine than InnoDB, and not advised on: ${others.slice(0, 3).join(', ')}.`,
      )
    return catalog
  }

  private entries(
    statements: readonly Read[],
    catalog: MySqlCatalog,
    trial: Asking,
  ): Promise<Entry[]> {
    const { session, remarks } = this
    return entriesOf(statements, { catalog, session, trial, isOver: () => this.isOver(), remarks })
  }

  private isOver(): boolean {
    return this.options.signal?.aborted === true || performance.now() > this.until
  }
}

/** `table.index` of what the plans use. Two tables may have indexes of one name: then both count as used. */
function usedBy(entries: readonly Entry[], catalog: MySqlCatalog): Set<string> {
  const keys = new Set(
    entries.flatMap(({ before }) =>
      [...nodesOf(before.plan.root)].flatMap(one => (one['Index Name'] ?? '').split(/[(),\s]+/)),
    ),
  )
  return new Set(
    catalog.tables.flatMap(({ oid, indexes }) =>
      indexes.filter(({ name }) => keys.has(name)).map(({ name }) => `${oid}.${name}`),
    ),
  )
}
