import type { Column, Table } from './catalog.js'

/** A column, or an expression over the columns of one table, as an index may have it for a key. */
export interface Term {
  /** `customer_id`, `lower(email)`; an expression that is no call stands in parentheses. */
  readonly sql: string
  /** Where it is a column alone. */
  readonly column?: string
  /** The columns in it. */
  readonly columns: readonly string[]
  /** Its operator class, where the usual one does not serve. */
  readonly opclass?: string
}

export interface SortKey {
  readonly term: Term
  readonly isDescending: boolean
  /** Absent: last, or first where it descends. */
  readonly nulls?: 'first' | 'last'
}

/** A condition without parameters, by which an index may be partial. */
export interface Filter {
  readonly sql: string
  readonly column: string
  /** The part of the rows that it keeps, by statistics. */
  readonly share: number
}

/** What only another kind of index serves. */
export interface Special {
  readonly method: 'gin' | 'gist' | 'fulltext'
  readonly term: Term
  readonly opclass?: string
  /** An extension that it needs. */
  readonly extension?: string
}

/** Conditions that hold together: those of an AND, or of one arm of an OR with what stands around it. */
export interface Conditions {
  readonly equal: Term[]
  /** Equal to a column of another table. */
  readonly joined: Term[]
  readonly range: Term[]
  readonly filters: Filter[]
  readonly special: Special[]
}

/** One mention of a table in a statement, and what the statement wants of it. */
export interface Use {
  readonly table: Table
  readonly always: Conditions
  readonly arms: Conditions[]
  readonly sorts: (readonly SortKey[])[]
  readonly groups: (readonly Term[])[]
  /** Columns that the statement reads of it; `all` where it says `*`, or writes. */
  readonly needed: Set<string>
  needsAll: boolean
  isLimited: boolean
  /** Rows of it are updated or deleted. */
  isWritten: boolean
  /** Conditions that no index serves, in words: `tags = any(...)`. */
  readonly unserved: string[]
}

/** What is compared with a parameter: by this a sample of its values is chosen. */
export interface ParameterUse {
  readonly how: 'equal' | 'above' | 'below' | 'pattern' | 'holds' | 'limit' | 'offset' | 'write'
  readonly table?: Table
  readonly column?: Column
  /** It is compared with an expression over the column. */
  readonly isWithin?: boolean
  /** The parameter is an array of such values. */
  readonly isList?: boolean
}

export const noConditions = (): Conditions => ({
  equal: [],
  joined: [],
  range: [],
  filters: [],
  special: [],
})

/** A mention of a table of which nothing is known yet. */
export const newUse = (table: Table): Use => ({
  table,
  always: noConditions(),
  arms: [],
  sorts: [],
  groups: [],
  needed: new Set(),
  needsAll: false,
  isLimited: false,
  isWritten: false,
  unserved: [],
})

/** What a statement does with the tables, for candidates and for the price of writes. */
export interface Reading {
  readonly uses: readonly Use[]
  readonly parameters: ReadonlyMap<number, ParameterUse>
  readonly write?: {
    readonly table: Table
    readonly kind: 'insert' | 'update' | 'delete'
    readonly columns: readonly string[]
  }
}
