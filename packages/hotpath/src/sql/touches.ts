import { isNode, nameParts, type Node, type Parse, walk } from './syntax.js'
import { isClockWord } from './reading.js'
import { keysOfInsert, keysOfSelect, keysOfWhere, type RowKey } from './row-keys.js'

/** A table or view as a statement names it. */
export interface Relation {
  /** Undefined: the search path decides. */
  readonly schema: string | undefined
  readonly name: string
}

export type WriteEvent = 'insert' | 'update' | 'delete' | 'truncate'

/** What one part of a statement writes. */
export interface Write extends Relation {
  readonly events: readonly WriteEvent[]
  /** Columns that an UPDATE sets; undefined: any. */
  readonly columns: readonly string[] | undefined
  /** Columns of which one, if it is the table's key, tells the rows. Empty: any rows. */
  readonly keys: readonly RowKey[]
  /** TRUNCATE ... CASCADE. */
  readonly cascades: boolean
}

/** What a text reads and writes, as far as its words tell. */
export interface Touches {
  /** It may do anything: why. '' when it is known what it does. */
  readonly unknown: string
  /** It changes tables, types or functions. */
  readonly ddl: boolean
  /** Each as often as it is named. */
  readonly reads: readonly Relation[]
  /** Names that WITH defines: reads of these are none of tables. */
  readonly defined: ReadonlySet<string>
  /** Of a SELECT over one table: columns of which one, if it is the key, tells the rows. */
  readonly keys: readonly RowKey[]
  readonly writes: readonly Write[]
  readonly functions: ReadonlySet<string>
  /** Columns with a table before them, which may be functions: `menu.total` is total(menu). */
  readonly columns: ReadonlySet<string>
  readonly operators: ReadonlySet<string>
  /** It reads the clock otherwise than by a function: `current_date`, `'today'::date`. */
  readonly clock: boolean
  /** Its transaction will read from a snapshot of its own. */
  readonly isolates: boolean
  /** It sets what outlives it, by SET or DISCARD; set_config() is among `functions`. */
  readonly sets: boolean
}

/** Longer texts are not read: 1 ms for each 50 kB. */
const MAX_TEXT = 200_000

/** Statements that change no data that a query of the app's could read. */
const HARMLESS = new Set(
  `TransactionStmt VariableSetStmt VariableShowStmt ListenStmt UnlistenStmt NotifyStmt LockStmt VacuumStmt FetchStmt
  CheckPointStmt ClosePortalStmt DeallocateStmt DiscardStmt ConstraintsSetStmt`.split(/\s+/),
)
/** The same, and it is not told what they run. */
const OPAQUE = new Set('DoStmt ExecuteStmt PrepareStmt LoadStmt'.split(' '))

interface Found {
  unknown: string
  ddl: boolean
  clock: boolean
  isolates: boolean
  sets: boolean
  readonly reads: Relation[]
  readonly defined: Set<string>
  keys: readonly RowKey[]
  readonly writes: Write[]
  readonly functions: Set<string>
  readonly columns: Set<string>
  readonly operators: Set<string>
}

/** Reads a text of one or more statements by PostgreSQL's grammar. Never throws. */
export function touchesOf(text: string, parse: Parse): Touches {
  const found = nothing()
  if (text.length > MAX_TEXT) return { ...found, unknown: 'too long to be read' }
  try {
    const statements = parse(text).stmts ?? []
    for (const { stmt } of statements) statement(stmt ?? {}, found)
    if (statements.length > 1) found.keys = []
  } catch {
    return { ...found, unknown: 'not read' }
  }
  return found
}

/** The same of a tree, such as the body of a function that was parsed with it. */
export function touchesOfTree(tree: Node): Touches {
  const found = nothing()
  collect(tree, found)
  return found
}

function nothing(): Found {
  return {
    unknown: '',
    ddl: false,
    clock: false,
    isolates: false,
    sets: false,
    reads: [],
    defined: new Set(),
    keys: [],
    writes: [],
    functions: new Set(),
    columns: new Set(),
    operators: new Set(),
  }
}

function statement(stmt: Node, found: Found): void {
  const [kind = '', body] = Object.entries(stmt)[0] ?? []
  const node = isNode(body) ? body : {}
  if (kind === 'ExplainStmt') return statement(asNode(node['query']), found)
  if (kind === 'DeclareCursorStmt') return statement(asNode(node['query']), found)
  if (kind === 'CopyStmt') return copy(node, found)
  if (kind === 'TruncateStmt') return truncate(node, found)
  if (kind === 'TransactionStmt' && String(node['kind']).endsWith('_PREPARED'))
    return refuse(found, 'ends a prepared transaction')
  if (kind === 'TransactionStmt' || kind === 'VariableSetStmt')
    found.isolates ||= /isolation|snapshot/.test(JSON.stringify(node))
  if (kind === 'VariableSetStmt' || kind === 'DiscardStmt') found.sets = true
  if (HARMLESS.has(kind)) return
  if (OPAQUE.has(kind)) return refuse(found, 'runs what it does not say')
  if (!/^(?:Select|Insert|Update|Delete|Merge|Call)Stmt$/.test(kind)) {
    found.ddl = true
    return
  }
  if (kind === 'SelectStmt') found.keys = keysOfSelect(node)
  collect(stmt, found)
}

