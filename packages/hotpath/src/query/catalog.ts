import { NUMBER_MARK } from '../sql/lift.js'
import { builtInType, catalogType, type CatalogType, NUMBERS } from '../sql/types.js'
import type { ParamType } from '../sql/rewrite.js'
import { type Reading, readStatement } from '../sql/reading.js'
import { Memo } from '../sql/memo.js'
import type { Parse } from '../sql/syntax.js'
import type { Field, RawRow } from './pg/answer.js'

/**
 * Asks all at once, in the session that will run the batch: its search_path decides what a name means.
 * $1 are the relations of the statement, as written. Views, and the views behind them, come with their
 * definitions, tables with the policies of their rows. pg_depend does not list what is built in, so a
 * view that calls random() is found by reading its definition.
 */
export const CATALOG_TEXT = `with recursive
  wanted as (select n as name, pg_catalog.to_regclass(n)::pg_catalog.oid as oid
    from pg_catalog.unnest($1::pg_catalog._text) as n),
  reached(oid) as (select oid from wanted where oid is not null union
    select d.refobjid from reached r
      join pg_catalog.pg_rewrite w on w.ev_class = r.oid
      join pg_catalog.pg_depend d on d.objid = w.oid
        and d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)
select 'isolation', pg_catalog.current_setting('transaction_isolation'), '', '', ''
union all select 'missing', name, '', '', '' from wanted where oid is null
union all select 'relation', c.relkind::pg_catalog.text, c.relpersistence::pg_catalog.text,
    case when c.relkind = 'v' then pg_catalog.pg_get_viewdef(c.oid) else '' end, ''
  from reached join pg_catalog.pg_class c using (oid)
union all select 'policy', pg_catalog.pg_get_expr(p.polqual, p.polrelid), '', '', ''
  from reached join pg_catalog.pg_policy p on p.polrelid = reached.oid where p.polqual is not null
union all select distinct 'volatile', p.proname::pg_catalog.text,
    case when l.lanname in ('c', 'internal') then '' else 'own' end, '', ''
  from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
  where p.provolatile = 'v' or (p.prokind = 'a' and p.oid >= 16384)
union all select 'operator', o.oprname::pg_catalog.text, '', '', ''
  from pg_catalog.pg_operator o join pg_catalog.pg_proc p on p.oid = o.oprcode where p.provolatile = 'v'
union all select * from (select 'type', t.oid::pg_catalog.text,
    n.nspname::pg_catalog.text, t.typname::pg_catalog.text,
    t.typcategory::pg_catalog.text || coalesce(a.typname, '')
  from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  left join pg_catalog.pg_type a on a.oid = t.typarray
  where t.oid >= 16384 and (t.typtype in ('e', 'd', 'r', 'm') or (t.typtype = 'b' and
    not exists (select from pg_catalog.pg_type e where e.oid = t.typelem and e.typtype = 'c')))
  limit 5000) as types`

/** After this long it is asked again: others may have changed what we were told. */
const MAX_AGE_MS = 60_000
/** From this age on it is asked again where nobody has to wait for it. */
const RENEW_MS = 30_000

/** What a statement takes and gives in one database, and whether it may be batched there. */
export interface Described {
  readonly oids: readonly number[]
  readonly types: readonly ParamType[]
  readonly fields: readonly Field[]
  /** The same of each that a cache keeps with an answer: one list for all answers. */
  readonly columns: readonly { readonly name: string; readonly type: number }[]
  /** It reads and nothing else, its views and functions included. */
  readonly plain: boolean
  /** Why it may not be batched; '' when it may. */
  readonly reason: string
  readonly atMs: number
}

let lastId = 0

/** What is known of one database, as one session sees it. */
export class Catalog {
  /** In the keys of what was answered there. */
  readonly id = ++lastId
  /** Of statements outside of transactions; '' as long as nothing was asked. */
  isolation = ''
  private volatile = new Set<string>()
  private own = new Set<string>()
  private functionsAtMs = -Infinity
  private operators = new Set<string>()
  private types = new Map<number, CatalogType>()
  private described = new Memo<Described>({ entries: 2_000, bytes: 8_000_000 })
  private readonly renewing = new WeakSet<Described>()

  /** True, and for each answer only once, when it is time to ask again, though it still holds. */
  startsRenewal(described: Described, nowMs: number): boolean {
    if (nowMs - described.atMs < RENEW_MS || this.renewing.has(described)) return false
    this.renewing.add(described)
    return true
  }

  /** What is known of a statement; undefined: ask. */
  of(text: string, nowMs: number): Described | undefined {
    const known = this.described.get(text)
    return known !== undefined && nowMs - known.atMs < MAX_AGE_MS ? known : undefined
  }

