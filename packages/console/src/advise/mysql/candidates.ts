import { type Candidate, type Key } from '../candidate.js'
import { isSmall, keyLists, together } from '../candidates.js'
import type { Index, Table } from '../catalog.js'
import type { Conditions, Reading, Use } from '../uses.js'
import type { MySqlCatalog } from './read-catalog.js'
import { columnNamed, prefixLength } from './scope.js'
import { readableName } from './text.js'

const settings = {
  /** Columns that an index may carry along, and their bytes. */
  carried: 3,
  carriedBytes: 40,
  /** Bytes of a key, of InnoDB's usual row format. */
  keyBytes: 3_072,
  /** Of one mention of a table. */
  most: 40,
} as const

/** From these versions on an index may go down; before, the word was read and nothing came of it. */
const descends = ({ isMariaDb, version }: MySqlCatalog): boolean =>
  version >= (isMariaDb ? 100_800 : 80_000)

/**
 * The indexes that could serve a statement, by its shape: of each mention of a table, equality before range before
 * order, alone and together, with carried columns behind them, and the words of a text.
 */
export function candidatesOf({ uses }: Reading, catalog: MySqlCatalog): Candidate[] {
  const found = new Map<string, Candidate>()
  for (const use of uses) {
    if (isSmall(use.table) || use.table.kind !== 'r') continue
    const all = ofUse(use).filter(
      one => descends(catalog) || !one.keys.some(({ isDescending }) => isDescending),
    )
    for (const one of all.slice(0, settings.most))
      if (found.get(one.id)?.isLed !== true) found.set(one.id, one)
  }
  return [...found.values()].filter(one => !isThere(one) && fits(one))
}

function ofUse(use: Use): Candidate[] {
  return [use.always, ...use.arms.map(arm => together(use.always, arm))].flatMap(conditions =>
    ofConditions(use, conditions),
  )
}

function ofConditions(use: Use, conditions: Conditions): Candidate[] {
  const leads = new Set([...conditions.equal, ...conditions.joined].map(({ sql }) => sql))
  const plain = keyLists(use, conditions).map(keys =>
    candidate(use.table, 'btree', withoutPrimary(use.table, withoutBehindPrefix(keys)), {
      isLed: leads.has(keys[0]?.term.sql ?? ''),
    }),
  )
  const words = conditions.special.map(({ term }) => candidate(use.table, 'fulltext', [{ term }]))
  const longer = plain.flatMap(one => withLongerPrefix(one))
  const covering = plain.slice(0, 10).flatMap(one => carrying(use, one))
  return [...words, ...plain.slice(0, 20), ...longer, ...covering, ...plain.slice(20)].filter(
    ({ keys }) => keys.every(({ term }) => isIndexable(use.table, term.column)),
  )
}

export function candidate(
  table: Table,
  method: 'btree' | 'fulltext',
  keys: readonly Key[],
  { include = [], isLed = false }: Partial<Pick<Candidate, 'include' | 'isLed'>> = {},
): Candidate {
  const parts = [...keys.map(keySql), ...include.map(readableName)].join(', ')
  const tail = `${method === 'fulltext' ? 'FULLTEXT ' : ''}(${parts})`
  return { table, method, keys, include, share: 1, isLed, tail, id: `${table.oid} ${tail}` }
}

const keySql = ({ term, isDescending }: Key): string => `${term.sql}${isDescending ? ' DESC' : ''}`

const isPrefix = ({ term }: Key): boolean => term.column !== undefined && /\(\d+\)$/.test(term.sql)

/** Texts whose beginnings are alike are told apart further on. */
function withLongerPrefix({ table, keys, isLed }: Candidate): Candidate[] {
  const last = keys.at(-1)
  if (last === undefined || !isPrefix(last)) return []
  const sql = last.term.sql.replace(/\(\d+\)$/, `(${4 * prefixLength})`)
  const longer = { ...last, term: { ...last.term, sql } }
  return [candidate(table, 'btree', [...keys.slice(0, -1), longer], { isLed })]
}

/** Behind the first characters of a text nothing is in order, and little is equal. */
function withoutBehindPrefix(keys: readonly Key[]): readonly Key[] {
  const at = keys.findIndex(isPrefix)
  return at < 0 ? keys : keys.slice(0, at + 1)
}

