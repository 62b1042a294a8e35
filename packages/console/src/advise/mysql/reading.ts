import type { Catalog, Table } from '../catalog.js'
import { newUse, type ParameterUse, type Reading, type Use } from '../uses.js'
import { as, isNode, list, node, type Node, type Parsed } from '../tree.js'
import { type Link, noteConditions, type Reader } from './conditions.js'
import { noteGroups, noteSorts, sortedValue } from './order.js'
import { columnIn, columnNamed, type Scope, type Source, termOf } from './scope.js'
import {
  constraintOf,
  groupsOf,
  isMerged,
  limitOf,
  partsOfLimit,
  sortsOf,
  targetOf,
} from './clauses.js'
import { columnParts, nameParts, parameterOf, parseOne } from './tree.js'

/** What a statement does with tables, and which of their columns it joins. */
export interface MySqlReading extends Reading {
  readonly links: readonly Link[]
  /** Parameters that say where the last page ended. */
  readonly pages: ReadonlySet<number>
}

/** What a statement does with the tables of this catalog. */
export function readStatement(
  { kind, tree }: Parsed,
  catalog: Catalog & { readonly isMariaDb: boolean },
): MySqlReading {
  const reading = new Statement(catalog)
  if (kind === 'SelectStmt') reading.query(tree, undefined, new Map())
  else if (kind === 'InsertStmt') reading.insert(tree)
  else if (kind === 'UpdateStmt') reading.update(tree)
  else reading.delete(tree)
  const { write } = reading
  return {
    uses: reading.uses,
    parameters: reading.parameters,
    links: reading.links,
    pages: reading.pages,
    ...(write === undefined ? {} : { write }),
  }
}

/** Views in views in views: deeper nobody writes by hand. */
const mostViews = 5

/** By their names in lower case: what they are read as, where that is a table. */
type Ctes = ReadonlyMap<string, Use | undefined>

class Statement {
  readonly uses: Use[] = []
  readonly parameters = new Map<number, ParameterUse>()
  readonly links: Link[] = []
  readonly pages = new Set<number>()
  write: Reading['write']
  private views = 0

  constructor(private readonly catalog: Catalog & { readonly isMariaDb: boolean }) {}

  /** Reads a query; returns what its first column is, where that is a column of a table. */
  query(query: Node, outer: Scope | undefined, known: Ctes): Scope | undefined {
    const ctes = new Map(known)
    for (const cte of list(node(query['with'])['cte_tables'])) {
      const name = String(node(node(cte['alias'])['name'])['value']).toLowerCase()
      // A recursive one is read by its own name.
      if (node(query['with'])['recursive'] === true) ctes.set(name, undefined)
      ctes.set(name, this.merged(node(cte['query']), undefined, ctes))
    }
    const limit = limitOf(query['limit_clause'])
    this.limits(query['limit_clause'])
    return this.body(query['body'], outer, ctes, sortsOf(query['order_by']), limit)
  }

  private body(
    body: unknown,
    outer: Scope | undefined,
    ctes: Ctes,
    sorts: readonly Node[],
    isLimited: boolean,
  ): Scope | undefined {
    const select = as('Select', body)
    if (select !== undefined) return this.select(select, outer, ctes, sorts, isLimited)
    const nested = as('Query', body)
    if (nested !== undefined) return this.query(nested, outer, ctes)
    const set = as('SetOperation', body)
    if (set !== undefined) {
      const first = this.body(set['left'], outer, ctes, [], false)
      this.body(set['right'], outer, ctes, [], false)
      return first
    }
    if (isNode(body))
      this.expressions(body, { sources: [], aliases: new Map(), ...(outer && { outer }) }, ctes)
    return undefined
  }

  private select(
    select: Node,
    outer: Scope | undefined,
    ctes: Ctes,
    sorts: readonly Node[],
    isLimited: boolean,
  ): Scope {
    const scope = this.from(list(select['from']), outer, ctes)
    const reader = this.reader(scope)
    noteConditions(select['selection'], reader)
    this.expressions(select['selection'], scope, ctes)
    this.expressions(select['having'], scope, ctes)
    for (const item of list(select['projection'])) this.item(item, scope, ctes)
    const groups = groupsOf(select['group_by'])
    for (const group of groups) this.expressions(group, scope, ctes)
    if (groups.length > 0) noteGroups(groups, scope)
    else if (select['distinct'] != null && select['distinct'] !== 'All')
      noteGroups(
        list(select['projection']).map(
          item => item['UnnamedExpr'] ?? node(item['ExprWithAlias'])['expr'],
        ),
        scope,
      )
    this.sorts(sorts, scope, ctes)
    if (isLimited) for (const { use } of scope.sources) if (use !== undefined) use.isLimited = true
    return scope
  }

  private reader(scope: Scope): Reader {
    const { parameters, links, pages } = this
    return { scope, isMariaDb: this.catalog.isMariaDb, parameters, links, pages }
  }

