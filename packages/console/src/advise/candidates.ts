import { type Candidate, candidate, type Key, type Method, sortKeys } from './candidate.js'
import type { Column, Index, Table } from './catalog.js'
import { shareOf } from './conditions.js'
import { quoted } from './names.js'
import { type Conditions, type Filter, type Reading, type Term, type Use } from './uses.js'

const settings = {
  /** A table of fewer rows or pages is read whole as fast as by an index. */
  rows: 500,
  pages: 8,
  /** More keys than this are an index for one statement. */
  keys: 4,
  /** Columns that an index may carry along, and their bytes. */
  carried: 3,
  carriedBytes: 40,
  /** A partial index keeps at most this part of the rows, else it saves nothing. */
  partial: 0.3,
  /** From this correlation on a block range holds what is looked for; and pages from which it pays. */
  correlation: 0.9,
  brinPages: 500,
  /** Values wider than this make a hash index much smaller than a tree. */
  hashBytes: 64,
  /** Of one mention of a table. */
  most: 48,
} as const

export const isSmall = ({ rows, pages }: Table): boolean =>
  (rows >= 0 && rows < settings.rows) || pages < settings.pages

/**
 * The indexes that could serve a statement, by its shape: of each mention of a table, equality before range
 * before order, alone and together, carried columns, parts and other methods. Many are useless; the planner says which.
 */
export function candidatesOf({ uses }: Reading): Candidate[] {
  const found = new Map<string, Candidate>()
  for (const use of uses) {
    if (isSmall(use.table) || !['r', 'p', 'm'].includes(use.table.kind)) continue
    for (const one of ofUse(use).slice(0, settings.most))
      if (found.get(one.id)?.isLed !== true) found.set(one.id, one)
  }
  return [...found.values()].filter(one => !isThere(one))
}

function ofUse(use: Use): Candidate[] {
  const arms = use.arms.length === 0 ? [] : use.arms.map(arm => together(use.always, arm))
  return [use.always, ...arms].flatMap(conditions => ofConditions(use, conditions))
}

export const together = (a: Conditions, b: Conditions): Conditions => ({
  equal: [...b.equal, ...a.equal],
  joined: [...b.joined, ...a.joined],
  range: [...b.range, ...a.range],
  filters: [...b.filters, ...a.filters],
  special: [...b.special, ...a.special],
})

function ofConditions(use: Use, conditions: Conditions): Candidate[] {
  const { table } = use
  const bases = keyLists(use, conditions)
  const leads = new Set([...conditions.equal, ...conditions.joined].map(({ sql }) => sql))
  const plain = bases.map(keys =>
    candidate(table, 'btree', keys, { isLed: leads.has(keys[0]?.term.sql ?? '') }),
  )
  const partial = conditions.filters.filter(({ share }) => share <= settings.partial)
  // A flag and nothing else: the rows that have it, by whatever key the table has.
  if (bases.length === 0)
    for (const { sql, column, share } of partial) {
      const [key = column] = table.indexes.find(one => one.isPrimary)?.keys ?? []
      plain.push(
        candidate(table, 'btree', [{ term: { sql: key, column: key, columns: [key] } }], {
          where: sql,
          share,
        }),
      )
      plain.push(
        candidate(table, 'btree', [{ term: { sql: quoted(column), column, columns: [column] } }]),
      )
    }
  const parts = bases.flatMap(keys => partial.flatMap(filter => partOf(table, keys, filter)))
  const covering = plain.slice(0, 10).flatMap(one => carrying(use, one))
  const special = conditions.special.map(({ method, term, opclass, extension }) =>
    candidate(
      table,
      method,
      [{ term: { ...term, ...(opclass === undefined ? {} : { opclass }) } }],
      extension === undefined ? {} : { extension },
    ),
  )
  return [
    ...special,
    ...plain.slice(0, 20),
    ...parts.slice(0, 12),
    ...others(use, conditions),
    ...covering,
    ...plain.slice(20),
  ].filter(({ keys }) => keys.every(({ term }) => isIndexable(table, term)))
}

/** Lists of keys, the likeliest first, none twice. */
export function keyLists(
  use: Pick<Use, 'table' | 'sorts' | 'groups'>,
  { equal, joined, range }: Conditions,
): Key[][] {
  const { table } = use
  const same = bySelectivity(table, unique(equal))
  const joins = unique(joined).filter(({ sql }) => !same.some(term => term.sql === sql))
  const between = unique(range).filter(({ sql }) => !same.some(term => term.sql === sql))
  const sorts = use.sorts.map(sortKeys)
  const groups = use.groups.map(terms => terms.map(term => ({ term })))
  const keys = (terms: readonly Term[]): Key[] => terms.map(term => ({ term }))
  const ends: Key[][] = [[], ...between.map(term => keys([term])), ...sorts, ...groups]
  for (const sort of sorts)
    for (const term of between) ends.push([...sort, ...keys([term])], [...keys([term]), ...sort])
  for (const group of groups)
    for (const term of between) ends.push([...group, ...keys([term])], [...keys([term]), ...group])
  const heads = [
    ...orders(same),
    ...joins.flatMap(join => [
      [...same, join],
      [join, ...same],
    ]),
  ]
  // Of several columns of one join, as of a key of several.
  if (joins.length > 1) heads.push([...same, ...joins], joins)
  const lists: Key[][] = []
  for (const head of heads) for (const end of ends) lists.push([...keys(head), ...end])
  for (const term of [...same, ...joins])
    for (const end of ends) lists.push([...keys([term]), ...end])
  lists.push(...ends)
  const found = new Map<string, Key[]>()
  for (const list of lists) {
    const once = withoutRepeats(list).slice(0, settings.keys)
    if (once.length > 0) found.set(JSON.stringify(once), once)
  }
  return [...found.values()]
}

