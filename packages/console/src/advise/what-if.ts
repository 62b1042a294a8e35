import type { Verified } from './advice.js'
import { type Candidate, onTable } from './candidate.js'
import { type Plan, indexesIn, planOf } from './plan.js'
import { sampleCount, sampleValues } from './samples.js'
import type { Session } from './session.js'
import type { Parsed } from './tree.js'
import type { Reading } from './uses.js'

/** A statement that can be planned. */
export interface Planned {
  readonly text: string
  readonly parsed: Parsed
  readonly reading: Reading
  /** Lists of literals for its parameters; empty where it has none, or none can be made up. */
  readonly samples: readonly (readonly string[])[]
  readonly parameters: number
  readonly tables: ReadonlySet<number>
}

/** What a set of indexes would do to one statement. */
export interface Outcome {
  /** Of the planner, the average over the sample values. */
  readonly cost: number
  /** For the first sample. */
  readonly plan: Plan
  /** Ids of candidates that any of the plans uses. */
  readonly used: ReadonlySet<string>
}

/** What asks the planner, as the choice needs it. */
export type Trial = Pick<WhatIf, 'howOf' | 'isDear' | 'sizeOf' | 'outcomes' | 'outcome'>

const prepared = 'hotpath_advice'

/**
 * Asks the planner what indexes would do that are not there: by hypopg's hypothetical ones, or by real ones made
 * on a copy in a transaction that is rolled back.
 */
export class WhatIf {
  private readonly known = new Map<string, Outcome>()
  private readonly refused = new Set<string>()
  private readonly sizes = new Map<string, number>()
  /** Statements that no sample fits: the server casts none of them, or divides by it. */
  private readonly generic = new Set<string>()
  /** Plans that were asked for. */
  plans = 0
  /** What the server said of the last statement that it did not plan. */
  lastError: unknown

  /** `hypopg` is the schema of the extension; undefined where it is not there. */
  constructor(
    private readonly session: Session,
    private readonly hypopg: string | undefined,
  ) {}

  /** How an index of this kind is tried: undefined where it cannot be. */
  howOf({ method }: Pick<Candidate, 'method'>): Verified | undefined {
    if (this.hypopg !== undefined && ['btree', 'brin', 'hash'].includes(method)) return 'hypopg'
    return this.session.isCopy ? 'copy' : undefined
  }

  /** Whether trying costs the making of an index. */
  get isDear(): boolean {
    return this.hypopg === undefined
  }

  /** Bytes that the index would take; undefined where it was not tried. */
  sizeOf({ id }: Candidate): number | undefined {
    return this.sizes.get(id)
  }

  /** The server does not make such an index, or it takes too long. */
  isRefused({ id }: Candidate): boolean {
    return this.refused.has(id)
  }

  /**
   * Parameter types and sample values of a statement, and its plan as it is; throws what the server says when it
   * does not plan it.
   */
  async prepare(text: string, parsed: Parsed, reading: Reading): Promise<Planned> {
    const tables = new Set(reading.uses.map(({ table }) => table.oid))
    return this.session.transaction(async () => {
      await this.session.rows(`prepare ${prepared} as ${text}`)
      try {
        const [row] = await this.session.rows(
          `select parameter_types::regtype[]::text[] as types from pg_catalog.pg_prepared_statements where name = '${prepared}'`,
        )
        const types = (row?.['types'] as string[] | undefined) ?? []
        const samples =
          types.length === 0
            ? []
            : Array.from({ length: sampleCount }, (_, at) =>
                sampleValues(types, reading.parameters, at),
              ).filter(values => values !== undefined)
        const once = [...new Map(samples.map(values => [values.join(), values])).values()]
        return { text, parsed, reading, samples: once, parameters: types.length, tables }
      } finally {
        await this.deallocate()
      }
    })
  }

  /** Outcomes of statements with these indexes, in their order. Asked once: an answer is kept. */
  async outcomes(
    statements: readonly Planned[],
    indexes: readonly Candidate[],
  ): Promise<Outcome[]> {
    const keys = statements.map(statement => keyOf(statement, indexes))
    const open = statements.filter((_, at) => !this.known.has(keys[at] ?? ''))
    if (open.length > 0) await this.ask(open, indexes)
    return keys.map(key => this.known.get(key) ?? failed)
  }

  async outcome(statement: Planned, indexes: readonly Candidate[]): Promise<Outcome> {
    const [outcome = failed] = await this.outcomes([statement], indexes)
    return outcome
  }

  private async ask(statements: readonly Planned[], indexes: readonly Candidate[]): Promise<void> {
    const tried = indexes.filter(one => this.howOf(one) !== undefined && !this.isRefused(one))
    const builds = tried.some(one => this.howOf(one) === 'copy')
    await this.session.transaction(
      async () => {
        const names = new Map<string, string>()
        await this.reset()
        try {
          for (const one of tried) await this.make(one, names)
          for (const statement of statements) {
            const outcome = await this.planned(statement, names)
            this.known.set(keyOf(statement, indexes), outcome)
          }
        } finally {
          await this.reset().catch(() => {})
        }
      },
      { builds },
    )
  }

