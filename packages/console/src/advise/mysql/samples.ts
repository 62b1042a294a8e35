import type { Column, Table } from '../catalog.js'
import type { ParameterUse } from '../uses.js'
import type { Linked } from './conditions.js'
import type { MySqlReading } from './reading.js'
import type { Row, Session } from './session.js'
import { literal, quoted } from './text.js'

const settings = {
  /** Lists of values for each statement. */
  lists: 3,
  /** Rows of a table that are looked at for its values, at so many places. */
  places: 50,
  rows: 6,
  /** A page of a list: what an API commonly asks for. */
  page: 20,
  /** Characters of a value. */
  width: 100,
} as const

/**
 * Looks at a few hundred rows of each table for the values of the columns that statements compare: the server keeps
 * no statistics of most. By the primary key, at places all over it; what it saw stays in this process.
 */
export async function sample(session: Session, readings: readonly MySqlReading[]): Promise<void> {
  const wanted = new Map<Table, Set<string>>()
  const want = (table: Table, names: Iterable<string>): void => {
    if (table.kind !== 'r') return
    const own = wanted.get(table) ?? new Set()
    for (const name of names) own.add(name)
    wanted.set(table, own)
  }
  for (const { uses, parameters, links } of readings) {
    for (const { table, name } of links.flat()) want(table, [name])
    for (const { table, always, arms } of uses)
      for (const { equal, joined, range, special } of [always, ...arms])
        want(
          table,
          [...equal, ...joined, ...range, ...special.map(({ term }) => term)].flatMap(
            ({ columns }) => columns,
          ),
        )
    for (const { table, column } of parameters.values())
      if (table !== undefined && column !== undefined) want(table, [column.name])
  }
  for (const [table, names] of wanted) {
    if (names.size === 0) continue
    // No right to a column, or a lock: then it is known by its type alone.
    const rows = await sampled(session, table, [...names]).catch(error => {
      if (session.isLost) throw error
      return []
    })
    for (const name of names) describe(table, name, rows)
  }
}

/** Its multiples lie all over, and in step with nothing that data repeats by. */
const golden = 0.618034
const places = Array.from({ length: settings.places }, (_, at) => (at * golden) % 1).sort(
  (a, b) => a - b,
)

/** Rows from many places on, by the primary key where that is a number; else from the start. */
async function sampled(session: Session, table: Table, names: readonly string[]): Promise<Row[]> {
  const of = `${quoted(table.schema)}.${quoted(table.name)}`
  const list = names.map(name => `${textOf(table, name)} as ${quoted(name)}`).join(', ')
  const [key = '', ...more] = table.indexes.find(({ isPrimary }) => isPrimary)?.keys ?? []
  const isWhole = /int/.test(table.columns.get(key)?.type ?? '')
  const [ends] =
    more.length > 0 || !isWhole
      ? []
      : await session.rows(
          `select min(${quoted(key)}) as low, max(${quoted(key)}) as high from ${of}`,
        )
  if (ends?.['low'] == null)
    return session.rows(`select ${list} from ${of} limit ${settings.places * settings.rows}`)
  const [low, high] = [BigInt(String(ends['low'])), BigInt(String(ends['high']))]
  const parts = places.map(place => {
    // A literal, by which the server goes to the place at once.
    const from = low + ((high - low) * BigInt(Math.round(place * 1e6))) / 1_000_000n
    return `(select ${list} from ${of} where ${quoted(key)} >= ${from} order by ${quoted(key)} limit ${settings.rows})`
  })
  return session.rows(parts.join(' union all '))
}

/** A value as text; of what is none, its bytes. */
function textOf({ columns }: Table, name: string): string {
  const { category = 'U', type = '' } = columns.get(name) ?? {}
  const isText = category !== 'U' || /json/.test(type)
  return `left(${isText ? `cast(${quoted(name)} as char)` : `hex(${quoted(name)})`}, ${settings.width})`
}

/** What the rows tell of a column: its values, how often each comes, and how many there may be. */
function describe(table: Table, name: string, rows: readonly Row[]): void {
  const column = table.columns.get(name)
  if (column === undefined || rows.length === 0) return
  const counts = new Map<string, number>()
  let nulls = 0
  for (const row of rows) {
    const value = row[name]
    if (value === null || value === undefined) nulls++
    else counts.set(String(value), (counts.get(String(value)) ?? 0) + 1)
  }
  const seen = rows.length - nulls
  const once = [...counts.values()].filter(count => count === 1).length
  const common = [...counts].filter(([, count]) => count > 1).sort((a, b) => b[1] - a[1])
  const all = Math.max(table.rows, rows.length)
  // Haas and Stokes: how many values there are, by those of a sample that came once.
  const guessed = seen === 0 ? 0 : (seen * counts.size) / (seen - once + (once * seen) / all)
  const described: Column = {
    ...column,
    hasStats: true,
    nulls: nulls / rows.length,
    correlation: risesIn(
      rows.map(row => row[name]),
      column.category === 'N',
    )
      ? 1
      : 0,
    distinct: column.distinct > 0 ? column.distinct : Math.min(all, guessed),
    common: common.map(([value]) => value),
    frequencies: common.map(([, count]) => count / rows.length),
    bounds: ordered([...counts.keys()], column.category === 'N'),
  }
  ;(table.columns as Map<string, Column>).set(name, described)
}

