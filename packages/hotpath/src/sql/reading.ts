import { characterIndex, isNode, nameParts, type Node, type Parse, walk } from './syntax.js'

/** A parameter where it stands in the text, `$1` from `start` to `end`. */
export interface ParamPlace {
  readonly number: number
  readonly start: number
  readonly end: number
}

/** What a statement is, as far as its text tells. */
export interface Reading {
  /** It reads, and does nothing else that its text would tell. */
  readonly plain: boolean
  /** Why it cannot be batched; '' when only the catalog can still object. */
  readonly reason: string
  /** Names of functions called, without their schema, lower case as the grammar folds them. */
  readonly functions: readonly string[]
  /** Operators used, for those that a user defined. */
  readonly operators: readonly string[]
  /** Tables and views as they are to be looked up, what WITH defines included: `"shop"."Order"`. */
  readonly relations: readonly string[]
  /** What WITH defines: these need not exist. */
  readonly defined: readonly string[]
  readonly params: readonly ParamPlace[]
  /** Number of the highest parameter. */
  readonly highest: number
  /** The statement alone, without what ends it: from 0 to here. */
  readonly start: number
  readonly end: number
  /** It has an OFFSET, a LIMIT or a set operation at its top, so nothing can be put behind it. */
  readonly closed: boolean
}

const NOT_PLAIN: Reading = {
  plain: false,
  reason: 'not a select',
  functions: [],
  operators: [],
  relations: [],
  defined: [],
  params: [],
  highest: 0,
  start: 0,
  end: 0,
  closed: false,
}

/** Functions that no catalog calls volatile, and whose answer is another a moment later, or elsewhere. */
export const CLOCKS: ReadonlySet<string> = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'age',
  'current_query',
  'inet_client_addr',
  'inet_client_port',
  'inet_server_addr',
  'inet_server_port',
  'txid_current',
  'txid_current_if_assigned',
  'txid_current_snapshot',
  'set_config',
  'query_to_xml',
  'cursor_to_xml',
  'table_to_xml',
  'schema_to_xml',
  'database_to_xml',
])

/** `'now'::timestamptz` is a clock in the dress of a literal. */
const CLOCK_WORD = /\b(?:now|today|tomorrow|yesterday)\b/i

/** True for text that a date type would read as the present moment. */
export function isClockWord(text: string): boolean {
  return text.length < 64 && CLOCK_WORD.test(text)
}

/**
 * Reads one text by PostgreSQL's grammar. 18 to 34 us for a statement of an API, so it is asked once
 * for each text. A text that is no SQL, or several statements, is not plain.
 */
export function readStatement(text: string, parse: Parse): Reading {
  let tree: ReturnType<Parse>
  try {
    tree = parse(text)
  } catch {
    return { ...NOT_PLAIN, reason: 'not read' }
  }
  const [only, more] = tree.stmts ?? []
  const select = only?.stmt?.['SelectStmt']
  if (more !== undefined || only === undefined || !isNode(select)) return NOT_PLAIN
  const found = collect(select)
  const index = characterIndex(text)
  const params = found.params.map(({ number, at }) => {
    const start = index(at)
    return { number, start, end: start + 1 + String(number).length }
  })
  const start = index(only.stmt_location ?? 0)
  const length = only.stmt_len ?? 0
  return {
    plain: found.reason === '',
    reason: found.reason || refusal(params, text),
    functions: [...found.functions],
    operators: [...found.operators],
    relations: [...found.relations],
    defined: [...found.defined],
    params,
    highest: params.reduce((most, { number }) => Math.max(most, number), 0),
    start,
    end: length === 0 ? text.length : index((only.stmt_location ?? 0) + length),
    closed: isClosed(select),
  }
}

interface Found {
  reason: string
  readonly functions: Set<string>
  readonly operators: Set<string>
  readonly relations: Set<string>
  readonly defined: Set<string>
  readonly params: { number: number; at: number }[]
}

function collect(select: Node): Found {
  const found: Found = {
    reason: '',
    functions: new Set(),
    operators: new Set(),
    relations: new Set(),
    defined: new Set(),
    params: [],
  }
  const refuse = (reason: string) => {
    found.reason ||= reason
  }
  walk({ SelectStmt: select }, (kind, node) => {
    switch (kind) {
      case 'LockingClause':
        return refuse('locks rows')
      case 'intoClause':
      case 'IntoClause':
        return refuse('makes a table')
      case 'InsertStmt':
      case 'UpdateStmt':
      case 'DeleteStmt':
      case 'MergeStmt':
        return refuse('changes data')
      case 'RangeTableSample':
        return refuse('samples at random')
      case 'SQLValueFunction':
        return /CURRENT_(?:USER|ROLE|CATALOG|SCHEMA)|SESSION_USER|OP_USER/.test(String(node['op']))
          ? undefined
          : refuse('reads the clock')
      case 'CurrentOfExpr':
        return refuse('reads a cursor')
      case 'FuncCall':
        return call(node, found, refuse)
      case 'A_Expr':
        for (const name of nameParts(node['name']).slice(-1)) found.operators.add(name)
        return undefined
      case 'CommonTableExpr':
        found.defined.add(quoted(String(node['ctename'])))
        return undefined
      case 'RangeVar':
        return relation(node, found, refuse)
      case 'ParamRef':
        found.params.push({
          number: Number(node['number'] ?? 0),
          at: Number(node['location'] ?? 0),
        })
        return undefined
      case 'A_Const': {
        const text = isNode(node['sval']) ? node['sval']['sval'] : undefined
        return typeof text === 'string' && isClockWord(text) ? refuse('reads the clock') : undefined
      }
      default:
        return undefined
    }
  })
  return found
}

function call(node: Node, found: Found, refuse: (reason: string) => void): void {
  const name = nameParts(node['funcname']).at(-1) ?? ''
  const known = name === 'age' && Array.isArray(node['args']) && node['args'].length > 1
  if (!known && (CLOCKS.has(name) || /^pg_(?!typeof$|get_|catalog)/.test(name)))
    refuse('calls what changes by itself')
  found.functions.add(name)
}

function relation(node: Node, found: Found, refuse: (reason: string) => void): void {
  const name = String(node['relname'])
  const schema = node['schemaname']
  if (schema === 'pg_catalog' || schema === 'information_schema' || name.startsWith('pg_'))
    return refuse('reads the catalog')
  found.relations.add(
    schema === undefined ? quoted(name) : `${quoted(String(schema))}.${quoted(name)}`,
  )
}

function refusal(params: readonly ParamPlace[], text: string): string {
  if (params.length === 0) return 'has no parameter'
  const wrong = params.some(({ number, start, end }) => text.slice(start, end) !== `$${number}`)
  return wrong ? 'has parameters that are not numbered plainly' : ''
}

/** Nothing can be put behind these: it is wrapped instead. */
function isClosed(select: Node): boolean {
  return (
    select['limitCount'] !== undefined ||
    select['limitOffset'] !== undefined ||
    (select['op'] !== undefined && select['op'] !== 'SETOP_NONE')
  )
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