/** Each column of an equality in front once, since another statement may share that beginning. */
function orders(terms: readonly Term[]): Term[][] {
  if (terms.length < 2) return terms.length === 0 ? [] : [[...terms]]
  const selective = terms.filter(term => share(term) <= 0.5)
  return [
    ...(selective.length > 0 && selective.length < terms.length ? [selective] : []),
    ...terms.slice(0, 3).map(first => [first, ...terms.filter(term => term !== first)]),
  ]
  function share(term: Term): number {
    return (term as Term & { share?: number }).share ?? 0
  }
}

function bySelectivity(table: Table, terms: readonly Term[]): Term[] {
  return terms
    .map(term => ({ ...term, share: shareOf(table, [term]) }))
    .sort((a, b) => a.share - b.share)
}

function unique(terms: readonly Term[]): Term[] {
  return [...new Map(terms.map(term => [term.sql + (term.opclass ?? ''), term])).values()]
}

function withoutRepeats(keys: readonly Key[]): Key[] {
  const seen = new Set<string>()
  return keys.flatMap(({ term, ...direction }) => {
    if (seen.has(term.sql)) return []
    seen.add(term.sql)
    const { sql, column, columns, opclass } = term
    const bare: Term = {
      sql,
      columns,
      ...(column === undefined ? {} : { column }),
      ...(opclass === undefined ? {} : { opclass }),
    }
    return [{ term: bare, ...direction }]
  })
}

function partOf(table: Table, keys: readonly Key[], filter: Filter): Candidate[] {
  const left = keys.filter(({ term }) => term.column !== filter.column)
  if (left.length === 0) return []
  return [candidate(table, 'btree', left, { where: filter.sql, share: filter.share, isLed: true })]
}

/** With the few other columns that the statement reads: then the table is not looked at. */
function carrying(use: Use, { table, method, keys, isLed }: Candidate): Candidate[] {
  if (use.needsAll || use.isWritten || use.needed.size === 0) return []
  const inKeys = new Set(
    keys.flatMap(({ term }) => (term.column === undefined ? [] : [term.column])),
  )
  const more = [...use.needed].filter(name => !inKeys.has(name))
  const bytes = more.reduce((sum, name) => sum + (table.columns.get(name)?.width ?? 0), 0)
  if (more.length === 0 || more.length > settings.carried || bytes > settings.carriedBytes)
    return []
  return [candidate(table, method, keys, { include: more.sort(), isLed })]
}

/** Block ranges for what lies in the order of the rows; a hash for what is wide and only compared. */
function others({ table }: Use, { range, equal }: Conditions): Candidate[] {
  const columnOf = ({ column }: Term): Column | undefined =>
    column === undefined ? undefined : table.columns.get(column)
  const one = (method: Method, term: Term): Candidate => candidate(table, method, [{ term }])
  const brin = unique(range).filter(
    term =>
      table.pages >= settings.brinPages &&
      Math.abs(columnOf(term)?.correlation ?? 0) >= settings.correlation,
  )
  const hash = unique(equal).filter(term => (columnOf(term)?.width ?? 0) >= settings.hashBytes)
  return [...brin.map(term => one('brin', term)), ...hash.map(term => one('hash', term))]
}

/** Types without an order have no tree; an array or a document is not looked up as a whole. */
function isIndexable(table: Table, { column, opclass }: Term): boolean {
  if (column === undefined || opclass !== undefined) return true
  const type = table.columns.get(column)?.type ?? ''
  return !/^(?:json|xml|point|box|polygon|line|lseg|path|circle)$/.test(type)
}

/** An index of these keys, or one that begins with them, serves already. */
export function isThere({ table, method, keys, include, where }: Candidate): boolean {
  return table.indexes.some(index => {
    if (!index.isValid || index.method !== method) return false
    if (index.where !== undefined && index.where !== where) return false
    const begins = keys.every((key, at) => isKey(index, at, key, keys.length === 1))
    const has = new Set([...index.keys, ...index.include])
    return begins && include.every(name => has.has(name))
  })
}

/** The new one begins with all that this index has, and so does its work. */
export function isReplaced(index: Index, { method, keys, include, where }: Candidate): boolean {
  return (
    index.method === 'btree' &&
    method === 'btree' &&
    where === undefined &&
    index.where === undefined &&
    index.keys.length <= keys.length &&
    index.keys.every((_, at) => {
      const key = keys[at]
      return key !== undefined && isKey(index, at, key, index.keys.length === 1)
    }) &&
    index.include.every(
      name => include.includes(name) || keys.some(({ term }) => term.column === name),
    )
  )
}

/** Whether this is the index's key at this place; of one key alone either direction will do. */
function isKey(
  index: Index,
  at: number,
  { term, isDescending, nulls }: Key,
  isAlone: boolean,
): boolean {
  const own = index.keys[at]
  if (own === undefined) return false
  const [opclass = '', , option = '0', collation, kind] = (index.order[at] ?? '').split('/')
  const first = (nulls ?? (isDescending ? 'first' : 'last')) === 'first'
  const direction = (isDescending ? 1 : 0) + (first ? 2 : 0)
  return (
    plain(own) === plain(term.sql) &&
    collation !== 'other' &&
    (term.opclass !== undefined
      ? opclass === term.opclass
      : index.method === 'btree'
        ? !opclass.includes('pattern')
        : kind !== 'special') &&
    (index.method !== 'btree' ||
      Number(option) === direction ||
      (isAlone && Number(option) === (direction ^ 3)))
  )
}

/** The server writes expressions with casts and blanks of its own. */
const plain = (sql: string): string => sql.replaceAll(/::[a-z]+|[\s()]/g, '').toLowerCase()
