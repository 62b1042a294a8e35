import { ConsoleError } from '../../errors.js'
import type { Advice, Creation, Skipped, Statement, Verified } from '../advice.js'
import type { AdviseOptions } from '../advise.js'
import type { Candidate } from '../candidate.js'
import { tableName } from '../candidate.js'
import { choose, type Choice, type Weighed } from '../choose.js'
import type { ServedBy } from '../creation.js'
import { nodesOf } from '../plan.js'
import { mostTables } from '../read-catalog.js'
import { nonesOf } from '../reasons.js'
import type { Parsed } from '../tree.js'
import type { Planned, Trial } from '../what-if.js'
import type { Write } from '../writes.js'
import { candidatesOf } from './candidates.js'
import { creationOf } from './creation.js'
import { dropsOf } from './drops.js'
import { Estimate } from './estimate.js'
import { type MySqlCatalog, type Named, readCatalog } from './read-catalog.js'
import { type MySqlReading, readStatement } from './reading.js'
import { scansOf, shapeOf } from './reasons.js'
import { sample, sampleLists } from './samples.js'
import { areOfOneDatabase, causeOf, codeOf, placeOf, reasonFor, Session } from './session.js'
import type { Prepared } from './text.js'
import { limitIn } from './clauses.js'
import { hintsIn, isNoStatement, loadGrammar, parseOne, tablesIn } from './tree.js'
import { CopyTrial } from './trial.js'
import { writePrice } from './writes.js'

/** More statements than this are cut: the cheapest ones go. */
const mostStatements = 300
/** Questions in a row for half a minute are enough of a load. */
const usualPatienceMs = 30_000

/**
 * Advises for a MariaDB or MySQL. It reads the catalog, a few hundred rows for sample values, and asks for plans; it
 * runs no statement of the workload and changes nothing but on the copy. Throws a `ConsoleError` where the database
 * does not let it in or does not answer.
 */
export async function advise(options: AdviseOptions): Promise<Advice> {
  await loadGrammar()
  const place = placeOf(options.database)
  const session = await Session.open(options.database)
  let copy: Session | undefined
  try {
    if (options.copy !== undefined) {
      copy = await Session.open(options.copy, { writes: true })
      // Making an index there locks out who alters, and is seen by who reads.
      if (await areOfOneDatabase(session, copy))
        throw new ConsoleError('PARAMETER', {
          name: '--copy',
          expected: 'another database than the one that is asked',
          got: `${placeOf(options.copy)}, which is that one`,
        })
    }
    return await new Adviser(options, place, session, copy).run()
  } catch (error) {
    const isServers =
      /^(?:ER_|PROTOCOL_|E[A-Z]+$)/.test(codeOf(error)) || session.isLost || copy?.isLost === true
    if (error instanceof ConsoleError || !isServers) throw error
    throw new ConsoleError('DATABASE_FAILED', { place, cause: causeOf(error) })
  } finally {
    await Promise.all([session.close(), copy?.close()])
  }
}

/** The cost of each statement as the database is now, by its text; for what was made since. */
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

type Read = Statement & { readonly parsed: Parsed & Prepared; readonly shown: string }

interface Entry extends Weighed {
  readonly shown: string
  readonly ms: number | undefined
  readonly p50Ms: number | undefined
  readonly routes: Statement['routes']
}

