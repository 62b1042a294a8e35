import type { Statement } from './statements.js'

/** A statement that was sent again and again, each time with other parameters. */
export interface Loop {
  readonly text: string
  readonly calls: number
  /** Different parameters; undefined: none could be compared. */
  readonly distinct: number | undefined
  readonly where: string | undefined
}

/**
 * Reads of so many rows, so seldom, are chunks that somebody chose; a page has so many rows. As the
 * detector `n-plus-one` of the console has them: test/attached/loops.test.ts holds that both say the same.
 */
const CHUNK_ROWS = 100
const CHUNKS = 50
const PAGE_ROWS = 20
/** Fewer rows of a list of values, five times over, are what each of several parents has. */
const BATCH_ROWS = 10

/**
 * The loops in what a piece of code sent: the same statement from the same place, `calls` times or more,
 * with as many different parameters. Silent about what takes many values or rows at once, reads on page by
 * page, or writes within one transaction.
 */
export function loopsIn(statements: readonly Statement[], calls: number): Loop[] {
  return placesOf(statements).flatMap(group => {
    const [first] = group
    const distinct = distinctOf(group)
    if (first === undefined || group.length < calls || (distinct ?? Infinity) < calls) return []
    if (isDeliberate(group, statements)) return []
    const where = group.find(one => one.where !== undefined)?.where
    return [{ text: first.text, calls: group.length, distinct, where }]
  })
}

/** By template, then by place. Few tell their place: the others are of the one that was told last. */
function placesOf(statements: readonly Statement[]): Statement[][] {
  const byText = new Map<string, Statement[]>()
  for (const statement of statements) put(byText, statement.text, statement)
  return [...byText.values()].flatMap(all => {
    let where = all.find(one => one.where !== undefined)?.where
    const byPlace = new Map<string, Statement[]>()
    for (const one of all) {
      where = one.where ?? where
      put(byPlace, where ?? '', one)
    }
    return [...byPlace.values()]
  })
}

function put<Key>(lists: Map<Key, Statement[]>, key: Key, value: Statement): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

/** Those that could be compared; undefined when none could: then they are taken as different. */
function distinctOf(group: readonly Statement[]): number | undefined {
  const known = group.flatMap(({ parameters }) => (parameters === undefined ? [] : [parameters]))
  return known.length === 0 ? undefined : new Set(known).size
}

function isDeliberate(group: readonly Statement[], all: readonly Statement[]): boolean {
  const text = group[0]?.text ?? ''
  const rows = median(group.flatMap(one => (one.rows < 0 ? [] : [one.rows])))
  const takesMany = /\b(?:any|all|in|unnest|jsonb?_to_recordset)\s*\((?!\s*select\b)/i.test(text)
  const compares = /(?<![<>!])=\s*(?:\$\d|\?)/.test(
    /\b(?:where|on|having)\b.*/is.exec(text)?.[0] ?? '',
  )
  if (/^\s*(?:with\b.*\)\s*)?\(?\s*select\b/is.test(text)) {
    if (takesMany && !compares && group.length <= CHUNKS)
      return rows === undefined || rows >= BATCH_ROWS
    if (/\b(?:limit|fetch|top)\b/i.test(text) && /\boffset\b|[<>]=?\s*(?:\$\d|\?)/i.test(text))
      return !compares || (rows ?? 0) >= PAGE_ROWS
    return (rows ?? 0) >= CHUNK_ROWS && group.length <= CHUNKS
  }
  if (!/\b(?:insert|update|delete)\b/i.test(text)) return true
  const writesMany = takesMany || /\bvalues\b.*\)\s*,\s*\(/is.test(text) || (rows ?? 0) > 1
  return writesMany || inTransaction(group, all)
}

/**
 * On each connection a transaction was open from before the first until after the last. One for each single
 * write is a loop of transactions.
 */
function inTransaction(group: readonly Statement[], all: readonly Statement[]): boolean {
  const sessions = new Map<object, Statement[]>()
  for (const statement of group) put(sessions, statement.session, statement)
  return [...sessions].every(
    ([session, writes]) =>
      (writes.length > 1 || sessions.size === 1) &&
      isWithinOne(
        writes,
        all.filter(other => other.session === session),
      ),
  )
}

function isWithinOne(writes: readonly Statement[], all: readonly Statement[]): boolean {
  const first = all.indexOf(writes[0] as Statement)
  const last = all.indexOf(writes.at(-1) as Statement)
  const before = all.slice(0, first).findLastIndex(({ text }) => BEGINS.test(text))
  if (before < 0) return false
  const end = all.findIndex(({ text }, at) => at > before && ENDS.test(text))
  return end > last
}

const BEGINS = /^\s*(?:begin|start\s+transaction)\b/i
const ENDS = /^\s*(?:commit|rollback(?!\s+to)|end)\b/i

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[values.length >> 1]
}
