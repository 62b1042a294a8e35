import type { Catalog, Table } from './catalog.js'
import { type Found, noteConditions, type Reader } from './conditions.js'
import { parametersOf } from './expression.js'
import { noteOrder } from './order.js'
import {
  columnsOf,
  columnTerm,
  queryNamed,
  renamed,
  resolve,
  type Scope,
  type Source,
} from './scope.js'
import { as, isNode, list, type Node, names, node, parseOne, type Parsed } from './tree.js'
import { newUse, type ParameterUse, type Reading, type Use } from './uses.js'

/** Views within views: the catalog reads them as deep. */
const mostDepth = 30

/**
 * Reads what a statement asks of each table that it names: conditions, joins, order, groups and columns, through
 * joins, subqueries, CTEs, LATERAL and views. It understands the shape alone; whether an index would help is the
 * planner's word.
 */
export function readStatement(parsed: Parsed, catalog: Catalog): Reading {
  const reading = new StatementReading(catalog)
  return reading.read(parsed)
}

class StatementReading {
  private readonly uses: Use[] = []
  private readonly parameters = new Map<number, ParameterUse>()
  private depth = 0

  constructor(private readonly catalog: Catalog) {}

  read({ kind, tree }: Parsed): Reading {
    const scope: Scope = { sources: [], queries: new Map() }
    let write: Reading['write']
    if (kind === 'SelectStmt') this.select(tree, undefined)
    else write = this.write(kind, tree, scope)
    return {
      uses: this.uses,
      parameters: this.parameters,
      ...(write === undefined ? {} : { write }),
    }
  }

  private write(kind: string, tree: Node, scope: Scope): Reading['write'] {
    this.ctes(tree['withClause'], scope)
    const { schemaname, relname } = node(tree['relation'])
    const table = this.catalog.find(
      typeof schemaname === 'string' ? schemaname : undefined,
      String(relname),
    )
    const targets = list(tree['targetList'] ?? tree['cols']).map(item => node(item['ResTarget']))
    if (kind === 'InsertStmt') {
      const select = as('SelectStmt', tree['selectStmt'])
      if (select)
        this.insertValues(select, table, targets.length > 0 ? list(tree['cols']) : [], scope)
      return table && { table, kind: 'insert', columns: [] }
    }
    const target = this.source(
      tree['relation'] === undefined ? {} : { RangeVar: tree['relation'] },
      scope,
    )
    for (const { use } of target) if (use) Object.assign(use, { isWritten: true, needsAll: true })
    for (const item of list(tree['fromClause'] ?? tree['usingClause'])) this.source(item, scope)
    noteConditions(tree['whereClause'], this.reader(scope))
    this.visit(tree['whereClause'], scope)
    for (const { name, val } of kind === 'UpdateStmt' ? targets : []) {
      this.writes(val, table, String(name))
      this.visit(val, scope)
    }
    return (
      table && {
        table,
        kind: kind === 'UpdateStmt' ? 'update' : 'delete',
        columns: kind === 'UpdateStmt' ? targets.map(({ name }) => String(name)) : [],
      }
    )
  }

  private insertValues(
    select: Node,
    table: Table | undefined,
    cols: readonly Node[],
    scope: Scope,
  ): void {
    if (!Array.isArray(select['valuesLists'])) return void this.select(select, scope)
    const columns =
      cols.length > 0
        ? cols.map(item => String(node(item['ResTarget'])['name']))
        : [...(table?.columns.keys() ?? [])]
    for (const row of list(select['valuesLists']))
      for (const [at, value] of list(as('List', row)?.['items']).entries())
        this.writes(value, table, columns[at] ?? '')
  }

  private writes(value: unknown, table: Table | undefined, name: string): void {
    const column = table?.columns.get(name)
    for (const number of parametersOf(value))
      this.note(number, { how: 'write', ...(column === undefined ? {} : { column }) })
  }

  /** A parameter that is used twice is what it is compared with, rather than what it is written to. */
  private note(number: number, use: ParameterUse): void {
    const known = this.parameters.get(number)
    if (known === undefined || known.how === 'write') this.parameters.set(number, use)
  }

  /** A query, and the columns that it gives. */
  private select(tree: Node, outer: Scope | undefined): ReadonlyMap<string, Found | undefined> {
    const scope: Scope = {
      sources: [],
      ...(outer === undefined ? {} : { outer }),
      queries: new Map(),
    }
    if (++this.depth > mostDepth) return new Map()
    try {
      this.ctes(tree['withClause'], scope)
      if (tree['op'] !== undefined && tree['op'] !== 'SETOP_NONE') {
        const given = this.select(node(tree['larg']), scope)
        this.select(node(tree['rarg']), scope)
        return given
      }
      return this.plain(tree, scope)
    } finally {
      this.depth--
    }
  }

  private plain(tree: Node, scope: Scope): ReadonlyMap<string, Found | undefined> {
    const own: Use[] = []
    for (const item of list(tree['fromClause']))
      own.push(...this.source(item, scope).flatMap(({ use }) => use ?? []))
    const reader = this.reader(scope)
    noteConditions(tree['whereClause'], reader)
    const targets = list(tree['targetList']).map(item => node(item['ResTarget']))
    // By the name of an alias it is the alias that is sorted by, and no column.
    const aliases = new Set(targets.flatMap(({ name }) => (typeof name === 'string' ? [name] : [])))
    const sorts = list(tree['sortClause']).filter(item => {
      const path = names(as('ColumnRef', node(item['SortBy'])['node'])?.['fields'])
      return path.length !== 1 || !aliases.has(path[0] ?? '')
    })
    this.visit(sorts, scope)
    for (const part of [
      'whereClause',
      'targetList',
      'groupClause',
      'havingClause',
      'windowClause',
      'valuesLists',
      'distinctClause',
    ])
      this.visit(tree[part], scope)
    const isLimited = tree['limitCount'] !== undefined
    if (isLimited) for (const use of own) use.isLimited = true
    for (const number of parametersOf(tree['limitCount'])) this.note(number, { how: 'limit' })
    for (const number of parametersOf(tree['limitOffset'])) this.note(number, { how: 'offset' })
    noteOrder(tree, targets, reader)
    return this.given(targets, scope)
  }