  /** One item of the list that is selected. */
  private item(item: Node, scope: Scope, ctes: Ctes): void {
    const alias = as('ExprWithAlias', item)
    const expression = item['UnnamedExpr'] ?? alias?.['expr']
    if (alias !== undefined)
      scope.aliases.set(String(node(alias['alias'])['value']).toLowerCase(), alias['expr'])
    if (expression !== undefined) return this.expressions(expression, scope, ctes)
    const qualified = item['QualifiedWildcard']
    const of = Array.isArray(qualified)
      ? nameParts(node(qualified[0])['ObjectName']).at(-1)?.toLowerCase()
      : undefined
    for (const { alias, use } of scope.sources)
      if (use !== undefined && (of === undefined || of === alias)) use.needsAll = true
  }

  private from(relations: readonly Node[], outer: Scope | undefined, ctes: Ctes): Scope {
    const sources: Source[] = []
    const scope: Scope = { sources, aliases: new Map(), ...(outer === undefined ? {} : { outer }) }
    const conditions: unknown[] = []
    const pairs: { left: readonly Source[]; right: Source; names: readonly string[] }[] = []
    const join = ({ relation, joins }: Node): void => {
      this.relation(node(relation), sources, scope, ctes, join)
      for (const one of list(joins)) {
        const before = [...sources]
        this.relation(node(one['relation']), sources, scope, ctes, join)
        const added = sources.at(-1)
        const constraint = constraintOf(one['join_operator'])
        if (constraint?.['On'] !== undefined) conditions.push(constraint['On'])
        const using = Array.isArray(constraint?.['Using']) ? constraint['Using'] : []
        if (added !== undefined && using.length > 0)
          pairs.push({
            left: before,
            right: added,
            names: using.flatMap(each => nameParts(each).at(-1) ?? []),
          })
      }
    }
    for (const one of relations) join(one)
    for (const one of conditions) {
      noteConditions(one, this.reader(scope))
      this.expressions(one, scope, ctes)
    }
    for (const { left, right, names } of pairs)
      for (const name of names)
        for (const { use } of [...left, right]) {
          const column = use && columnNamed(use.table, name)
          if (use === undefined || column === undefined) continue
          use.always.joined.push(termOf(column))
          use.needed.add(column.name)
        }
    return scope
  }

  private relation(
    relation: Node,
    sources: Source[],
    scope: Scope,
    ctes: Ctes,
    join: (one: Node) => void,
  ): void {
    const aliasOf = (of: Node): string | undefined => {
      const name = node(node(of['alias'])['name'])['value']
      return typeof name === 'string' ? name.toLowerCase() : undefined
    }
    const named = as('Table', relation)
    if (named !== undefined) {
      const parts = nameParts(named['name'])
      const name = parts.at(-1) ?? ''
      const alias = aliasOf(named) ?? name.toLowerCase()
      const isCte = parts.length === 1 && ctes.has(name.toLowerCase())
      const table = isCte ? undefined : this.catalog.find(parts.at(-2), name)
      const use = isCte
        ? ctes.get(name.toLowerCase())
        : table?.kind === 'v'
          ? this.view(table)
          : table && this.use(table)
      sources.push({ alias, ...(use === undefined ? {} : { use }) })
      return
    }
    const derived = as('Derived', relation)
    if (derived !== undefined) {
      const use = this.merged(
        node(derived['subquery']),
        derived['lateral'] === true ? scope : scope.outer,
        ctes,
      )
      sources.push({ alias: aliasOf(derived) ?? '', ...(use === undefined ? {} : { use }) })
      return
    }
    const nested = as('NestedJoin', relation)
    if (nested !== undefined) join(node(nested['table_with_joins']))
    else sources.push({ alias: '' })
  }

  private view({ query }: Table): Use | undefined {
    if (query === undefined || ++this.views > mostViews) return undefined
    const parsed = parseOne(query)
    return typeof parsed === 'string' || parsed.kind !== 'SelectStmt'
      ? undefined
      : this.merged(parsed.tree, undefined, new Map())
  }

  /** Reads a query that stands for a table; its only table where the server merges it with what is around it. */
  private merged(query: Node, outer: Scope | undefined, ctes: Ctes): Use | undefined {
    const scope = this.query(query, outer, ctes)
    return scope?.sources.length === 1 && isMerged(query) ? scope.sources[0]?.use : undefined
  }

  private use(table: Table): Use {
    const use = newUse(table)
    this.uses.push(use)
    return use
  }

