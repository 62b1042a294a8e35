import { isNode, type Node, type Parse, walk } from './syntax.js'
import { type Touches, touchesOf, touchesOfTree } from './touches.js'

/** Reads the definition of a function in PL/pgSQL; throws when it is none. libpg-query has it. */
export type ParsePlpgsql = (definition: string) => unknown

/** Parts of PL/pgSQL that do nothing but what their expressions say. All others may do anything. */
const PLAIN = new Set(
  `block assign if case loop while fori fors forc foreach_a exit return return_next return_query raise
  assert execsql perform getdiag open fetch close commit rollback`
    .split(/\s+/)
    .map(name => `PLpgSQL_stmt_${name}`),
)

/** Words by which something is written. */
const WRITING = ['insert', 'update', 'delete', 'merge', 'truncate', 'copy', 'call', 'execute']

/**
 * What the body of a function reads and writes, statement by statement; undefined when that cannot be
 * told: dynamic SQL, another language, a text that is not understood.
 *
 * @param definition What `pg_get_functiondef` gives.
 */
export function functionTouches(
  definition: string,
  language: string,
  parse: Parse,
  plpgsql: ParsePlpgsql | undefined,
): readonly Touches[] | undefined {
  try {
    if (language === 'sql') return ofSql(definition, parse)
    if (language === 'plpgsql' && plpgsql !== undefined)
      return ofPlpgsql(definition, parse, plpgsql)
    return undefined
  } catch {
    return undefined
  }
}

function ofSql(definition: string, parse: Parse): readonly Touches[] | undefined {
  const create = parse(definition).stmts?.[0]?.stmt?.['CreateFunctionStmt']
  if (!isNode(create)) return undefined
  const { sql_body: tree } = create
  if (isNode(tree) || Array.isArray(tree)) return [touchesOfTree({ body: tree })]
  const body = bodyOf(create)
  return body === undefined ? undefined : [touchesOf(body, parse)]
}

function bodyOf(create: Node): string | undefined {
  for (const option of Array.isArray(create['options']) ? (create['options'] as unknown[]) : []) {
    const element = isNode(option) ? option['DefElem'] : undefined
    if (!isNode(element) || element['defname'] !== 'as' || !isNode(element['arg'])) continue
    const list = element['arg']['List']
    const [first] = isNode(list) && Array.isArray(list['items']) ? (list['items'] as unknown[]) : []
    const text = isNode(first) && isNode(first['String']) ? first['String']['sval'] : undefined
    if (typeof text === 'string') return text
  }
  return undefined
}

function ofPlpgsql(
  definition: string,
  parse: Parse,
  plpgsql: ParsePlpgsql,
): readonly Touches[] | undefined {
  const queries: { text: string; mode: number }[] = []
  let plain = true
  walk(plpgsql(definition), (kind, node) => {
    if (kind === 'dynquery') plain = false
    if (kind.startsWith('PLpgSQL_stmt_') && !PLAIN.has(kind)) plain = false
    if (kind === 'PLpgSQL_expr')
      queries.push({ text: String(node['query']), mode: Number(node['parseMode'] ?? 0) })
  })
  if (!plain) return undefined
  const body = parse(definition).stmts?.[0]?.stmt?.['CreateFunctionStmt']
  const source = isNode(body) ? bodyOf(body) : undefined
  // The tree is a report for people: a part that it leaves out must not go unseen.
  if (source === undefined || wordsOf(source) > wordsOf(queries.map(one => one.text).join(';\n')))
    return undefined
  return queries.map(({ text, mode }) => touchesOf(statementOf(text, mode), parse))
}

/** RawParseMode of PostgreSQL: 0 a statement, 2 an expression, from 3 up an assignment. */
function statementOf(text: string, mode: number): string {
  if (mode === 0) return text
  return `select ${mode >= 3 ? text.replace(/^[^=]*?:?=/, '') : text}`
}

/** How often the words by which something is written stand in a source, outside of texts and comments. */
function wordsOf(source: string): number {
  const code = source.replaceAll(/--[^\n]*|\/\*[^]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"/g, ' ')
  return [...code.toLowerCase().matchAll(/[a-z_][\w$]*/g)].filter(([word]) =>
    WRITING.includes(word),
  ).length
}
