import type { Candidate } from '../candidate.js'
import type { Outcome, Planned, Trial } from '../what-if.js'
import { type Explained, explained, failed, keyOf, outcomeOf, wholeOf } from './explain.js'
import { keySql } from './creation.js'
import type { Session } from './session.js'
import { quoted } from './text.js'

/** What indexes on trial are called: by this a run that was cut off is cleaned up after. */
const prefix = 'hotpath_try_'

/** Each is a pass over its table, and a table of InnoDB has 64 at most. */
const mostMade = 50

/**
 * Tries indexes on a copy by making them. One that is made stays there for the run, ignored by the optimiser but
 * where it is on trial, since making takes seconds and showing nothing. `close` drops them.
 */
export class CopyTrial implements Trial {
  private readonly known = new Map<string, Outcome>()
  private readonly before = new Map<string, Explained[]>()
  private readonly names = new Map<string, string>()
  private readonly made = new Map<string, Candidate>()
  private readonly shown = new Set<string>()
  private readonly refused = new Set<string>()
  private readonly sizes = new Map<string, number>()
  /** Statements that take too long to be run: their plans alone are asked for. */
  private readonly slow = new Set<string>()
  /** The number of what is made is bounded here. */
  readonly isDear = false
  /** Plans that were asked for. */
  plans = 0
  /** What the server said of the last statement that it did not plan. */
  lastError: unknown

  constructor(private readonly session: Session) {}

  howOf(): 'copy' {
    return 'copy'
  }

  sizeOf({ id }: Candidate): number | undefined {
    return this.sizes.get(id)
  }

  async outcomes(
    statements: readonly Planned[],
    indexes: readonly Candidate[],
  ): Promise<Outcome[]> {
    const keys = statements.map(statement => keyOf(statement, indexes))
    const open = statements.filter((_, at) => !this.known.has(keys[at] ?? ''))
    if (open.length > 0) {
      await this.show(indexes)
      for (const one of open) this.known.set(keyOf(one, indexes), await this.ask(one))
    }
    return keys.map(key => this.known.get(key) ?? failed)
  }

  async outcome(statement: Planned, indexes: readonly Candidate[]): Promise<Outcome> {
    const [outcome = failed] = await this.outcomes([statement], indexes)
    return outcome
  }

  /** Takes away what runs before this one left, which were cut off. */
  async clean(
    tables: readonly { readonly schema: string; readonly name: string }[],
  ): Promise<void> {
    for (const { name } of tables) {
      const left = await this.session.rows(
        `select distinct index_name as name from information_schema.statistics
         where table_schema = database() and table_name = ? and index_name like '${prefix.replaceAll('_', '\\_')}%'`,
        [name],
      )
      for (const row of left)
        await this.session.rows(
          `alter table ${quoted(name)} drop index ${quoted(String(row['name']))}`,
        )
    }
  }

  /** Drops what was made. */
  async close(): Promise<void> {
    if (this.session.isLost) return
    for (const [id, one] of this.made)
      await this.session
        .building(() =>
          this.session.rows(`alter table ${tableOf(one)} drop index ${this.names.get(id)}`),
        )
        .catch(() => {})
  }

  private async ask(statement: Planned): Promise<Outcome> {
    try {
      const all: Explained[] = []
      const before = this.before.get(statement.text)
      for (const [at, values] of statement.samples.entries())
        all.push(await this.askOne(statement, values, before?.[at]))
      if (before === undefined) this.before.set(statement.text, all)
      return outcomeOf(all, key => this.idOf(key))
    } catch (error) {
      if (this.session.isLost) throw error
      this.lastError = error
      const whole = wholeOf(statement, error)
      return whole === undefined ? failed : outcomeOf([whole], () => undefined)
    }
  }

  /** The plan; and where an index on trial is in it, what it really reads. */
  private async askOne(
    statement: Planned,
    values: readonly string[],
    before: Explained | undefined,
  ): Promise<Explained> {
    const { text } = statement
    this.plans++
    const plan = await explained(this.session, statement, values, 'plan')
    if (before !== undefined && ![...plan.keys].some(key => key.startsWith(prefix))) return before
    if (!this.session.isMariaDb || this.slow.has(text)) return plan
    try {
      this.plans++
      return await explained(this.session, statement, values, 'run')
    } catch (error) {
      if (this.session.isLost || before !== undefined) throw error
      this.slow.add(text)
      return plan
    }
  }

  private idOf(name: string): string | undefined {
    return [...this.names].find(([, own]) => own === name)?.[0]
  }

  /** Has the optimiser see these on trial and no others. */
  private async show(indexes: readonly Candidate[]): Promise<void> {
    for (const one of indexes) if (!this.refused.has(one.id)) await this.make(one)
    const wanted = new Set(indexes.map(({ id }) => id))
    for (const [id, one] of this.made) {
      if (wanted.has(id) === this.shown.has(id)) continue
      await this.session.rows(
        `alter table ${tableOf(one)} alter index ${this.names.get(id)} ${this.word(wanted.has(id))}`,
      )
      if (wanted.has(id)) this.shown.add(id)
      else this.shown.delete(id)
    }
  }

  private word(isShown: boolean): string {
    if (this.session.isMariaDb) return isShown ? 'not ignored' : 'ignored'
    return isShown ? 'visible' : 'invisible'
  }

  private async make(one: Candidate): Promise<void> {
    if (this.made.has(one.id)) return
    if (this.made.size >= mostMade) {
      this.refused.add(one.id)
      return
    }
    const name = `${prefix}${this.made.size + this.refused.size}`
    try {
      await this.session.building(async () => {
        await this.session.rows(
          `alter table ${tableOf(one)} add ${one.method === 'fulltext' ? 'fulltext ' : ''}index ${name} (${keySql(one)})`,
        )
        this.made.set(one.id, one)
        this.shown.add(one.id)
        this.names.set(one.id, name)
        this.sizes.set(one.id, await this.bytesOf(one, name))
      })
    } catch (error) {
      if (this.session.isLost) throw error
      this.refused.add(one.id)
    }
  }

  private async bytesOf(one: Candidate, name: string): Promise<number> {
    const [row] = await this.session
      .rows(
        `select stat_value * @@innodb_page_size as bytes from mysql.innodb_index_stats
         where database_name = database() and table_name = ? and index_name = ? and stat_name = 'size'`,
        [one.table.name, name],
      )
      .catch(() => [])
    // Who may not read there, or was not counted yet.
    return Number(row?.['bytes'] ?? 0) || estimatedBytes(one)
  }
}

/** Entries with the columns and the primary key, of pages that are two thirds full. */
export function estimatedBytes({ table, keys, include }: Candidate): number {
  const primary = table.indexes.find(({ isPrimary }) => isPrimary)?.keys ?? []
  const names = [...keys.flatMap(({ term }) => term.columns), ...include, ...primary]
  const width = names.reduce((sum, name) => sum + (table.columns.get(name)?.width ?? 8), 0)
  return Math.round((Math.max(0, table.rows) * (width + 8)) / 0.67)
}

/** On the copy the table is in the database of the address. */
const tableOf = ({ table }: Candidate): string => quoted(table.name)