type Asking = Trial & { readonly plans: number; readonly lastError: unknown }

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
    const catalog = await this.catalogOf(parsed)
    const { copy } = this
    if (copy === undefined) return this.chosen(parsed, catalog, new Estimate(this.session), 'none')
    const trial = new CopyTrial(copy)
    try {
      await trial.clean(catalog.tables.filter(({ kind }) => kind === 'r'))
      return await this.chosen(parsed, catalog, trial, 'copy')
    } finally {
      await trial.close()
    }
  }

  private async chosen(
    parsed: readonly Read[],
    catalog: MySqlCatalog,
    trial: Asking,
    verified: Verified,
  ): Promise<Advice> {
    const entries = await this.weigh(parsed, catalog, trial)
    const writes = entries.flatMap(writesOf)
    const choice = await choose(
      trial,
      entries,
      index => writePrice(index, writes),
      () => this.isOver(),
      this.options,
    )
    if (choice.isCut)
      this.notes.push(
        `The time was up before all ${choice.tried} candidates were tried: --patience gives more.`,
      )
    const create = await this.creations(choice, entries, trial, catalog, writes, verified)
    const set = choice.chosen.map(({ index }) => index)
    const afters = await trial.outcomes(
      entries.map(({ statement }) => statement),
      set,
    )
    const costs = afters.map(({ cost }) => cost)
    const drops = dropsOf(catalog, {
      used: usedBy(entries, catalog),
      hinted: new Set(parsed.flatMap(({ parsed: { tree } }) => hintsIn(tree))),
      // What was not tried takes nothing's place yet.
      made:
        verified === 'none'
          ? []
          : set.map((index, at) => ({ ...index, name: create[at]?.name ?? '' })),
      ...(this.options.unusedAfterDays === undefined
        ? {}
        : { unusedAfterDays: this.options.unusedAfterDays }),
    })
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
          entries,
          entries.map(({ before }) => before.cost),
        ),
        after: total(entries, costs),
      },
      create,
      drop: drops.drop,
      none: nonesOf(entries, costs, choice, { scansOf, shapeOf }),
      notes: [...this.notes, ...drops.notes],
      load: {
        questions: this.session.asked + (this.copy?.asked ?? 0),
        plans: trial.plans,
        ms: Math.round(this.session.askedMs + (this.copy?.askedMs ?? 0)),
        candidates: choice.tried,
        verifiedBy: verified,
      },
    }
  }

  async costs(): Promise<ReadonlyMap<string, number>> {
    const parsed = this.parse()
    const entries = await this.weigh(
      parsed,
      await this.catalogOf(parsed),
      new Estimate(this.session),
    )
    return new Map(entries.map(({ shown, before }) => [shown, before.cost]))
  }

  private parse(): Read[] {
    const { statements } = this.options.workload
    const weight = ({ ms, calls }: Statement): number => ms ?? calls
    const dearest = [...statements].sort((a, b) => weight(b) - weight(a)).slice(0, mostStatements)
    if (dearest.length < statements.length)
      this.notes.push(
        `Only the ${mostStatements} dearest of ${statements.length} statements were looked at.`,
      )
    return dearest.flatMap(statement => {
      const parsed = parseOne(statement.text)
      if (typeof parsed !== 'string')
        return [{ ...statement, parsed, shown: statement.text.trim() }]
      // BEGIN, SET and the like are no news.
      if (parsed !== isNoStatement) this.skip(statement.text, parsed)
      return []
    })
  }

  private async catalogOf(parsed: readonly Read[]): Promise<MySqlCatalog> {
    const wanted: Named[] = parsed.flatMap(({ parsed: { tree } }) => tablesIn(tree))
    const first = await readCatalog(this.session, wanted)
    const inViews = first.tables.flatMap(({ query }) => {
      const view = query === undefined ? '' : parseOne(query)
      return typeof view === 'string' ? [] : tablesIn(view.tree)
    })
    const catalog =
      inViews.length === 0 ? first : await readCatalog(this.session, [...wanted, ...inViews])
    const names = new Set(wanted.map(({ schema, name }) => `${schema}.${name}`))
    if (names.size > mostTables)
      this.notes.push(
        `The statements name ${names.size} tables; ${mostTables} of them were looked at.`,
      )
    const others = catalog.tables.filter(({ kind }) => kind === 'f').map(tableName)
    if (others.length > 0)
      this.notes.push(
        `Of another engine than InnoDB, and not advised on: ${others.slice(0, 3).join(', ')}.`,
      )
    return catalog
  }

  private async weigh(
    parsed: readonly Read[],
    catalog: MySqlCatalog,
    trial: Asking,
  ): Promise<Entry[]> {
    const readings = parsed.map(one => readStatement(one.parsed, catalog))
    await sample(this.session, readings)
    const entries: Entry[] = []
    for (const [at, { parsed: tree, shown, calls, ms, p50Ms, routes }] of parsed.entries()) {
      if (this.isOver()) {
        this.skip(shown, 'there was no time for it (--patience gives more)')
        continue
      }
      const reading = readings[at] as MySqlReading
      const statement: Planned = {
        text: tree.text,
        parsed: tree,
        reading,
        samples: sampleLists(reading, tree.parameters),
        parameters: tree.parameters,
        tables: new Set(reading.uses.map(({ table }) => table.oid)),
      }
      const before = await trial.outcome(statement, [])
      if (Number.isFinite(before.cost))
        entries.push({
          statement,
          shown,
          ms,
          p50Ms,
          routes,
          calls,
          before,
          candidates: candidatesOf(reading, catalog),
        })
      else this.skip(shown, reasonFor(trial.lastError))
    }
    return entries
  }

  private async creations(
    { chosen }: Choice,
    entries: readonly Entry[],
    trial: Trial,
    catalog: MySqlCatalog,
    writes: readonly Write[],
    verified: Verified,
  ): Promise<Creation[]> {
    const all = chosen.reduce((sum, { net }) => sum + Math.max(0, net), 0)
    const set = chosen.map(({ index }) => index)
    const taken = new Set(catalog.taken)
    let reached = 0
    const creations: Creation[] = []
    for (const { index, net } of chosen) {
      reached += Math.max(0, net)
      creations.push(
        creationOf(index, {
          verified,
          bytes: trial.sizeOf(index) ?? 0,
          saved: net,
          reached: all === 0 ? null : reached / all,
          served: await this.servedBy(index, set, entries, trial),
          writes,
          taken,
        }),
      )
    }
    return creations
  }

  private async servedBy(
    index: Candidate,
    set: readonly Candidate[],
    entries: readonly Entry[],
    trial: Trial,
  ): Promise<ServedBy[]> {
    const rest = set.filter(one => one !== index)
    const served: ServedBy[] = []
    for (const { statement, shown, calls, ms, p50Ms, routes, before } of entries) {
      if (!statement.tables.has(index.table.oid)) continue
      const after = await trial.outcome(statement, set)
      const without = await trial.outcome(statement, rest)
      if (after.used.has(index.id) && after.cost < 0.95 * without.cost)
        served.push({ text: shown, calls, ms, p50Ms, routes, before, after })
    }
    const gain = ({ calls, before, after }: ServedBy): number => calls * (before.cost - after.cost)
    return served.sort((a, b) => gain(b) - gain(a))
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

/** Rows that a statement writes at each call, as its plan expects. */
function writesOf({ statement, calls, before }: Entry): Write[] {
  const { write } = statement.reading
  if (write === undefined) return []
  const [first] = [...nodesOf(before.plan.root)].filter(one => one['Relation Name'] !== undefined)
  const found = write.kind === 'insert' ? 1 : (first?.['Plan Rows'] ?? 1) * (first?.kept ?? 1)
  const rows = Math.min(found, limitIn(statement.parsed.tree))
  return [{ ...write, calls, rows: Math.max(1, rows) }]
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
