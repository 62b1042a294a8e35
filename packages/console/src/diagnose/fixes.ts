import type { Fix } from '../model.js'
import type { Occurrence } from './occurrence.js'
import { ormFix } from './orm.js'
import type { Reading } from './reading.js'
import { tokens } from './tokens.js'

/** Fixes of findings about statements, the most concrete first. Nothing of it was tried: where that matters it is said. */

export function loopFixes(occurrence: Occurrence): Fix[] {
  const { reading, subject } = occurrence
  if (reading.operation !== 'select') return batchWrite(reading)
  const postgres = isPostgres(occurrence)
  return [
    ...batchByConfig(occurrence, postgres),
    ...ormFix(occurrence),
    ...batchRead(reading, subject, postgres),
  ]
}

export function slowFixes(occurrence: Occurrence): Fix[] {
  const postgres = isPostgres(occurrence)
  const check = explain(occurrence.subject, postgres)
  const isAskable =
    postgres &&
    isOurs(occurrence) &&
    occurrence.calls[0]?.attributes['hotpath.plan.table'] === undefined
  return [
    ...indexCandidate(occurrence.reading, postgres),
    isAskable ? { ...check, note: ASK } : check,
  ]
}

/** Our own recorder can ask, where it may. */
const ASK =
  'Or let Hotpath ask for the plan of what is slow: explain: true in hotpath.config.js (docs/findings.md, missing-index).'

function isPostgres({ calls }: Occurrence): boolean {
  const system = calls[0]?.attributes['db.system.name']
  return system === undefined || system === 'postgresql'
}

/** Our own recorder runs in the service of this request: its mark is on it. */
export function isOurs({ request }: Occurrence): boolean {
  return request.attributes['hotpath.sampled.reason'] !== undefined
}

function batchRead(reading: Reading, subject: string, postgres: boolean): Fix[] {
  const [column] = reading.equals
  const table = reading.table ?? 'the table'
  const one = reading.plain && reading.equals.length === 1 && column !== undefined
  if (!one)
    return [
      {
        kind: 'code',
        title: 'Ask for all of them in one statement',
        text: `Collect the values first, then read ${table} once for all of them (${postgres ? 'where COLUMN = any($1), or a join with unnest($1)' : 'where COLUMN in (...)'}, or a join with the query that the loop runs over), and give each its rows by a Map.`,
      },
    ]
  return [
    {
      kind: 'sql',
      title: 'One statement for the whole loop',
      text: withList(subject, column, postgres),
    },
    {
      kind: 'code',
      title: 'Give each its rows',
      text: `Collect the values of ${column} before the loop, run the statement above once, and look the rows of ${table} up in a Map by ${column} inside the loop. Where the loop itself runs over a query, a join with ${table} does both in one.`,
    },
  ]
}

/** Where our own recorder runs, it can do it: its mark is on the request. */
function batchByConfig(occurrence: Occurrence, postgres: boolean): Fix[] {
  if (!postgres || !isOurs(occurrence)) return []
  return [
    {
      kind: 'config',
      title: 'Let Hotpath fetch the whole loop at once, with no change of code (docs/batching.md)',
      note: "In hotpath.config.js, beside the app's package.json, after npm install libpg-query. This is for the one route; for all of them: export default { queries: { batch: 'on' } }",
      text: configFile(
        '  routes: {',
        `    '${occurrence.route.replaceAll("'", "\\'")}': { queries: { batch: 'on' } },`,
        '  },',
      ),
    },
  ]
}

/** The whole of `hotpath.config.js`, so that it can be pasted. */
export function configFile(...lines: readonly string[]): string {
  return ['export default {', ...lines, '}'].join('\n')
}