/** Each index of InnoDB ends with the primary key: at the end it is not named again. */
function withoutPrimary(table: Table, keys: readonly Key[]): readonly Key[] {
  const primary = table.indexes.find(({ isPrimary }) => isPrimary)?.keys ?? []
  const ends = keys.length - primary.length
  return ends > 0 &&
    primary.every(
      (name, at) => keys[ends + at]?.term.column === name && !keys[ends + at]?.isDescending,
    )
    ? keys.slice(0, ends)
    : keys
}

/** With the few other columns that the statement reads: then the table is not looked at. */
function carrying(use: Use, { table, keys, isLed }: Candidate): Candidate[] {
  if (use.needsAll || use.isWritten || use.needed.size === 0 || keys.some(isPrefix)) return []
  const there = new Set([
    ...keys.flatMap(({ term }) => term.column ?? []),
    ...(table.indexes.find(({ isPrimary }) => isPrimary)?.keys ?? []),
  ])
  const more = [...use.needed].filter(name => !there.has(name))
  const bytes = more.reduce((sum, name) => sum + (table.columns.get(name)?.width ?? 0), 0)
  if (more.length === 0 || more.length > settings.carried || bytes > settings.carriedBytes)
    return []
  return [candidate(table, 'btree', keys, { include: more.sort(), isLed })]
}

/** Documents and places have no order. */
function isIndexable(table: Table, name: string | undefined): boolean {
  const type = name === undefined ? '' : (columnNamed(table, name)?.type ?? '')
  return !/^(?:json|geometry|point|linestring|polygon|multi|vector)/.test(type)
}

function fits({ table, keys, include }: Candidate): boolean {
  const names = [
    ...keys.filter(key => !isPrefix(key)).flatMap(({ term }) => term.columns),
    ...include,
  ]
  const bytes = names.reduce((sum, name) => {
    const [, length] = /char\((\d+)\)/.exec(table.columns.get(name)?.type ?? '') ?? []
    return sum + (length === undefined ? 8 : 4 * Number(length))
  }, 0)
  return bytes + (keys.some(isPrefix) ? 16 * prefixLength : 0) <= settings.keyBytes
}

/** An index of these keys, or one that begins with them, serves already. */
function isThere({ table, method, keys, include }: Candidate): boolean {
  return table.indexes.some(index => {
    if (index.method !== method) return false
    if (method === 'fulltext')
      return index.keys.join() === keys.flatMap(({ term }) => term.columns).join()
    const has = new Set([...index.keys, ...primaryOf(table)])
    return (
      keys.every((key, at) => isKey(index, at, key, keys.length === 1)) &&
      include.every(name => has.has(name))
    )
  })
}

/** The new one begins with all that this index has, and so does its work. */
export function isReplaced(index: Index, { method, keys, include }: Candidate): boolean {
  const all: Key[] = [
    ...keys,
    ...include.map(column => ({ term: { sql: readableName(column), column, columns: [column] } })),
  ]
  return (
    index.method === 'btree' &&
    method === 'btree' &&
    index.keys.length <= all.length &&
    index.keys.every((_, at) => {
      const key = all[at]
      return key !== undefined && isKey(index, at, key, index.keys.length === 1)
    })
  )
}

const primaryOf = (table: Table): readonly string[] =>
  table.indexes.find(({ isPrimary }) => isPrimary)?.keys ?? []

/** Whether this is the index's key at this place; of one key alone either direction will do. */
function isKey(index: Index, at: number, { term, isDescending }: Key, isAlone: boolean): boolean {
  const own = index.keys[at]
  if (own === undefined) return false
  const goesDown = index.order[at] === 'DESC'
  if (!isAlone && goesDown !== (isDescending === true)) return false
  if (term.column === undefined)
    return own.replaceAll(/[\s`]/g, '') === term.sql.replaceAll(/[\s`]/g, '')
  const [, name = own, part] = /^(.*?)(?:\((\d+)\))?$/.exec(own) ?? []
  if (name !== term.column) return false
  const [, wanted] = /\((\d+)\)$/.exec(term.sql) ?? []
  // A longer beginning does the work of a shorter one, and the whole that of each.
  return (
    part === undefined || (wanted !== undefined && Number(part) >= Math.min(16, Number(wanted)))
  )
}
