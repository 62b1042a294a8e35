import { init, parse } from '@guanmingchiu/sqlparser-ts'
import {
  as,
  everyNode,
  isNode,
  list,
  node,
  type Node,
  type Parsed,
  type StatementKind,
} from '../tree.js'
import { type Prepared, prepared } from './text.js'

/** Brings the grammar, once. Before it nothing can be parsed. */
export const loadGrammar = (): Promise<void> => init()

const kinds: Readonly<Record<string, StatementKind>> = {
  Query: 'SelectStmt',
  Insert: 'InsertStmt',
  Update: 'UpdateStmt',
  Delete: 'DeleteStmt',
}

export const isNoStatement = 'it is no SELECT, INSERT, UPDATE or DELETE'

/**
 * One statement, which reads or writes rows: what may be given to EXPLAIN. Anything else is a sentence that says
 * what it is. The tree is sqlparser-rs's, which read 57 of the 60 shapes in test/verify/mysql/statements.ts, and all
 * of them with the few phrases that `prepared` takes out (node-sql-parser: 46).
 */
export function parseOne(recorded: string): (Parsed & Prepared) | string {
  const ready = prepared(recorded)
  if (typeof ready === 'string') return ready
  let statements: unknown[]
  try {
    statements = parse(ready.readable, 'mysql') as unknown[]
  } catch (error) {
    return `the grammar does not read it: ${error instanceof Error ? error.message : String(error)}`
  }
  if (statements.length !== 1) return `it is ${statements.length} statements`
  const wrapped = node(statements[0])
  const [name = ''] = Object.keys(wrapped)
  const kind = kinds[name]
  if (kind === undefined) return isNoStatement
  if (/\binto\s+(?:out|dump)file\b/i.test(ready.text)) return 'it writes a file'
  return { ...ready, kind, tree: node(wrapped[name]) }
}

/** `[schema, table]`, or the table alone. */
export function nameParts(value: unknown): string[] {
  return list(value).flatMap(part => {
    const text = node(part['Identifier'] ?? part)['value']
    return typeof text === 'string' ? [text] : []
  })
}

/** The parts of a column's name, the column last; undefined for what is none. */
export function columnParts(value: unknown): string[] | undefined {
  const one = node(node(value)['Identifier'])['value']
  if (typeof one === 'string') return [one]
  const parts = isNode(value) ? value['CompoundIdentifier'] : undefined
  return parts === undefined ? undefined : nameParts(parts)
}

/** Takes parentheses off. */
export function bare(value: unknown): unknown {
  const inner = isNode(value) ? value['Nested'] : undefined
  return inner === undefined ? value : bare(inner)
}

/**
 * A comparison as it is meant: the parser binds what stands behind an arrow of JSON too closely, so that
 * `a->>'$.b' = 1` comes as `a->>('$.b' = 1)`.
 */
export function binary(value: unknown): { op: string; left: unknown; right: unknown } | undefined {
  const found = as('BinaryOp', bare(value))
  if (found === undefined) return undefined
  const op = String(found['op'])
  const within = op.endsWith('Arrow') ? as('BinaryOp', found['right']) : undefined
  if (within !== undefined)
    return {
      op: String(within['op']),
      left: { BinaryOp: { op, left: found['left'], right: within['left'] } },
      right: within['right'],
    }
  return { op, left: found['left'], right: found['right'] }
}

/** The number of a parameter. */
export function parameterOf(value: unknown): number | undefined {
  const text = node(node(as('Value', bare(value)))['value'])['Placeholder']
  return typeof text === 'string' ? Number(text.slice(1)) : undefined
}

/** The text of a string's literal. */
export function stringOf(value: unknown): string | undefined {
  const { SingleQuotedString: single, DoubleQuotedString: double } = node(
    node(as('Value', bare(value)))['value'],
  )
  const text = single ?? double
  return typeof text === 'string' ? text : undefined
}

/** The tables that a statement names, CTEs among them. */
export function tablesIn(tree: Node): { schema: string | undefined; name: string }[] {
  const found: { schema: string | undefined; name: string }[] = []
  everyNode(tree, one => {
    for (const value of [as('Table', one)?.['name'], one['TableName']]) {
      const parts = value === undefined ? [] : nameParts(value)
      const name = parts.at(-1)
      if (name !== undefined) found.push({ schema: parts.at(-2), name })
    }
  })
  return found
}

/** Indexes that a statement names: USE INDEX, FORCE INDEX, IGNORE INDEX; in lower case. */
export function hintsIn(tree: Node): string[] {
  const found: string[] = []
  everyNode(tree, one => {
    for (const name of list(one['index_names'])) found.push(String(name['value']).toLowerCase())
  })
  return found
}
