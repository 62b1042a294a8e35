import type { RawRow } from '../pg/answer.js'
import { Digest } from '../../sql/digest.js'
import type { WriteEvent } from '../../sql/touches.js'
import { MAX_FUNCTIONS, MAX_RELATIONS } from './catalog-text.js'

/** A table, a view, a sequence. */
export interface RelationFacts {
  readonly oid: string
  /** `shop.menu` */
  readonly label: string
  readonly schema: string
  /** `r` table, `p` partitioned, `v` view, `m` materialized, `f` foreign, `S` sequence. */
  readonly kind: string
  /** Row level security is on. */
  readonly secured: boolean
  /** Found without its schema, by the search path of the session that asked. */
  readonly visible: boolean
  /** Functions that a view calls, by name. */
  readonly calls: Set<string>
  /** A view that reads the clock, or locks. */
  odd: boolean
  readonly parents: string[]
  readonly children: string[]
  /** What a view reads. */
  readonly reads: string[]
  /** Rules rewrite what is written to it. */
  ruled: boolean
  /** Its primary key, if that is one column whose values can be told apart by their texts. */
  key: { readonly column: string; readonly type: KeyType } | undefined
  readonly triggers: Trigger[]
  /** Functions of its defaults, checks and policies. */
  readonly filledBy: string[]
  readonly referencedBy: Reference[]
}

export interface Trigger {
  readonly function: string
  readonly before: boolean
  readonly instead: boolean
  readonly events: readonly WriteEvent[]
}

/** A foreign key, seen from the table that it refers to. */
export interface Reference {
  readonly child: string
  /** What happens to the child: `c` cascade, `n` set null, `d` set default; `a` and `r` nothing. */
  readonly onDelete: string
  readonly onUpdate: string
  readonly columns: readonly string[]
}

export interface FunctionFacts {
  readonly oid: string
  readonly name: string
  /** `i`, `s` or `v`. */
  readonly volatility: string
  /** Its parts do the work. */
  readonly aggregate: boolean
  readonly language: string
  readonly extension: string
  readonly definition: string
}

export type KeyType = 'integer' | 'text' | 'uuid'

const KEY_TYPES: Readonly<Record<string, KeyType>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  text: 'text',
  varchar: 'text',
  uuid: 'uuid',
}

/** What the catalog of one database says, as sessions of one kind see it. */
export class Facts {
  readonly relations = new Map<string, RelationFacts>()
  readonly byName = new Map<string, RelationFacts[]>()
  readonly functions = new Map<string, FunctionFacts>()
  readonly functionsByName = new Map<string, FunctionFacts[]>()
  /** The functions of users that an aggregate of users calls. */
  readonly parts = new Map<string, string[]>()
  /** Functions that are built in and volatile. */
  readonly volatile = new Set<string>()
  /** Functions of operators that users made, by the operator's name. */
  readonly operators = new Map<string, string[]>()
  /** Functions of casts, and of the checks of domains, that users made: where one is used a text does not tell. */
  readonly casts: string[] = []
  /** The cluster and the database in it: the same however it is reached. */
  readonly id: string
  /** A replica: what it answers may be old. */
  readonly standby: boolean
  /** Of statements outside of transactions. */
  readonly isolation: string
  /** More than is told apart. */
  readonly tooMany: boolean
  /** Equal for equal facts. */
  readonly digest: number

  constructor(
    rows: readonly RawRow[],
    readonly atMs: number,
  ) {
    const digest = new Digest()
    const all = rows.map(row => row.map(value => (value === null ? '' : String(value))))
    const of = (kind: string) => all.filter(row => row[0] === kind)
    const [, cluster = '', database = '', standby, isolation = ''] = of('database')[0] ?? []
    this.id = `${cluster}/${database}`
    this.standby = standby !== 'false'
    this.isolation = isolation
    for (const row of of('relation')) this.addRelation(row)
    for (const row of of('function')) this.addFunction(row)
    this.tooMany = this.relations.size > MAX_RELATIONS || this.functions.size > MAX_FUNCTIONS
    for (const row of all) this.join(row)
    for (const text of all.map(row => row.join('\u0001')).sort())
      digest.text(text, 0, text.length, 100_000)
    this.digest = digest.value
  }

  /** The relations that a name may mean. Without a schema: what the search path finds, or all. */
  named(
    { schema, name }: { readonly schema: string | undefined; readonly name: string },
    settled: boolean,
  ): readonly RelationFacts[] {
    const all = this.byName.get(name) ?? []
    if (schema !== undefined) return all.filter(one => one.schema === schema)
    return settled ? all.filter(one => one.visible) : all
  }

  private addRelation(row: readonly string[]): void {
    const [, oid = '', schema = '', name = '', kind = '', visible] = row
    const relation: RelationFacts = {
      oid,
      schema,
      label: `${schema}.${name}`,
      kind: kind.charAt(0),
      secured: kind.charAt(2) === 's',
      visible: visible === 'true',
      calls: new Set(),
      odd: false,
      parents: [],
      children: [],
      reads: [],
      ruled: false,
      key: undefined,
      triggers: [],
      filledBy: [],
      referencedBy: [],
    }
    this.relations.set(oid, relation)
    push(this.byName, name, relation)
  }

  private addFunction(row: readonly string[]): void {
    const [, oid = '', name = '', kind = '', language = '', extension = '', definition = ''] = row
    const volatility = kind.charAt(0)
    const aggregate = kind.charAt(1) === 'a'
    const one = { oid, name, volatility, aggregate, language, extension, definition }
    this.functions.set(oid, one)
    push(this.functionsByName, name, one)
  }

  private join([
    kind,
    first = '',
    second = '',
    third = '',
    fourth = '',
    fifth = '',
  ]: string[]): void {
    const relation = this.relations.get(first)
    switch (kind) {
      case 'parent':
        relation?.parents.push(second)
        this.relations.get(second)?.children.push(first)
        return
      case 'view':
        relation?.reads.push(second)
        return
      case 'calls':
        relation?.calls.add(second)
        return
      case 'odd':
        if (relation !== undefined) relation.odd = true
        return
      case 'rule':
        if (relation !== undefined) relation.ruled = true
        return
      case 'key': {
        const type = KEY_TYPES[third]
        if (relation !== undefined && type !== undefined && fourth === 'true')
          relation.key = { column: second, type }
        return
      }
      case 'foreign':
        this.relations.get(second)?.referencedBy.push({
          child: first,
          onDelete: third,
          onUpdate: fourth,
          columns: fifth.split(' '),
        })
        return
      case 'trigger':
        relation?.triggers.push(triggerOf(second, Number(third)))
        return
      case 'filled':
        relation?.filledBy.push(second)
        return
      case 'part':
        push(this.parts, first, second)
        return
      case 'volatile':
        this.volatile.add(first)
        return
      case 'operator':
        push(this.operators, first, second)
        return
      case 'cast':
        this.casts.push(first)
    }
  }
}

/** The bits of `pg_trigger.tgtype`, from PostgreSQL's catalog/pg_trigger.h. */
function triggerOf(fn: string, type: number): Trigger {
  const events: WriteEvent[] = []
  if ((type & 4) !== 0) events.push('insert')
  if ((type & 8) !== 0) events.push('delete')
  if ((type & 16) !== 0) events.push('update')
  if ((type & 32) !== 0) events.push('truncate')
  return { function: fn, before: (type & 2) !== 0, instead: (type & 64) !== 0, events }
}

function push<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
