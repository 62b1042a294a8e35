import { loadModule, parseSync } from 'libpg-query'

/** A node of PostgreSQL's parse tree: one key that names its kind, or the fields below it. */
export type Node = Readonly<Record<string, unknown>>

let loading: Promise<void> | undefined

/** Brings PostgreSQL's grammar, about 25 ms, once. Before it nothing can be parsed. */
export function loadGrammar(): Promise<void> {
  loading ??= loadModule()
  return loading
}

export type StatementKind = 'SelectStmt' | 'InsertStmt' | 'UpdateStmt' | 'DeleteStmt'
const kinds: readonly string[] = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt']

export interface Parsed {
  readonly kind: StatementKind
  readonly tree: Node
}

/**
 * One statement, which reads or writes rows: what may be given to EXPLAIN. Anything else is a sentence
 * that says what it is.
 *
 * @example
 * parseOne('select 1; drop table t') // 'it is 2 statements'
 */
export function parseOne(text: string): Parsed | string {
  let stmts: readonly { readonly stmt?: unknown }[]
  try {
    stmts = parseSync(text).stmts ?? []
  } catch (error) {
    return `PostgreSQL's grammar does not read it: ${error instanceof Error ? error.message : String(error)}`
  }
  if (stmts.length !== 1) return `it is ${stmts.length} statements`
  const wrapped = (stmts[0]?.stmt ?? {}) as Node
  const [kind = ''] = Object.keys(wrapped)
  if (!kinds.includes(kind)) return `it is no SELECT, INSERT, UPDATE or DELETE`
  const tree = node(wrapped[kind])
  if (tree['intoClause'] !== undefined) return 'it is a SELECT INTO, which makes a table'
  return { kind: kind as StatementKind, tree }
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const node = (value: unknown): Node => (isNode(value) ? value : {})

export const list = (value: unknown): readonly Node[] =>
  Array.isArray(value) ? value.filter(isNode) : []

/** The fields of a node of this kind; undefined for one of another. */
export function as(kind: string, value: unknown): Node | undefined {
  const wrapped = isNode(value) ? value[kind] : undefined
  return isNode(wrapped) ? wrapped : undefined
}

/** `String` nodes to their texts; a star is `*`. */
export function names(value: unknown): string[] {
  return list(value).map(item =>
    item['A_Star'] !== undefined ? '*' : String(as('String', item)?.['sval'] ?? ''),
  )
}

/** Calls `look` with every node below, itself too. */
export function everyNode(value: unknown, look: (found: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) everyNode(item, look)
  else if (isNode(value)) {
    look(value)
    for (const part of Object.values(value)) if (typeof part === 'object') everyNode(part, look)
  }
}

/** The tables that a tree names, by schema (absent: by the search path) and name. */
export function tablesIn(tree: unknown): { schema?: string; name: string }[] {
  const found = new Map<string, { schema?: string; name: string }>()
  everyNode(tree, ({ relname, schemaname }) => {
    if (typeof relname !== 'string') return
    const named =
      typeof schemaname === 'string' ? { schema: schemaname, name: relname } : { name: relname }
    found.set(JSON.stringify([named.schema, relname]), named)
  })
  return [...found.values()]
}
