import type { Touches, Write, WriteEvent } from '../../sql/touches.js'
import type { Facts, FunctionFacts, Reference, RelationFacts } from './facts.js'
import type { Functions } from './functions.js'

const NONE: ReadonlySet<string> = new Set()

/**
 * Everything that a write changes: the table itself, what its triggers, defaults and rules write, the
 * rows that foreign keys take along, partitions below and tables above, and so on from each of these.
 */
export class Closure {
  /** It cannot be told: anything in this database. */
  all = false
  /** A function may do so: it may also change tables, types or functions. */
  ddl = false
  readonly tables = new Set<RelationFacts>()
  /** How often a table was reached: once means by the statement's own words alone. */
  readonly reached = new Map<RelationFacts, number>()
  private readonly seen = new Set<string>()
  private readonly ran = new Set<string>()
  private readonly viewed = new Set<RelationFacts>()

  constructor(
    private readonly facts: Facts,
    private readonly functions: Functions,
  ) {}

  /** What a statement writes, or the body of a function. */
  add(touches: Touches, settled: boolean): void {
    if (touches.unknown !== '' || touches.ddl || this.functions.runsText(touches)) {
      this.all = true
      return
    }
    for (const write of touches.writes) this.write(write, settled)
    for (const one of this.functions.called(touches)) this.run(one)
    for (const name of touches.reads)
      for (const relation of this.facts.named(name, settled)) this.readBy(relation)
    if (touches.writes.length > 0) {
      for (const oid of this.facts.casts)
        for (const one of this.functions.byOid(oid)) if (one.volatility === 'v') this.run(one)
    }
  }

  private write(write: Write, settled: boolean): void {
    const named = this.facts.named(write, settled)
    if (named.length === 0) this.all = true
    for (const relation of named) {
      for (const event of write.events) {
        const columns = event === 'update' ? write.columns : undefined
        this.change(relation, event, columns, write.cascades)
      }
      for (const above of this.above(relation)) this.touch(above)
    }
  }

  /** What a view calls when it is read, and the views that it reads. */
  private readBy(view: RelationFacts): void {
    if (view.kind !== 'v' || this.viewed.has(view)) return
    this.viewed.add(view)
    const calls = { functions: view.calls, columns: NONE, operators: NONE }
    for (const one of this.functions.called(calls)) if (one.volatility === 'v') this.run(one)
    for (const oid of view.reads) {
      const below = this.facts.relations.get(oid)
      if (below !== undefined) this.readBy(below)
    }
  }

  private change(
    relation: RelationFacts,
    event: WriteEvent,
    columns: readonly string[] | undefined,
    cascades: boolean,
  ): void {
    this.touch(relation)
    const key = `${relation.oid} ${event} ${columns?.join() ?? '*'} ${cascades}`
    if (this.seen.has(key)) return
    this.seen.add(key)
    if (relation.ruled) this.all = true
    if (relation.kind === 'v') {
      for (const oid of relation.reads) this.below(oid, event, undefined)
    }
    for (const trigger of relation.triggers)
      if (trigger.events.includes(event)) this.runByOid(trigger.function)
    if (event !== 'delete' && event !== 'truncate')
      for (const oid of relation.filledBy) this.runByOid(oid)
    for (const oid of relation.children) this.below(oid, event, columns)
    // A row that changes its partition is deleted here and inserted there.
    if (relation.kind === 'p' && event === 'update') {
      this.change(relation, 'delete', undefined, false)
      this.change(relation, 'insert', undefined, false)
    }
    for (const reference of relation.referencedBy)
      this.follow(relation, reference, event, columns, cascades)
  }

  private follow(
    relation: RelationFacts,
    { child, onDelete, onUpdate, columns: referred }: Reference,
    event: WriteEvent,
    columns: readonly string[] | undefined,
    cascades: boolean,
  ): void {
    const acts = (action: string) => action === 'c' || action === 'n' || action === 'd'
    if (event === 'truncate' && cascades) this.below(child, 'truncate', undefined, true)
    if (event === 'delete' && acts(onDelete))
      this.below(child, onDelete === 'c' ? 'delete' : 'update', undefined)
    if (event === 'update' && acts(onUpdate) && this.mayChange(relation, referred, columns))
      this.below(child, 'update', undefined)
  }

  /** Whether an UPDATE of these columns may change one of those that another table refers to. */
  private mayChange(
    relation: RelationFacts,
    referred: readonly string[],
    columns: readonly string[] | undefined,
  ): boolean {
    // A column that is made of others may change with any of them.
    if (columns === undefined || referred.includes('*')) return true
    return referred.some(
      column => columns.includes(column) || this.triggerMayChange(relation, 'update', column),
    )
  }

  /** A trigger may put another value into this column than the statement says. */
  triggerMayChange(relation: RelationFacts, event: WriteEvent, column: string): boolean {
    return relation.triggers.some(
      trigger =>
        trigger.before &&
        trigger.events.includes(event) &&
        this.functions.mayChange(trigger.function, column),
    )
  }

  private below(
    oid: string,
    event: WriteEvent,
    columns: readonly string[] | undefined,
    cascades = false,
  ): void {
    const relation = this.facts.relations.get(oid)
    if (relation === undefined) return
    this.change(relation, event, columns, cascades)
    for (const above of this.above(relation)) this.touch(above)
  }

  private above(relation: RelationFacts, found = new Set<RelationFacts>()): Set<RelationFacts> {
    for (const oid of relation.parents) {
      const parent = this.facts.relations.get(oid)
      if (parent === undefined || found.has(parent)) continue
      found.add(parent)
      this.above(parent, found)
    }
    return found
  }

  private runByOid(oid: string): void {
    const [one] = this.functions.byOid(oid)
    if (one !== undefined) return this.run(one)
    // Built in: a trigger that is (suppress_redundant_updates_trigger) writes no other table.
  }

  private run(one: FunctionFacts): void {
    if (this.ran.has(one.oid)) return
    this.ran.add(one.oid)
    if (this.functions.isHarmless(one)) return
    const parts = this.functions.touches(one)
    if (parts === undefined) {
      // Declared to write nothing, in a text that does not tell: believed, as PostgreSQL does.
      if (one.volatility === 'v') this.all = this.ddl = true
      return
    }
    // Its own search path is not known: a name in it means every table of that name.
    for (const part of parts) {
      if (part.unknown !== '' || part.ddl || this.functions.runsText(part)) this.ddl = true
      this.add(part, false)
    }
  }

  private touch(relation: RelationFacts): void {
    this.tables.add(relation)
    this.reached.set(relation, (this.reached.get(relation) ?? 0) + 1)
  }
}