  private given(targets: readonly Node[], scope: Scope): Map<string, Found | undefined> {
    const given = new Map<string, Found | undefined>()
    for (const { name, val } of targets) {
      const reference = as('ColumnRef', val)
      const path = names(reference?.['fields'])
      if (path.at(-1) === '*') {
        const of = path.at(-2)
        for (const source of scope.sources.filter(one => of === undefined || one.name === of))
          for (const [column, found] of columnsOf(source)) given.set(column, found)
      } else {
        const key = typeof name === 'string' ? name : path.at(-1)
        if (key !== undefined) given.set(key, reference && resolve(path, scope))
      }
    }
    return given
  }

  private ctes(clause: unknown, scope: Scope): void {
    for (const item of list(node(clause)['ctes'])) {
      const cte = node(item['CommonTableExpr'])
      const select = as('SelectStmt', cte['ctequery'])
      const aliases = names(cte['aliascolnames'])
      const given = select ? this.select(select, scope) : new Map<string, Found | undefined>()
      scope.queries.set(String(cte['ctename']), renamed(given, aliases))
    }
  }

  /** Adds what stands in FROM to the scope, and returns it. */
  private source(item: unknown, scope: Scope): Source[] {
    const join = as('JoinExpr', item)
    if (join) return this.join(join, scope)
    const sub = as('RangeSubselect', item)
    if (sub) {
      const select = as('SelectStmt', sub['subquery'])
      // Only LATERAL sees its neighbours; that others resolve to them too is an error of the statement.
      const given = select ? this.select(select, scope) : new Map<string, Found | undefined>()
      const alias = node(sub['alias'])
      const source = {
        name: String(alias['aliasname'] ?? ''),
        columns: renamed(given, names(alias['colnames'])),
      }
      scope.sources.push(source)
      return [source]
    }
    const range = as('RangeVar', item)
    if (range === undefined) {
      if (isNode(item)) this.visit(item, scope)
      return []
    }
    const source = this.table(range, scope)
    if (source !== undefined) scope.sources.push(source)
    return source === undefined ? [] : [source]
  }

  private table(range: Node, scope: Scope): Source | undefined {
    const { schemaname: schema, relname } = range
    const name = String(relname)
    const alias = String(node(range['alias'])['aliasname'] ?? name)
    const query = typeof schema === 'string' ? undefined : queryNamed(name, scope)
    if (query !== undefined) return { name: alias, columns: query }
    const table = this.catalog.find(typeof schema === 'string' ? schema : undefined, name)
    if (table === undefined) return undefined
    if (table.query !== undefined) {
      const parsed = parseOne(table.query)
      const columns = typeof parsed === 'string' ? new Map() : this.select(parsed.tree, undefined)
      return { name: alias, columns }
    }
    const use = newUse(table)
    this.uses.push(use)
    return { name: alias, use }
  }

  private join(join: Node, scope: Scope): Source[] {
    const left = this.source(join['larg'], scope)
    const right = this.source(join['rarg'], scope)
    const common =
      join['isNatural'] === true
        ? left
            .flatMap(source => [...columnsOf(source).keys()])
            .filter(name => right.some(s => columnsOf(s).has(name)))
        : names(join['usingClause'])
    for (const name of common)
      for (const found of [...left, ...right].flatMap(
        source => columnsOf(source).get(name) ?? [],
      )) {
        found.use.always.joined.push(columnTerm(found.column))
        found.use.needed.add(found.column)
      }
    noteConditions(join['quals'], this.reader(scope))
    this.visit(join['quals'], scope)
    return [...left, ...right]
  }

  /** Columns that an expression reads, and the queries within it. */
  private visit(value: unknown, scope: Scope): void {
    if (Array.isArray(value)) {
      for (const item of value) this.visit(item, scope)
      return
    }
    if (!isNode(value)) return
    const reference = as('ColumnRef', value)
    if (reference) {
      const path = names(reference['fields'])
      if (path.at(-1) === '*') {
        for (const { name, use } of scope.sources)
          if (use && (path.length === 1 || name === path.at(-2))) use.needsAll = true
      } else {
        const found = resolve(path, scope)
        found?.use.needed.add(found.column)
      }
      return
    }
    const select = as('SelectStmt', value)
    if (select) {
      this.select(select, scope)
      return
    }
    const link = as('SubLink', value)
    if (link) {
      this.visit(link['testexpr'], scope)
      const inner = as('SelectStmt', link['subselect'])
      const given = inner ? this.select(inner, scope) : undefined
      // `a in (select b ...)` is a join by b.
      const [first] = given?.values() ?? []
      if (link['subLinkType'] === 'ANY_SUBLINK' && first !== undefined)
        first.use.always.joined.push(columnTerm(first.column))
      return
    }
    for (const part of Object.values(value)) if (typeof part === 'object') this.visit(part, scope)
  }

  private reader(scope: Scope): Reader {
    return {
      resolve: reference => resolve(names(reference['fields']), scope),
      noteParameter: (number, use) => this.note(number, use),
      isC: this.catalog.isC,
    }
  }
}
