import { ConsoleError } from '../errors.js'
import type { Advice, Creation, Skipped, Statement, Verified } from './advice.js'
import { type Candidate, tableName } from './candidate.js'
import { candidatesOf } from './candidates.js'
import type { Catalog } from './catalog.js'
import { choose, type Chosen, settings as choosing, type Weighed } from './choose.js'
import { creationOf, type ServedBy, whyOf } from './creation.js'
import { dropsOf } from './drops.js'
import { keyLookUps, type LookUp } from './key-look-ups.js'
import { quoted } from './names.js'
import { isCutOff, withParameters } from './placeholders.js'
import { indexesIn } from './plan.js'
import { mostTables, type Named, readCatalog } from './read-catalog.js'
import { readStatement } from './reading.js'
import { nonesOf, scansOf } from './reasons.js'
import { areOfOneDatabase, causeOf, placeOf, reasonFor, Session, sqlState } from './session.js'
import { loadGrammar, type Parsed, parseOne, tablesIn } from './tree.js'
import { WhatIf } from './what-if.js'
import { writePrice, writesOf, type Write } from './writes.js'

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
  /** Ends it early, with what was tried by then. */
  readonly signal?: AbortSignal
}

/** More statements than this are cut: the cheapest ones go. */
const mostStatements = 300
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
  const place = placeOf(options.database)
  const session = await Session.open(options.database)
  let copy: Session | undefined
  try {
    if (options.copy !== undefined) {
      copy = await Session.open(options.copy, { isCopy: true })
      // Making an index there locks out who writes.
      if (await areOfOneDatabase(session, copy))
        throw new ConsoleError('PARAMETER', {
          name: '--copy',
          expected: 'another database than the one that is asked',
          got: `${placeOf(options.copy)}, which is that one`,
        })
    }
    return await new Adviser(options, place, session, copy).run()
  } catch (error) {
    const isServers = sqlState(error).length === 5 || session.isLost || copy?.isLost === true
    if (error instanceof ConsoleError || !isServers) throw error
    throw new ConsoleError('DATABASE_FAILED', { place, cause: causeOf(error) })
  } finally {
    await Promise.all([session.close(), copy?.close()])
  }
}

/** The planner's cost of each statement as the database is now, by its text; for what was made since. */
export async function costsNow(
  database: string,
  statements: readonly Statement[],
): Promise<ReadonlyMap<string, number>> {
  await loadGrammar()
  const session = await Session.open(database)
  try {
    const options = { database, workload: { source: 'what was advised', statements } }
    return await new Adviser(options, placeOf(database), session, undefined).costs()
  } finally {
    await session.close()
  }
}

interface Entry extends Weighed {
  readonly shown: string
  readonly ms: number | undefined
  readonly p50Ms: number | undefined
  readonly routes: Statement['routes']
}

class Adviser {
  private readonly skipped: Skipped[] = []
  private readonly notes: string[] = []
  private readonly until: number

  constructor(
    private readonly options: AdviseOptions,
    private readonly place: string,
    private readonly session: Session,
    private readonly copy: Session | undefined,
  ) {
    this.until = performance.now() + (options.patienceMs ?? usualPatienceMs)
  }