function collect(stmt: Node, found: Found): void {
  const targets = new Set<unknown>()
  walk(stmt, (kind, node) => {
    switch (kind) {
      case 'InsertStmt':
        targets.add(node['relation'])
        return insert(node, found)
      case 'UpdateStmt':
        targets.add(node['relation'])
        return update(node, found)
      case 'DeleteStmt':
        targets.add(node['relation'])
        return void found.writes.push(
          write(node['relation'], ['delete'], undefined, keysOfWrite(node, 'usingClause')),
        )
      case 'MergeStmt':
        targets.add(node['relation'])
        return void found.writes.push(
          write(node['relation'], ['insert', 'update', 'delete'], undefined, []),
        )
      case 'intoClause':
      case 'IntoClause':
        found.ddl = true
        return undefined
      case 'CommonTableExpr':
        found.defined.add(String(node['ctename']))
        return undefined
      case 'relation':
      case 'RangeVar':
        if (node['relname'] !== undefined && !targets.has(node)) found.reads.push(relationOf(node))
        return undefined
      case 'SQLValueFunction':
        found.clock ||= /TIME|DATE/.test(String(node['op']))
        return undefined
      case 'A_Const': {
        const text = asNode(node['sval'])['sval']
        found.clock ||= typeof text === 'string' && isClockWord(text)
        return undefined
      }
      case 'funccall':
      case 'FuncCall':
        found.functions.add(nameParts(node['funcname']).at(-1) ?? '')
        return undefined
      case 'ColumnRef':
        return column(node['fields'], 2, found)
      case 'A_Indirection':
        return column(node['indirection'], 1, found)
      case 'A_Expr':
      case 'SubLink':
        for (const name of nameParts(node['name'] ?? node['operName']).slice(-1))
          found.operators.add(name)
        return undefined
      default:
        return undefined
    }
  })
}

/** With a table before it, what looks like a column may be a function of the row. */
function column(fields: unknown, least: number, found: Found): void {
  const names = nameParts(fields)
  if (names.length >= least) found.columns.add(names.at(-1) ?? '')
}

function insert(node: Node, found: Found): void {
  const conflict = node['onConflictClause']
  const updates = isNode(conflict) && conflict['action'] === 'ONCONFLICT_UPDATE'
  const columns = updates ? setColumns(asNode(conflict)['targetList']) : []
  const keys = keysOfInsert(node)
  // The row that is in the way may be another, unless it has the same key.
  const onKeys = updates ? keys.filter(key => isOnly(conflict, key.column, columns)) : keys
  found.writes.push(
    write(node['relation'], updates ? ['insert', 'update'] : ['insert'], columns, onKeys),
  )
}

function isOnly(conflict: unknown, name: string, columns: readonly string[]): boolean {
  const elements = asNode(asNode(conflict)['infer'])['indexElems']
  if (!Array.isArray(elements) || elements.length !== 1 || columns.includes(name)) return false
  return asNode(asNode(elements[0])['IndexElem'])['name'] === name
}

function update(node: Node, found: Found): void {
  const columns = setColumns(node['targetList'])
  // Of a row whose key is another afterwards both are touched.
  const keys = keysOfWrite(node, 'fromClause').filter(key => !columns.includes(key.column))
  found.writes.push(write(node['relation'], ['update'], columns, keys))
}

function keysOfWrite(node: Node, others: string): readonly RowKey[] {
  return node[others] === undefined ? keysOfWhere(node['whereClause']) : []
}

function setColumns(list: unknown): string[] {
  return (Array.isArray(list) ? list : []).map(item =>
    String(asNode(asNode(item)['ResTarget'])['name']),
  )
}

function truncate(node: Node, found: Found): void {
  const cascades = node['behavior'] === 'DROP_CASCADE'
  for (const item of Array.isArray(node['relations']) ? (node['relations'] as unknown[]) : [])
    found.writes.push({
      ...write(asNode(item)['RangeVar'], ['truncate'], undefined, []),
      cascades,
    })
}

function copy(node: Node, found: Found): void {
  if (node['is_from'] === true)
    found.writes.push(write(node['relation'], ['insert'], undefined, []))
  else if (isNode(node['query'])) statement(node['query'], found)
}

function write(
  relation: unknown,
  events: readonly WriteEvent[],
  columns: readonly string[] | undefined,
  keys: readonly RowKey[],
): Write {
  return { ...relationOf(asNode(relation)), events, columns, keys, cascades: false }
}

function relationOf(node: Node): Relation {
  const { schemaname, relname } = node
  return {
    schema: schemaname === undefined ? undefined : String(schemaname),
    name: String(relname),
  }
}

function refuse(found: Found, reason: string): void {
  found.unknown ||= reason
}

function asNode(value: unknown): Node {
  return isNode(value) ? value : {}
}
