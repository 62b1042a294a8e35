import type { Span } from '../model.js'

/** Statements remembered by the span above them: some seconds of a busy service. */
const remembered = 10_000
/** Of a statement this much is compared, and its length. */
const comparedChars = 500

/**
 * The statement of a span in the form in which a query builder and the driver below it agree: Knex
 * says `id = ?` where pg says `id = $1`. Undefined for spans that are no statements.
 */
export function statementKey({
  kind,
  attributes,
}: Pick<Span, 'kind' | 'attributes'>): string | undefined {
  const text = attributes['db.query.text']
  if (kind !== 'client' || typeof text !== 'string') return undefined
  const key = text.replace(/\$\d+|%\(\w+\)s|%s|(?<!:):\w+|@\w+/g, '?').replace(/\s+/g, '')
  return key.length <= comparedChars ? key : `${key.length} ${key.slice(0, comparedChars)}`
}

/**
 * Tells the spans of query builders (Knex, SQLAlchemy, EF Core) whose statement the driver reported as
 * well, in a span below. A driver's span ends first and so arrives first or in the same request.
 */
export class Doubled {
  /** By the id of the span above; the oldest first. */
  readonly #below = new Map<number, Below>()

  /** Notes a statement for the span above it. `ids` are the words of `SpanTable.ids`. */
  remember(ids: Uint32Array, row: number, statement: string): void {
    const above = 8 * row + 6
    const key = keyOf(ids, above)
    if (key === 0) return
    const known = this.#below.get(key)
    if (known?.statement === statement && known.isAt(ids, row, above)) return
    this.#below.set(key, new Below(ids, row, above, statement))
    if (this.#below.size <= remembered) return
    const oldest = this.#below.keys().next()
    if (!oldest.done) this.#below.delete(oldest.value)
  }

  /** Whether the same statement was noted below the span. */
  has(ids: Uint32Array, row: number, statement: string): boolean {
    const span = 8 * row + 4
    const known = this.#below.get(keyOf(ids, span))
    return known?.statement === statement && known.isAt(ids, row, span)
  }
}

/** A statement, and the words of the trace's lower half and of the span that it stands below. */
class Below {
  readonly statement: string
  readonly #trace0: number
  readonly #trace1: number
  readonly #span0: number
  readonly #span1: number

  constructor(ids: Uint32Array, row: number, span: number, statement: string) {
    this.statement = statement
    this.#trace0 = ids[8 * row + 2] as number
    this.#trace1 = ids[8 * row + 3] as number
    this.#span0 = ids[span] as number
    this.#span1 = ids[span + 1] as number
  }

  /** Written out: it is asked for each statement. */
  isAt(ids: Uint32Array, row: number, span: number): boolean {
    return (
      this.#span0 === ids[span] &&
      this.#span1 === ids[span + 1] &&
      this.#trace0 === ids[8 * row + 2] &&
      this.#trace1 === ids[8 * row + 3]
    )
  }
}

/** As much of an id as a number holds exactly; 0 for none. */
const keyOf = (ids: Uint32Array, id: number): number =>
  ((ids[id] as number) & 0x1fffff) * 2 ** 32 + (ids[id + 1] as number)