  async run(): Promise<Advice> {
    const parsed = this.parse()
    const catalog = await this.readCatalog(parsed.map(({ parsed }) => parsed))
    const asked = this.copy ?? this.session
    const schema = await asked.transaction(async () => {
      const [row] = await asked.rows(
        `select n.nspname::text as schema from pg_catalog.pg_extension e
         join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'hypopg'`,
      )
      return row === undefined ? undefined : quoted(String(row['schema']))
    })
    const whatIf = new WhatIf(asked, schema)
    const verifiedBy: Verified =
      schema !== undefined ? 'hypopg' : this.copy !== undefined ? 'copy' : 'none'
    const entries = await this.weigh(parsed, catalog, whatIf)
    const writes = entries.flatMap(({ statement, calls, before }) =>
      writesOf(statement, calls, before),
    )
    const lookUps = keyLookUps(catalog, writes)
    const all = [...entries, ...(await this.weigh(lookUps, catalog, whatIf))]
    const choice = await choose(
      whatIf,
      all,
      index => writePrice(index, writes),
      () => this.isOver(),
      this.options,
    )
    if (choice.isCut)
      this.notes.push(
        `The time was up before all ${choice.tried} candidates were tried: --patience gives more.`,
      )
    const taken = new Set(catalog.taken)
    const create = await this.creations(choice.chosen, all, taken, whatIf, writes)
    const set = choice.chosen.map(({ index }) => index)
    const afters = await whatIf.outcomes(
      all.map(({ statement }) => statement),
      set,
    )
    const open = this.untried(
      all,
      whatIf,
      afters.map(({ cost }) => cost),
    )
    const unverified = open.map(({ index, entry }) => this.unverified(index, entry, writes, taken))
    const used = new Set(entries.flatMap(({ before }) => [...indexesIn(before.plan)]))
    const drops = dropsOf(catalog, {
      used,
      made: set.map((index, at) => ({ ...index, name: create[at]?.name ?? '' })),
      ...(this.options.unusedAfterDays === undefined
        ? {}
        : { unusedAfterDays: this.options.unusedAfterDays }),
    })
    const served = new Set(open.map(({ entry }) => entry))
    return {
      database: this.place,
      workload: {
        source: this.options.workload.source,
        statements: entries.length,
        calls: entries.reduce((sum, { calls }) => sum + calls, 0),
        skipped: this.skipped,
      },
      cost: {
        before: total(
          all,
          all.map(({ before }) => before.cost),
        ),
        after: total(
          all,
          afters.map(({ cost }) => cost),
        ),
      },
      create: [...create, ...unverified],
      drop: drops.drop,
      none: nonesOf(
        all.filter(entry => !served.has(entry)),
        afters.filter((_, at) => !served.has(all[at] as Entry)).map(({ cost }) => cost),
        choice,
      ),
      notes: [...this.notes, ...drops.notes],
      load: {
        questions: this.session.asked + (this.copy?.asked ?? 0),
        plans: whatIf.plans,
        ms: Math.round(this.session.askedMs + (this.copy?.askedMs ?? 0)),
        candidates: choice.tried,
        verifiedBy,
      },
    }
  }

  async costs(): Promise<ReadonlyMap<string, number>> {
    const parsed = this.parse()
    const catalog = await this.readCatalog(parsed.map(one => one.parsed))
    const entries = await this.weigh(parsed, catalog, new WhatIf(this.session, undefined))
    return new Map(entries.map(({ shown, before }) => [shown, before.cost]))
  }

  private parse(): (Statement & { readonly parsed: Parsed; readonly shown: string })[] {
    const { statements } = this.options.workload
    const weight = ({ ms, calls }: Statement): number => ms ?? calls
    const dearest = [...statements].sort((a, b) => weight(b) - weight(a)).slice(0, mostStatements)
    if (dearest.length < statements.length)
      this.notes.push(
        `Only the ${mostStatements} dearest of ${statements.length} statements were looked at.`,
      )
    return dearest.flatMap(statement => {
      if (isCutOff(statement.text)) {
        this.skip(statement.text, 'it was cut off where it was recorded')
        return []
      }
      const text = withParameters(statement.text.trim().replace(/[;\s]+$/, ''))
      const parsed = parseOne(text)
      if (typeof parsed !== 'string')
        return [{ ...statement, text, parsed, shown: statement.text.trim() }]
      // BEGIN, SET and the like are no news.
      if (parsed !== 'it is no SELECT, INSERT, UPDATE or DELETE') this.skip(statement.text, parsed)
      return []
    })
  }