  /** Something was created, changed or dropped: all that we know may be wrong. */
  forget(): void {
    this.described = new Memo<Described>({ entries: 2_000, bytes: 8_000_000 })
    this.functionsAtMs = -Infinity
  }

  /** What it was told was told of a session that is another's by now. */
  drop(text: string): void {
    this.described.delete(text)
  }

  /** Whether it was told of functions lately. As long as a statement is known they are. */
  knowsFunctions(nowMs: number): boolean {
    return nowMs - this.functionsAtMs < MAX_AGE_MS
  }

  mayChangeSession(name: string): boolean {
    return this.own.has(name)
  }

  /** Takes what the probe brought, and returns how the transaction it ran in is isolated. */
  learn(
    text: string,
    reading: Reading,
    told: {
      readonly oids: readonly number[]
      readonly fields: readonly Field[]
      readonly rows: readonly RawRow[]
    },
    parse: Parse,
    nowMs: number,
  ): string {
    const rows = told.rows.map(row => row.map(value => (value === null ? '' : String(value))))
    const of = (kind: string) => rows.filter(row => row[0] === kind)
    this.functionsAtMs = nowMs
    this.volatile = new Set(of('volatile').map(row => row[1] ?? ''))
    this.own = new Set(of('volatile').flatMap(row => (row[2] === 'own' ? [row[1] ?? ''] : [])))
    this.operators = new Set(of('operator').map(row => row[1] ?? ''))
    this.types = new Map(of('type').map(row => [Number(row[1]), typeOf(row)]))
    const types = told.oids.map(oid => this.typeOf(oid))
    const known = types.filter(type => type !== undefined)
    const objection =
      this.objection(reading) ||
      of('missing')
        .filter(row => !reading.defined.includes(row[1] ?? ''))
        .map(() => 'reads what is not there')[0] ||
      of('relation')
        .map(row => this.objectionToRelation(row, parse))
        .find(text => text !== '') ||
      of('policy')
        .map(row => this.objection(readStatement(`select ${row[1]}`, parse)))
        .find(text => text !== '')
    const reason =
      objection ||
      reading.reason ||
      objectionToNumbers(text, reading, told.oids) ||
      (known.length < types.length
        ? 'has a parameter of a type that cannot stand in a list'
        : '') ||
      (reading.highest !== told.oids.length ? 'has parameters that it does not use' : '')
    const plain = (objection ?? '') === ''
    this.keep(text, { ...told, types: known, plain, reason, atMs: nowMs })
    return of('isolation')[0]?.[1] ?? 'unknown'
  }

  /** The statement could not be described: it is let alone until it is asked again. */
  refuse(text: string, reason: string, nowMs: number): void {
    this.keep(text, { oids: [], types: [], fields: [], plain: false, reason, atMs: nowMs })
  }

  private keep(
    text: string,
    { oids, types, fields, plain, reason, atMs }: Omit<Described, 'columns'>,
  ): Described {
    const columns = fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }))
    const bytes = text.length * 2 + 200 + fields.length * 140
    return this.described.set(text, { oids, types, fields, columns, plain, reason, atMs }, bytes)
  }

  private typeOf(oid: number): ParamType | undefined {
    const built = builtInType(oid)
    if (built !== undefined) return built
    const type = this.types.get(oid)
    return type === undefined ? undefined : catalogType(type)
  }

  private objection({ plain, reason, functions, operators }: Reading): string {
    if (!plain) return reason
    if (functions.some(name => this.volatile.has(name))) return 'calls a volatile function'
    if (operators.some(name => this.operators.has(name))) return 'uses a volatile operator'
    return ''
  }

  private objectionToRelation([, kind, persistence, definition]: string[], parse: Parse): string {
    if (persistence === 't') return 'reads a temporary table'
    if (kind === 'f') return 'reads a foreign table'
    if (kind !== 'v') return ''
    return this.objection(readStatement(definition ?? '', parse))
  }
}

/** Where the original compares a number with what is none, it fails: a parameter would not. */
function objectionToNumbers(text: string, { params }: Reading, oids: readonly number[]): string {
  const wrong = params.some(
    ({ number, end }) =>
      text.startsWith(NUMBER_MARK, end) && !NUMBERS.has(oids[number - 1] as number),
  )
  return wrong ? 'compares a number with what is none' : ''
}

function typeOf([, oid, schema = '', name = '', rest = '']: string[]): CatalogType {
  return { oid: Number(oid), schema, name, category: rest.slice(0, 1), array: rest.slice(1) }
}
