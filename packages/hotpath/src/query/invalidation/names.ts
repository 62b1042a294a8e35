import type { Wire } from '../wire.js'
import { rowText } from './row-value.js'
import type { ReadVerdict, Rows, WriteVerdict } from './verdicts.js'

const CHANGED = ':!'

/** Whether this is what a process tells of tables, types or functions that it has changed. */
export const tellsOfChange = (name: string): boolean => name.endsWith(CHANGED)

/**
 * The names of the tags of one database, which all processes must spell alike:
 *
 *     pg:7712/5               noted by every read: all that is in it is old
 *     pg:7712/5:!             tables, types or functions were changed: noted by nobody, listened to
 *     pg:7712/5:*             anything was written: noted by what reads nobody knows what
 *     pg:7712/5:shop.menu     any row of it was written: noted by who reads the table
 *     pg:7712/5:shop.menu#    rows were written that cannot be told: noted by who reads one row
 *     pg:7712/5:shop.menu#id=7
 */
export class TagNames {
  readonly database: string
  readonly anything: string
  readonly all: readonly string[]
  /** The same, and what is known of the tables is old as well. */
  readonly ddl: readonly string[]
  /** By label the name of a table and that of its rows: each statement says them. */
  readonly #spelt = new Map<string, { readonly table: string; readonly anyRow: string }>()

  /** @param id Of the cluster and the database in it, or where it is found. */
  constructor(id: string) {
    this.database = `pg:${id}`
    this.anything = `${this.database}:*`
    this.all = [this.database, this.anything]
    this.ddl = [`${this.database}${CHANGED}`, ...this.all]
  }

  ofRead(verdict: ReadVerdict, param: (n: number) => Wire | undefined): string[] {
    const names = [this.database]
    if (verdict.anything) names.push(this.anything)
    for (const label of verdict.tables) names.push(this.table(label))
    const { rows } = verdict
    if (rows === undefined) return names
    const single = this.rows(rows, param)
    if (single === undefined) names.push(this.table(rows.label))
    else names.push(this.anyRow(rows.label), ...single)
    return names
  }

  ofWrite(verdict: WriteVerdict, param: (n: number) => Wire | undefined): readonly string[] {
    if (verdict.all) return this.all
    const { tables, rows } = verdict
    if (tables.length === 0 && rows === undefined) return []
    const names = [this.anything]
    for (const label of tables) names.push(this.table(label), this.anyRow(label))
    if (rows === undefined) return names
    names.push(this.table(rows.label))
    names.push(...(this.rows(rows, param) ?? [this.anyRow(rows.label)]))
    return names
  }

  private table(label: string): string {
    return this.spell(label).table
  }

  private anyRow(label: string): string {
    return this.spell(label).anyRow
  }

  private spell(label: string): { readonly table: string; readonly anyRow: string } {
    let spelt = this.#spelt.get(label)
    if (spelt === undefined) {
      const table = `${this.database}:${label}`
      spelt = { table, anyRow: `${table}#` }
      this.#spelt.set(label, spelt)
    }
    return spelt
  }

  private rows(
    { label, column, type, values }: Rows,
    param: (n: number) => Wire | undefined,
  ): string[] | undefined {
    const names: string[] = []
    for (const value of values) {
      const text = rowText(type, 'text' in value ? value.text : param(value.param))
      if (text === undefined || text.length > MAX_TEXT) return undefined
      names.push(`${this.anyRow(label)}${column}=${text}`)
    }
    return names
  }
}

/** A longer key is none that an app looks rows up by. */
const MAX_TEXT = 200