  private async readCatalog(parsed: readonly Parsed[]): Promise<Catalog> {
    const wanted = new Map<string, Named>()
    for (const { tree } of parsed)
      for (const named of tablesIn(tree))
        wanted.set(JSON.stringify([named.schema, named.name]), named)
    if (wanted.size > mostTables)
      this.notes.push(
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
      this.notes.push(
        `No statistics are to be seen of ${blind.slice(0, 3).map(tableName).join(', ')}${blind.length > 3 ? ` and ${blind.length - 3} more` : ''}: the planner guesses. Run ANALYZE, or ask as a user who may read the ${blind.length === 1 ? 'table' : 'tables'}.`,
      )
    return catalog
  }

  private async weigh(
    parsed: readonly (LookUp & Pick<Statement, 'ms' | 'p50Ms'>)[],
    catalog: Catalog,
    whatIf: WhatIf,
  ): Promise<Entry[]> {
    const entries: Entry[] = []
    for (const { text, shown, parsed: tree, calls, ms, p50Ms, routes } of parsed) {
      if (this.isOver()) {
        this.skip(shown, 'there was no time for it (--patience gives more)')
        continue
      }
      const reading = readStatement(tree, catalog)
      try {
        const statement = await whatIf.prepare(text, tree, reading)
        const before = await whatIf.outcome(statement, [])
        if (!Number.isFinite(before.cost)) throw whatIf.lastError
        entries.push({
          statement,
          shown,
          ms,
          p50Ms,
          routes,
          calls,
          before,
          candidates: candidatesOf(reading),
        })
      } catch (error) {
        if (this.session.isLost || this.copy?.isLost) throw error
        if (/^(?:57|08)/.test(sqlState(error)) && sqlState(error) !== '57014') throw error
        this.skip(shown, reasonFor(error))
      }
    }
    return entries
  }

  private async creations(
    chosen: readonly Chosen[],
    entries: readonly Entry[],
    taken: Set<string>,
    whatIf: WhatIf,
    writes: readonly Write[],
  ): Promise<Creation[]> {
    const all = chosen.reduce((sum, { net }) => sum + Math.max(0, net), 0)
    const set = chosen.map(({ index }) => index)
    let reached = 0
    const creations: Creation[] = []
    for (const { index, net } of chosen) {
      reached += Math.max(0, net)
      const rest = set.filter(one => one !== index)
      const served: ServedBy[] = []
      for (const { statement, shown, calls, ms, p50Ms, routes, before } of entries) {
        if (!statement.tables.has(index.table.oid)) continue
        const after = await whatIf.outcome(statement, set)
        const without = await whatIf.outcome(statement, rest)
        if (after.used.has(index.id) && after.cost < 0.95 * without.cost)
          served.push({ text: shown, calls, ms, p50Ms, routes, before, after })
      }
      served.sort(
        (a, b) =>
          b.calls * (b.before.cost - b.after.cost) - a.calls * (a.before.cost - a.after.cost),
      )
      creations.push(
        creationOf(index, {
          verified: whatIf.howOf(index) ?? 'none',
          bytes: whatIf.sizeOf(index),
          saved: net,
          reached: all === 0 ? null : reached / all,
          served,
          writes,
          taken,
          why: whyOf(index, served),
          hypothetical: name => name.replace(/^<\d+>/, 'the new '),
        }),
      )
    }
    return creations
  }

  /** What could not be tried here, for statements that nothing else has helped. */
  private untried(
    entries: readonly Entry[],
    whatIf: WhatIf,
    after: readonly number[],
  ): { index: Candidate; entry: Entry }[] {
    const found: { index: Candidate; entry: Entry }[] = []
    for (const [at, entry] of entries.entries()) {
      if ((after[at] ?? 0) < (1 - choosing.least) * entry.before.cost) continue
      // Nothing was tried, so the plan itself must show that few rows are wanted.
      if (!scansOf(entry).some(({ kept }) => kept <= choosing.untriedShare)) continue
      const [index] = entry.candidates.filter(one => whatIf.howOf(one) === undefined)
      if (index === undefined || found.some(one => one.index.id === index.id)) continue
      found.push({ index, entry })
    }
    return found
  }

  private unverified(
    index: Candidate,
    entry: Entry,
    writes: readonly Write[],
    taken: Set<string>,
  ): Creation {
    return creationOf(index, {
      verified: 'none',
      bytes: undefined,
      saved: null,
      reached: null,
      served: [
        {
          text: entry.shown,
          calls: entry.calls,
          ms: undefined,
          p50Ms: undefined,
          routes: entry.routes,
          before: entry.before,
          after: entry.before,
        },
      ],
      writes,
      taken,
      why: `Not tried: ${index.method === 'gin' || index.method === 'gist' ? 'hypopg knows no such index' : 'hypopg is not there'}. Name a copy of the database with --copy, and it is.`,
      hypothetical: name => name,
    })
  }

  private isOver(): boolean {
    return this.options.signal?.aborted === true || performance.now() > this.until
  }

  private skip(statement: string, reason: string): void {
    if (this.skipped.length < 100) this.skipped.push({ statement: statement.slice(0, 500), reason })
  }
}

const total = (entries: readonly Entry[], costs: readonly number[]): number =>
  entries.reduce((sum, { calls }, at) => sum + calls * (costs[at] ?? 0), 0)