  /** Notes the columns in an expression, and reads the queries in it. */
  private expressions(value: unknown, scope: Scope, ctes: Ctes): void {
    if (Array.isArray(value)) {
      for (const each of value) this.expressions(each, scope, ctes)
      return
    }
    if (!isNode(value)) return
    if (columnParts(value) !== undefined) {
      const found = columnIn(value, scope)
      if (found?.use && found.column) found.use.needed.add(found.column.name)
      return
    }
    if (value['body'] !== undefined && ('limit_clause' in value || 'order_by' in value)) {
      this.query(value, scope, ctes)
      return
    }
    const within = as('InSubquery', value)
    if (within !== undefined) {
      this.expressions(within['expr'], scope, ctes)
      this.semiJoin(node(within['subquery']), scope, ctes)
      return
    }
    const match = as('MatchAgainst', value)
    for (const each of match === undefined ? [] : [match['columns']].flat())
      this.expressions(list(each).length === 1 ? list(each)[0] : {}, scope, ctes)
    for (const part of Object.values(value))
      if (typeof part === 'object') this.expressions(part, scope, ctes)
  }

  /** What IN compares with is looked for in the query's table too. */
  private semiJoin(query: Node, scope: Scope, ctes: Ctes): void {
    const inner = this.query(query, scope, ctes)
    const [item] = list(node(as('Select', query['body']))['projection'])
    const found = inner === undefined ? undefined : columnIn(item?.['UnnamedExpr'], inner)
    if (found?.use && found.column && !found.isOuter)
      found.use.always.joined.push(termOf(found.column))
  }

  private sorts(keys: readonly Node[], scope: Scope, ctes: Ctes): void {
    const values = keys.map(key => sortedValue(key, scope))
    for (const value of values) this.expressions(value, scope, ctes)
    noteSorts(keys, values, scope, this.catalog.isMariaDb)
  }

  private limits(clause: unknown): void {
    const { limit, offset } = partsOfLimit(clause)
    for (const [value, how] of [
      [limit, 'limit'],
      [offset, 'offset'],
    ] as const) {
      const number = parameterOf(value)
      if (number !== undefined) this.parameters.set(number, { how })
    }
  }

  insert(tree: Node): void {
    const parts = nameParts(node(tree['table'])['TableName'])
    const table = this.catalog.find(parts.at(-2), parts.at(-1) ?? '')
    const source = node(tree['source'])
    const assignments = list(tree['assignments'])
    const named = (Array.isArray(tree['columns']) ? tree['columns'] : []).map(
      each => nameParts(each).at(-1) ?? '',
    )
    const columns = named.length > 0 ? named : assignments.map(targetOf)
    if (table !== undefined && table.kind !== 'v')
      this.write = { table, kind: 'insert', columns: [...table.columns.keys()] }
    const noteValue = (value: unknown, name: string): void => {
      const number = parameterOf(value)
      const column = table && columnNamed(table, name)
      if (number !== undefined && table !== undefined && column !== undefined)
        this.parameters.set(number, { how: 'write', table, column })
    }
    for (const row of list(node(as('Values', source['body']))['rows'])) {
      const values = Array.isArray(row['content']) ? row['content'] : []
      const all = columns.length > 0 ? columns : [...(table?.columns.keys() ?? [])]
      for (const [at, value] of values.entries()) noteValue(value, all[at] ?? '')
    }
    for (const one of assignments) noteValue(one['value'], targetOf(one))
    if (as('Values', source['body']) === undefined && source['body'] !== undefined)
      this.query(source, undefined, new Map())
  }

  update(tree: Node): void {
    const scope = this.from([node(tree['table'])], undefined, new Map())
    const targets = list(tree['assignments'])
    this.written(tree, scope, 'update', targets.map(targetOf))
    for (const one of targets) {
      const parts = nameParts(node(one['target'])['ColumnName'])
      const found = columnIn({ CompoundIdentifier: parts.map(value => ({ value })) }, scope)
      const number = parameterOf(one['value'])
      if (number !== undefined && found?.use && found.column)
        this.parameters.set(number, { how: 'write', table: found.use.table, column: found.column })
      this.expressions(one['value'], scope, new Map())
    }
  }

  delete(tree: Node): void {
    const from = node(tree['from'])
    const relations = list(from['WithFromKeyword'] ?? from['WithoutKeyword'])
    this.written(
      tree,
      this.from([...relations, ...list(tree['using'])], undefined, new Map()),
      'delete',
      [],
    )
  }

  private written(
    tree: Node,
    scope: Scope,
    kind: 'update' | 'delete',
    columns: readonly string[],
  ): void {
    noteConditions(tree['selection'], this.reader(scope))
    this.expressions(tree['selection'], scope, new Map())
    this.sorts(list(tree['order_by']), scope, new Map())
    const number = parameterOf(tree['limit'])
    if (number !== undefined) this.parameters.set(number, { how: 'limit' })
    const [named] = Array.isArray(tree['tables']) ? tree['tables'] : []
    const alias = nameParts(named).at(-1)?.toLowerCase()
    const source = scope.sources.find(
      one => one.use !== undefined && (alias === undefined || one.alias === alias),
    )
    const use = source?.use
    if (use === undefined) return
    use.isWritten = true
    if (tree['limit'] != null) use.isLimited = true
    this.write = { table: use.table, kind, columns }
  }
}