  private async make(one: Candidate, names: Map<string, string>): Promise<void> {
    try {
      await this.session.savepoint(async () => {
        if (this.howOf(one) === 'hypopg') {
          const [row] = await this.session.rows(
            `select indexname, ${this.hypopg}.hypopg_relation_size(indexrelid)::float8 as bytes
             from ${this.hypopg}.hypopg_create_index($1)`,
            [`CREATE INDEX ${onTable(one)}`],
          )
          names.set(String(row?.['indexname']), one.id)
          this.sizes.set(one.id, one.table.kind === 'p' ? partedBytes(one) : Number(row?.['bytes']))
        } else {
          const name = `hotpath_try_${names.size}`
          await this.session.rows(`create index ${name} ${onTable(one)}`)
          const [row] = await this.session.rows(
            `select sum(pg_catalog.pg_relation_size(c.oid))::float8 as bytes, pg_catalog.array_agg(c.relname::text) as names
             from pg_catalog.pg_class i, lateral (select i.oid as oid, i.relname union select p.relid, c.relname
               from pg_catalog.pg_partition_tree(i.oid) p join pg_catalog.pg_class c on c.oid = p.relid) c
             where i.relname = $1 and i.relnamespace = $2::regnamespace`,
            [name, `"${one.table.schema.replaceAll('"', '""')}"`],
          )
          for (const made of (row?.['names'] as string[] | undefined) ?? [name])
            names.set(made, one.id)
          this.sizes.set(one.id, Number(row?.['bytes']))
        }
      })
    } catch {
      this.refused.add(one.id)
    }
  }

  /** By samples, or where none fits for any value. */
  private async planned(statement: Planned, names: ReadonlyMap<string, string>): Promise<Outcome> {
    for (;;) {
      try {
        return await this.session.savepoint(() => this.plan(statement, names))
      } catch (error) {
        await this.deallocate(true)
        this.lastError = error
        if (statement.samples.length === 0 || this.generic.has(statement.text)) return failed
        this.generic.add(statement.text)
      }
    }
  }

  private async plan(statement: Planned, names: ReadonlyMap<string, string>): Promise<Outcome> {
    const { samples, parameters, text } = statement
    const isGeneric = parameters > 0 && (samples.length === 0 || this.generic.has(text))
    const answers = isGeneric
      ? [await this.genericPlan(text, parameters)]
      : await this.customPlans(text, parameters === 0 ? [[]] : samples)
    this.plans += answers.length
    const plans = answers.map(planOf)
    const [first = failed.plan] = plans
    return {
      cost: plans.reduce((sum, { cost }) => sum + cost, 0) / plans.length,
      plan: first,
      used: new Set(
        plans.flatMap(plan => [...indexesIn(plan)].flatMap(name => names.get(name) ?? [])),
      ),
    }
  }

  /**
   * With values apart from the text: one text a statement, without a value, is what pg_stat_statements keeps of it,
   * where it would keep one of each `execute` with its literals.
   */
  private async customPlans(
    text: string,
    samples: readonly (readonly string[])[],
  ): Promise<Record<string, unknown>[]> {
    const answers = []
    for (const values of samples)
      answers.push(...(await this.session.rows(`explain (format json) ${text}`, values.map(bare))))
    return answers
  }

  private async genericPlan(
    text: string,
    parameters: number,
  ): Promise<Record<string, unknown> | undefined> {
    const nulls = Array.from({ length: parameters }, () => 'null').join(', ')
    await this.session.rows(`prepare ${prepared} as ${text}`)
    const [, [row] = []] = await this.session.several([
      'set local plan_cache_mode = force_generic_plan',
      `explain (format json) execute ${prepared}(${nulls})`,
    ])
    await this.deallocate()
    return row
  }

  private async deallocate(mayLack = false): Promise<void> {
    if (mayLack) {
      const [there] = await this.session.rows(
        `select 1 from pg_catalog.pg_prepared_statements where name = '${prepared}'`,
      )
      if (there === undefined) return
    }
    await this.session.rows(`deallocate ${prepared}`).catch(() => {})
  }

  private async reset(): Promise<void> {
    if (this.hypopg !== undefined) await this.session.rows(`select ${this.hypopg}.hypopg_reset()`)
  }
}

/** The value of a literal, as a parameter is sent. */
const bare = (literal: string): string =>
  literal.startsWith("'") ? literal.slice(1, -1).replaceAll("''", "'") : literal

const failed: Outcome = {
  cost: Number.NaN,
  plan: { cost: Number.NaN, root: { 'Node Type': 'nothing' } },
  used: new Set(),
}

/** An index of another table changes nothing. */
function keyOf({ text, tables }: Planned, indexes: readonly Candidate[]): string {
  const ids = indexes.filter(({ table }) => tables.has(table.oid)).map(({ id }) => id)
  return JSON.stringify([text, ...ids.sort()])
}

/** Of the indexes of all partitions together: the extension knows no pages of the whole. */
function partedBytes({ table, keys, include, share }: Candidate): number {
  const columns = [...keys.flatMap(({ term }) => term.columns), ...include]
  const width = columns.reduce((sum, name) => sum + (table.columns.get(name)?.width ?? 8), 0)
  // An entry has a head of 8 bytes and a pointer of 4, and pages are nine tenths full.
  return Math.round((Math.max(0, table.rows) * share * (width + 12)) / 0.9)
}
