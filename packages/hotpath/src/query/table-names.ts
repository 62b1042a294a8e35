import { nearest } from '../config/nearest.js'

/** Reads after which a table that the config names and that none was of is spoken of. */
const ENOUGH = 100
/** Names of statements that are remembered, to say which one may have been meant. */
const MOST_MET = 2_000

/** What the config calls tables, beside what statements and the catalog do. */
export class TableNames {
  private readonly unmet: Set<string>
  private readonly met = new Set<string>()
  private reads = 0
  private next = ENOUGH

  constructor(
    tables: readonly string[],
    /** Labels such as `shop.menu` of all that is in the catalogs; undefined: none could be asked yet. */
    private readonly catalog: () => ReadonlySet<string> | undefined,
    /** Of one that is nowhere, with what may have been meant. Once. */
    private readonly say: (name: string, near: string | undefined) => void,
  ) {
    this.unmet = new Set(tables)
  }

  /** A statement reads these, by names without quotes. */
  meet(names: readonly string[]): void {
    for (const name of names) {
      if (this.met.size < MOST_MET) this.met.add(name)
      for (const table of this.unmet) if (mayMean(table, name)) this.unmet.delete(table)
    }
  }

  /** A statement was looked at. */
  count(): void {
    if (this.unmet.size === 0 || ++this.reads < this.next) return
    // Looked at again at each doubling: the catalog may not have been asked yet.
    this.next *= 2
    const labels = this.catalog()
    const known = [...this.met, ...(labels ?? [])]
    for (const table of this.unmet) {
      const near = nearest(table, known.map(spelling(table)))
      const isThere = labels !== undefined && [...labels].some(label => mayMean(table, label))
      if (isThere || (labels === undefined && near === undefined)) continue
      this.unmet.delete(table)
      this.say(table, near)
    }
  }
}

/** Where one of both names no schema, the other's may be meant. */
export function mayMean(table: string, name: string): boolean {
  return table.includes('.') && name.includes('.') ? table === name : own(table) === own(name)
}

const own = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

/** With a schema where `table` has one. */
const spelling =
  (table: string) =>
  (name: string): string =>
    table.includes('.') ? name : own(name)
