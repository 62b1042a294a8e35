import { functionTouches, type ParsePlpgsql } from '../../sql/function-touches.js'
import { CLOCKS } from '../../sql/reading.js'
import type { Parse } from '../../sql/syntax.js'
import type { Touches } from '../../sql/touches.js'
import type { Facts, FunctionFacts } from './facts.js'

/** PostgreSQL's grammar, and where there is one that of PL/pgSQL. */
export interface Grammar {
  readonly parse: Parse
  readonly plpgsql: ParsePlpgsql | undefined
}

/** What they answer depends on the session, not on data. */
const OF_SESSION = new Set(['current_setting', 'row_security_active', 'currval', 'lastval'])

/** Built in, and they run a text that they are given. */
const RUNS_TEXT =
  /^(?:(?:query|cursor|table|schema|database)_to_xml|ts_stat$|ts_rewrite$|pg_restore_)/

/** Of these extensions volatile functions make random values, and write nothing. */
const HARMLESS = new Set(
  `uuid-ossp pgcrypto pg_trgm citext hstore pg_uuidv7 unaccent ltree intarray moddatetime tcn`.split(
    ' ',
  ),
)

/** What a text calls. */
export type Calls = Pick<Touches, 'functions' | 'columns' | 'operators'>

/** What functions do, told from their definitions. */
export class Functions {
  private readonly known = new Map<string, readonly Touches[] | undefined>()

  constructor(
    private readonly facts: Facts,
    readonly grammar: Grammar,
  ) {}

  /** The functions of users that a text may call. */
  called({ functions, columns, operators }: Calls): FunctionFacts[] {
    const { functionsByName, operators: byOperator } = this.facts
    const found: FunctionFacts[] = []
    for (const name of functions) found.push(...(functionsByName.get(name) ?? []))
    for (const name of columns) found.push(...(functionsByName.get(name) ?? []))
    for (const name of operators)
      for (const oid of byOperator.get(name) ?? []) found.push(...this.byOid(oid))
    return found.flatMap(one => (one.aggregate ? this.partsOf(one) : [one]))
  }

  private partsOf({ oid }: FunctionFacts): FunctionFacts[] {
    return (this.facts.parts.get(oid) ?? []).flatMap(part => this.byOid(part))
  }

  byOid(oid: string): FunctionFacts[] {
    const one = this.facts.functions.get(oid)
    return one === undefined ? [] : [one]
  }

  /**
   * Why what calls these must not be kept; '' when it may. `reads`: they may read tables that the text
   * does not name.
   */
  reading(calls: Calls): { readonly objection: string; readonly reads: boolean } {
    const seen = new Set<string>()
    let reads = false
    const of = (text: Calls): string => {
      for (const name of text.functions) {
        if (this.facts.volatile.has(name)) return 'calls a volatile function'
        if (OF_SESSION.has(name)) return 'reads a setting of the session'
      }
      for (const one of this.called(text)) {
        const objection = ofOne(one)
        if (objection !== '') return objection
      }
      return ''
    }
    const ofOne = (one: FunctionFacts): string => {
      if (one.volatility === 'v') return 'calls a volatile function'
      if (one.volatility === 'i' || seen.has(one.oid) || HARMLESS.has(one.extension)) return ''
      seen.add(one.oid)
      reads = true
      const parts = this.touches(one)
      if (parts === undefined)
        return one.extension === '' ? 'calls a function whose text does not tell what it reads' : ''
      for (const part of parts) {
        const clock = part.clock || [...part.functions].some(name => CLOCKS.has(name))
        if (clock) return 'calls a function that reads the clock'
        const objection = of(part)
        if (objection !== '') return objection
      }
      return ''
    }
    return { objection: of(calls), reads }
  }

  /**
   * Whether one of this name, or what it calls, may set what outlives it in the session: a search path,
   * another role, a temporary table. What is declared to write nothing is believed, and C in extensions.
   */
  mayChangeSession(name: string): boolean {
    const ran = new Set<string>()
    const may = (one: FunctionFacts): boolean => {
      if (one.volatility !== 'v' || one.language === 'c' || one.language === 'internal')
        return false
      if (ran.has(one.oid) || HARMLESS.has(one.extension)) return false
      ran.add(one.oid)
      const parts = this.touches(one)
      if (parts === undefined) return true
      return parts.some(
        part =>
          part.sets ||
          part.ddl ||
          part.unknown !== '' ||
          part.functions.has('set_config') ||
          this.runsText(part) ||
          this.called(part).some(may),
      )
    }
    return (this.facts.functionsByName.get(name) ?? []).some(may)
  }

  /** What a function does itself; undefined when that cannot be told. */
  touches(one: FunctionFacts): readonly Touches[] | undefined {
    if (this.known.has(one.oid)) return this.known.get(one.oid)
    const { parse, plpgsql } = this.grammar
    const touches = functionTouches(one.definition, one.language, parse, plpgsql)
    this.known.set(one.oid, touches)
    return touches
  }

  /** It writes nothing, whatever its text: it is declared so, or known. */
  isHarmless(one: FunctionFacts): boolean {
    return HARMLESS.has(one.extension) || (one.volatility !== 'v' && one.definition === '')
  }

  /** Whether a text calls what may run any other text. */
  runsText({ functions }: Calls): boolean {
    for (const name of functions) if (RUNS_TEXT.test(name)) return true
    return false
  }

  /** A trigger that may change this column of the row that it is given. */
  mayChange(oid: string, column: string): boolean {
    const [one] = this.byOid(oid)
    if (one === undefined || one.definition === '') return true
    const source = one.definition.toLowerCase()
    if (/\bnew\s*:?=|\binto\s+(?:strict\s+)?new\b|\breturn\s+(?!new\b|old\b|null\b)/.test(source))
      return true
    return source.includes(column.toLowerCase())
  }
}