/** Whether the values come in the order of the primary key, as times of now do. */
function risesIn(values: readonly unknown[], areNumbers: boolean): boolean {
  const list = values
    .filter(value => value !== null)
    .map(value => (areNumbers ? Number(value) : String(value)))
  const rises = list.filter((value, at) => at > 0 && value >= (list[at - 1] ?? value)).length
  return list.length > 20 && rises > 0.95 * (list.length - 1)
}

const ordered = (values: readonly string[], areNumbers: boolean): string[] =>
  [...values].sort((a, b) => (areNumbers ? Number(a) - Number(b) : a < b ? -1 : 1))

/** Lists of literals for the parameters of a statement, none twice. */
export function sampleLists(reading: MySqlReading, count: number): string[][] {
  if (count === 0) return [[]]
  const lists = Array.from({ length: settings.lists }, (_, number) =>
    Array.from({ length: count }, (_, at) => sampleOf(at + 1, number, reading)),
  )
  return [...new Map(lists.map(list => [list.join(), list])).values()]
}

function sampleOf(at: number, number: number, { parameters, links, pages }: MySqlReading): string {
  const use = parameters.get(at)
  if (use === undefined) return '1'
  const { how } = use
  if (how === 'limit') return String(settings.page)
  if (how === 'offset') return '0'
  const column = use.column === undefined ? undefined : use.table?.columns.get(use.column.name)
  if (column === undefined || use.isWithin) return '1'
  if (how === 'above' || how === 'below') {
    // Pages are turned from the first one on, and few to the end.
    const ends = pages.has(at)
      ? [1, 0.998, 0.99]
      : how === 'above'
        ? [0.98, 0.9, 0.7]
        : [0.99, 0.95, 0.75]
    const below = ends[number] ?? 0.9
    const part = pages.has(at) && how === 'above' ? 1 - below : below
    const { bounds } = column
    return valueOf(column, bounds[Math.min(bounds.length - 1, Math.floor(part * bounds.length))])
  }
  if (how === 'pattern') {
    const letters = (plain(column, number) ?? 'a').replaceAll(/[%_\\]/g, '')
    const from = Math.max(0, Math.floor(letters.length / 2) - 3)
    return literal(`%${letters.slice(from, from + 5)}%`)
  }
  if (how === 'holds') {
    const words = (plain(column, number) ?? 'word').match(/\p{L}{4,}/gu) ?? ['word']
    return literal(words[number % words.length] ?? 'word')
  }
  const from = linked(use, links) ?? column
  if (!use.isList) return valueOf(column, plain(from, number))
  return [...new Set([0, 1, 2].map(more => valueOf(column, plain(from, number + more))))].join(', ')
}

/**
 * The column whose values to take: that which it is joined with, where that has fewer. Of all customers many have no
 * order, and nobody asks for theirs.
 */
function linked({ table, column }: ParameterUse, links: MySqlReading['links']): Column | undefined {
  const is = (one: Linked): boolean => one.table === table && one.name === column?.name
  const others = links.flatMap(([a, b]) => (is(a) ? [b] : is(b) ? [a] : []))
  const found = others.flatMap(({ table, name }) => table.columns.get(name) ?? [])
  const own = column === undefined ? undefined : table?.columns.get(column.name)
  return found.find(
    ({ distinct, bounds }) => bounds.length > 0 && distinct < 0.9 * (own?.distinct ?? 0),
  )
}

/** The most common value, then two of the middle. */
function plain({ common, bounds }: Column, number: number): string | undefined {
  if (number === 0 && common.length > 0) return common[0]
  if (number === 2 && common.length > 1 && common.length === bounds.length) return common.at(-1)
  return bounds[Math.floor(bounds.length * (0.37 + 0.11 * number)) % Math.max(1, bounds.length)]
}

function valueOf({ category, type }: Column, value: string | undefined): string {
  if (value === undefined) return category === 'N' ? '1' : category === 'D' ? 'now()' : `'a'`
  if (category === 'N') return /^-?[\d.]+(?:e[+-]?\d+)?$/i.test(value) ? value : '1'
  if (category === 'U' && !/json/.test(type)) return `x'${value.replaceAll(/[^\dA-F]/gi, '')}'`
  return literal(value)
}
