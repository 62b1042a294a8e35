import type { Table } from './catalog.js'
import { indexName, quoted } from './names.js'
import type { SortKey, Term } from './uses.js'

/** Of PostgreSQL all but the last, of MySQL the first and the last. */
export type Method = 'btree' | 'gin' | 'gist' | 'brin' | 'hash' | 'fulltext'

/** A key of an index: a term, and its direction where that matters. */
export interface Key {
  readonly term: Term
  readonly isDescending?: boolean
  readonly nulls?: 'first' | 'last'
}

/** An index that may be made. */
export interface Candidate {
  readonly table: Table
  readonly method: Method
  readonly keys: readonly Key[]
  readonly include: readonly string[]
  readonly where?: string
  /** The part of the rows that `where` keeps. */
  readonly share: number
  /** An extension that must be there. */
  readonly extension?: string
  /** It begins with what a statement compares for equality: such an index holds for values of any frequency. */
  readonly isLed: boolean
  /** Equal for equal indexes of one table: all behind the table's name. */
  readonly tail: string
  /** The table and the tail. */
  readonly id: string
}

export function candidate(
  table: Table,
  method: Method,
  keys: readonly Key[],
  more: Partial<Pick<Candidate, 'include' | 'where' | 'share' | 'extension' | 'isLed'>> = {},
): Candidate {
  const { include = [], where, share = 1, extension, isLed = false } = more
  const tail = [
    ...(method === 'btree' ? [] : [`USING ${method}`]),
    `(${keys.map(keySql).join(', ')})`,
    ...(include.length === 0 ? [] : [`INCLUDE (${include.map(quoted).join(', ')})`]),
    ...(where === undefined ? [] : [`WHERE ${where}`]),
  ].join(' ')
  return {
    table,
    method,
    keys,
    include,
    ...(where === undefined ? {} : { where }),
    share,
    ...(extension === undefined ? {} : { extension }),
    isLed,
    tail,
    id: `${table.oid} ${tail}`,
  }
}

function keySql({ term, isDescending, nulls }: Key): string {
  const usual = isDescending ? 'first' : 'last'
  return [
    term.sql,
    ...(term.opclass === undefined ? [] : [term.opclass]),
    ...(isDescending ? ['DESC'] : []),
    ...(nulls === undefined || nulls === usual ? [] : [`NULLS ${nulls.toUpperCase()}`]),
  ].join(' ')
}

export const tableName = ({
  schema,
  name,
}: {
  readonly schema: string
  readonly name: string
}): string => `${quoted(schema)}.${quoted(name)}`

/** What a statement would find without the schema is written without it. */
export const shortName = (table: Table): string =>
  table.isVisible ? quoted(table.name) : tableName(table)

/** `ON "S".orders (customer_id)`. */
export const onTable = ({ table, tail }: Candidate): string => `ON ${tableName(table)} ${tail}`

export function nameOf(
  { table, keys, where, method }: Candidate,
  isTaken: (name: string) => boolean,
): string {
  const parts = keys.map(
    ({ term }) =>
      term.column ?? (term.sql.match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? ['expr']).slice(0, 3).join('_'),
  )
  const ending = method === 'btree' ? (where === undefined ? 'idx' : 'part_idx') : `${method}_idx`
  return indexName(table.name, parts, ending, isTaken)
}

/**
 * Keys in the order that a statement sorts by. Where all go one way an index in the plain order is read backwards;
 * where nulls or ways are mixed it must be as the statement says.
 */
export function sortKeys(keys: readonly SortKey[]): Key[] {
  const isPlain = keys.every(
    ({ isDescending, nulls }) => nulls === undefined || nulls === (isDescending ? 'first' : 'last'),
  )
  const isOneWay = keys.every(({ isDescending }) => isDescending === keys[0]?.isDescending)
  return keys.map(({ term, isDescending, nulls }) => ({
    term,
    ...(isDescending && !(isPlain && isOneWay) ? { isDescending: true } : {}),
    ...(nulls === undefined || isPlain ? {} : { nulls }),
  }))
}
