import { CLOCKS, type Reading } from '../../sql/reading.js'
import type { RowKey, RowValue } from '../../sql/row-keys.js'
import type { Touches } from '../../sql/touches.js'
import { Closure } from './closure.js'
import type { Facts, KeyType, RelationFacts } from './facts.js'
import { Functions, type Grammar } from './functions.js'

/** Rows of one table, told by a column's values. */
export interface Rows {
  readonly label: string
  readonly column: string
  readonly type: KeyType
  readonly values: readonly RowValue[]
}

/** What a read depends on. */
export interface ReadVerdict {
  /** Why its answer must not be kept; '' when it may. */
  readonly objection: string
  /** Tables as a whole: `shop.menu`. */
  readonly tables: readonly string[]
  /** Single rows of one more table. */
  readonly rows: Rows | undefined
  /** It may read tables that it does not name. */
  readonly anything: boolean
}

/** What a write changes. */
export interface WriteVerdict {
  readonly all: boolean
  readonly ddl: boolean
  readonly tables: readonly string[]
  readonly rows: Rows | undefined
}

const NONE: ReadonlySet<string> = new Set()
const NOTHING: WriteVerdict = { all: false, ddl: false, tables: [], rows: undefined }

/** What statements read and write in one database; each is judged once. */
export class Verdicts {
  readonly functions: Functions
  private readonly reads = new WeakMap<Touches, ReadVerdict>()
  private readonly writes = [
    new WeakMap<Touches, WriteVerdict>(),
    new WeakMap<Touches, WriteVerdict>(),
  ]

  /** @param naive The defect: a write touches what it names, and nothing else. */
  constructor(
    readonly facts: Facts,
    grammar: Grammar,
    private readonly naive = false,
  ) {
    this.functions = new Functions(facts, grammar)
  }

  read(touches: Touches, reading: Reading): ReadVerdict {
    let verdict = this.reads.get(touches)
    if (verdict === undefined) {
      verdict = this.judgeRead(touches, reading)
      this.reads.set(touches, verdict)
    }
    return verdict
  }

  /** @param settled The search path of the session is the one that the facts were asked with. */
  write(touches: Touches, settled: boolean): WriteVerdict {
    const known = this.writes[settled ? 1 : 0]
    let verdict = known?.get(touches)
    if (verdict === undefined) {
      verdict = this.judgeWrite(touches, settled)
      known?.set(touches, verdict)
    }
    return verdict
  }

  private judgeRead(touches: Touches, reading: Reading): ReadVerdict {
    const no = (objection: string): ReadVerdict => ({
      objection,
      tables: [],
      rows: undefined,
      anything: false,
    })
    const { facts, functions } = this
    if (!reading.plain) return no(reading.reason)
    if (facts.tooMany) return no('the database has too many tables')
    if (facts.standby) return no('reads a replica, which may lag')
    const called = functions.reading(touches)
    if (called.objection !== '') return no(called.objection)
    const reached = new Set<RelationFacts>()
    for (const relation of touches.reads) {
      const named = facts.named(relation, true)
      const defined = relation.schema === undefined && touches.defined.has(relation.name)
      if (named.length === 0 && !defined) return no('reads what the catalog does not have')
      for (const one of named) reached.add(one)
    }
    let anything = called.reads || this.mayCast()
    for (const relation of reached) {
      const objection = objectionTo(relation)
      if (objection !== '') return no(objection)
      if (relation.kind !== 'v') continue
      const view = this.view(relation)
      if (view.objection !== '') return no(view.objection)
      anything ||= view.reads
      for (const oid of relation.reads) {
        const below = facts.relations.get(oid)
        if (below === undefined) return no('reads the catalog')
        // A Set is walked to what is added while it is walked.
        reached.add(below)
      }
    }
    const rows = rowsOf(touches, reached)
    const whole = rows === undefined ? [...reached] : []
    return { objection: '', tables: whole.map(one => one.label), rows, anything }
  }

  private view({ calls, odd }: RelationFacts): { objection: string; reads: boolean } {
    if (odd || [...calls].some(name => CLOCKS.has(name) || name.startsWith('pg_')))
      return { objection: 'reads a view that reads the clock, or locks', reads: false }
    return this.functions.reading({ functions: calls, columns: NONE, operators: NONE })
  }

  /** Some cast of a user's reads tables: it may be in any statement. */
  private mayCast(): boolean {
    return this.facts.casts.some(oid =>
      this.functions
        .byOid(oid)
        .some(
          one => one.volatility !== 'i' && (one.language === 'sql' || one.language === 'plpgsql'),
        ),
    )
  }

  private judgeWrite(touches: Touches, settled: boolean): WriteVerdict {
    if (touches.unknown !== '' || touches.ddl || this.facts.tooMany)
      return { ...NOTHING, all: true, ddl: touches.ddl }
    if (this.naive) {
      const named = touches.writes.flatMap(one => this.facts.named(one, settled))
      return { ...NOTHING, tables: named.map(one => one.label) }
    }
    const closure = new Closure(this.facts, this.functions)
    closure.add(touches, settled)
    if (closure.all) return { ...NOTHING, all: true, ddl: closure.ddl }
    const rows = writtenRows(touches, closure, this.facts, settled)
    const tables = [...closure.tables].map(one => one.label)
    return {
      ...NOTHING,
      tables: rows === undefined ? tables : tables.filter(label => label !== rows.label),
      rows,
    }
  }
}

function objectionTo({ kind, secured }: RelationFacts): string {
  if (secured) return 'reads a table with row level security'
  if (kind === 'f') return 'reads a foreign table'
  if (kind === 'S') return 'reads a sequence'
  return ''
}

/** A table whose rows are its own: none below it, none above it. */
function hasOwnRows({ kind, parents, children }: RelationFacts): boolean {
  return kind === 'r' && parents.length === 0 && children.length === 0
}

function rowsOf(touches: Touches, reached: ReadonlySet<RelationFacts>): Rows | undefined {
  const [only, ...more] = reached
  if (only === undefined || more.length > 0 || touches.reads.length !== 1) return undefined
  if (touches.defined.size > 0 || !hasOwnRows(only)) return undefined
  return keyed(only, touches.keys)
}

function writtenRows(
  touches: Touches,
  closure: Closure,
  facts: Facts,
  settled: boolean,
): Rows | undefined {
  const [write, ...more] = touches.writes
  if (write === undefined || more.length > 0 || !settled) return undefined
  const [relation, ...others] = facts.named(write, settled)
  if (relation === undefined || others.length > 0 || !hasOwnRows(relation)) return undefined
  // Reached by a trigger or a foreign key as well: then other rows of it may be touched.
  if (closure.reached.get(relation) !== write.events.length) return undefined
  const rows = keyed(relation, write.keys)
  if (rows === undefined) return undefined
  const moved = write.events.some(event => closure.triggerMayChange(relation, event, rows.column))
  return moved ? undefined : rows
}

function keyed({ key, label }: RelationFacts, keys: readonly RowKey[]): Rows | undefined {
  const found = key && keys.find(one => one.column === key.column)
  return key && found && { label, column: key.column, type: key.type, values: found.values }
}
