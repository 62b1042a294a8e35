import { Kind } from './dialect.js'
import { Memo } from './memo.js'
import { ownText } from './own-text.js'
import { postgresql } from './postgresql.js'
import { eachPiece } from './scan.js'
import { characterIndex, isNode, type Node, type Parse, walk } from './syntax.js'

/** A statement whose data was written into its text, told apart from its data. */
export interface Lifted {
  /** `select * from addresses where user_id = $1` */
  readonly text: string
  readonly values: readonly string[]
}

/** Longer texts are lists that a machine wrote: not looked at. */
const MAX_TEXT = 20_000

/** For each literal of a text, in order: is it lifted? By the text without its literals. */
type Plan = readonly boolean[]

/**
 * Lifts literals that an ORM wrote into its statements (Sequelize always, TypeORM for numbers) to
 * parameters, so that statements which differ in data alone are one. Only literals that are compared
 * with a column are lifted: there a parameter takes the column's type, as the literal does. `order by
 * 1`, `limit 10`, `'a' || name` stay as they are.
 *
 * The grammar is asked once for each text without its literals; after that a text costs one scan.
 */
export class Lifter {
  private readonly plans = new Memo<Plan>({ entries: 2_000, bytes: 4_000_000 })

  constructor(private readonly parse: Parse) {}

  /** Undefined: it has parameters already, nothing can be lifted, or it cannot be read. */
  lift(text: string): Lifted | undefined {
    if (text.length > MAX_TEXT || text.includes('$') || text.includes('\\')) return undefined
    const places = literalsOf(text)
    if (places === undefined || places.length === 0) return undefined
    const skeleton = write(text, places, ({ start }) =>
      isString(text, start) ? '\u0000' : '\u0001',
    )
    const plan = this.plans.get(skeleton) ?? this.learn(skeleton, text, places)
    if (!plan.includes(true)) return undefined
    const values: string[] = []
    const lifted = write(text, places, (place, index) => {
      if (plan[index] !== true) return text.slice(place.start, place.end)
      values.push(valueOf(text.slice(place.start, place.end)))
      return `$${values.length}${isString(text, place.start) ? '' : NUMBER_MARK}`
    })
    return { text: lifted, values }
  }

  private learn(skeleton: string, text: string, places: readonly Place[]): Plan {
    const compared = comparedWithColumns(text, this.parse)
    const plan = places.map(({ start }) => compared.has(start))
    return this.plans.set(ownText(skeleton), plan, skeleton.length * 2 + 100)
  }
}

/**
 * Behind a parameter that was written as a number. `code = '5'` takes the type of the column, as `$1`
 * does; `code = 5` is an error where the column is text: so such a parameter must turn out a number.
 */
export const NUMBER_MARK = '/*number*/'

function isString(text: string, start: number): boolean {
  return text.charCodeAt(start) === 39
}

interface Place {
  readonly start: number
  readonly end: number
}

/** Whole numbers and plain strings; undefined when the text cannot be read with certainty. */
function literalsOf(text: string): Place[] | undefined {
  const places: Place[] = []
  const whole = eachPiece(text, postgresql, (kind, start, end) => {
    if (kind !== Kind.literal) return
    const isNumber = /^\d{1,18}$/.test(text.slice(start, Math.min(end, start + 19)))
    if (isString(text, start) || isNumber) places.push({ start, end })
  })
  return whole ? places : undefined
}

function write(
  text: string,
  places: readonly Place[],
  say: (place: Place, index: number) => string,
): string {
  let out = ''
  let from = 0
  places.forEach((place, index) => {
    out += text.slice(from, place.start) + say(place, index)
    from = place.end
  })
  return out + text.slice(from)
}

/** `'O''Brien'` is O'Brien. */
function valueOf(literal: string): string {
  return literal.startsWith("'") ? literal.slice(1, -1).replaceAll("''", "'") : literal
}

const COMPARISONS = new Set(['=', '<>', '<', '>', '<=', '>='])

/** Where the constants stand that are compared with a column and nothing else. */
function comparedWithColumns(text: string, parse: Parse): ReadonlySet<number> {
  const places = new Set<number>()
  try {
    const index = characterIndex(text)
    walk(parse(text).stmts, (kind, node) => {
      if (kind !== 'A_Expr' || !isComparison(node)) return
      const { lexpr, rexpr } = node as { lexpr?: unknown; rexpr?: unknown }
      if (!isColumn(lexpr)) return
      const list = isNode(rexpr) && isNode(rexpr['List']) ? rexpr['List']['items'] : [rexpr]
      for (const item of Array.isArray(list) ? list : []) {
        const constant = isNode(item) ? item['A_Const'] : undefined
        if (isNode(constant) && constant['location'] !== undefined)
          places.add(index(Number(constant['location'])))
      }
    })
  } catch {
    // No SQL, as far as this grammar goes: nothing is lifted.
  }
  return places
}

function isComparison(node: Node): boolean {
  const [name] = Array.isArray(node['name']) ? (node['name'] as unknown[]) : []
  const operator = isNode(name) && isNode(name['String']) ? name['String']['sval'] : undefined
  if (node['kind'] === 'AEXPR_IN') return operator === '='
  return node['kind'] === 'AEXPR_OP' && COMPARISONS.has(String(operator))
}

function isColumn(value: unknown): boolean {
  return isNode(value) && isNode(value['ColumnRef'])
}