/** The statement with `column = any($1)` in the place of the comparison, and the column among its results. */
function withList(subject: string, column: string, postgres: boolean): string {
  const list = tokens(subject)
  const at = list.findIndex(
    (token, i) => token.text === '=' && list[i - 1]?.text === column && isValue(list[i + 1]?.kind),
  )
  const [equals, value] = [list[at], list[at + 1]]
  const select = list[0]
  if (!equals || !value || !select) return subject
  const many = postgres ? `= any(${value.text === '?' ? '$1' : value.text})` : 'in (...)'
  const from = list.findIndex(token => token.kind === 'word' && /^from$/i.test(token.text))
  const results = list.slice(1, from)
  const shown = results.some(token => token.text === '*' || token.text === column)
  const qualified = list[at - 2]?.text === '.' ? `${list[at - 3]?.text}.${column}` : column
  const head = subject.slice(0, select.at + select.text.length)
  const body = subject.slice(select.at + select.text.length, equals.at)
  const tail = subject.slice(value.at + value.text.length)
  return `${head}${shown ? '' : ` ${qualified},`}${body}${many}${tail}`
}

function isValue(kind: string | undefined): boolean {
  return kind === 'parameter' || kind === 'literal'
}

function batchWrite({ operation, table = 'the table' }: Reading): Fix[] {
  const how =
    operation === 'insert'
      ? `insert into ${table} (...) select * from unnest($1::TYPE[], $2::TYPE[])`
      : operation === 'update'
        ? `update ${table} set ... from unnest($1::TYPE[], $2::TYPE[]) as v(key, value) where ${table}.COLUMN = v.key`
        : `delete from ${table} where COLUMN = any($1)`
  return [
    {
      kind: 'code',
      title: 'Write all rows in one statement',
      text: `Collect the rows first, then write them together: ${how}. At the least run the loop in one transaction: each write outside of one waits for the disk.`,
    },
  ]
}

export function askOnce({ table = 'the table' }: Reading): Fix {
  return {
    kind: 'code',
    title: 'Ask once and keep the answer for the request',
    text: `Read ${table} once before the loop and pass the rows on, or keep the promise in a Map that lives as long as the request, by its parameters.`,
  }
}

function explain(subject: string, postgres: boolean): Fix {
  if (!postgres)
    return {
      kind: 'sql',
      title: 'Check first how the database runs it',
      text: `explain ${subject}`,
      check: true,
    }
  return {
    kind: 'sql',
    title: 'Check first how the database runs it (PostgreSQL 16 and later)',
    text: `explain (generic_plan) ${numbered(subject)}`,
    check: true,
  }
}

/** `?` in a template stands for a literal: numbered behind the parameters that are there. */
function numbered(subject: string): string {
  const list = tokens(subject)
  let next = list.reduce(
    (most, { kind, text }) =>
      kind === 'parameter' && text.startsWith('$') ? Math.max(most, Number(text.slice(1))) : most,
    0,
  )
  let out = ''
  let from = 0
  for (const token of list) {
    if (token.text !== '?') continue
    out += `${subject.slice(from, token.at)}$${++next}`
    from = token.at + 1
  }
  return out + subject.slice(from)
}

/** Whether one column of one table is all that it asks by. */
export function hasIndexCandidate({
  table,
  equals,
  plain,
}: Pick<Reading, 'equals' | 'plain'> & { readonly table?: string | undefined }): boolean {
  return plain && equals.length === 1 && table !== undefined
}

function indexCandidate({ table, equals, plain }: Reading, postgres: boolean): Fix[] {
  const [column] = equals
  if (!hasIndexCandidate({ table, equals, plain }) || column === undefined || table === undefined)
    return []
  return [
    {
      kind: 'sql',
      title: 'An index to try (a candidate, not verified: look at the plan first)',
      text: `create index ${postgres ? 'concurrently on' : `${indexName(table, column)} on`} ${table} (${column});`,
    },
  ]
}

function indexName(table: string, column: string): string {
  return `${table}_${column}`.replace(/[^\p{L}\p{N}]+/gu, '_').concat('_idx')
}
