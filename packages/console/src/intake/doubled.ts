import type { Span } from '../model.js'

/** Statements remembered by the span above them, a power of two: some seconds of a busy service. */
const remembered = 16_384
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
  /** The lower half of the trace's id and the id of the span above. A slot gives way to the next. */
  readonly #above = new Uint32Array(4 * remembered)
  readonly #statements: (string | undefined)[] = Array.from({ length: remembered })

  /** Notes a statement for the span above it. `ids` are the words of `SpanTable.ids`. */
  remember(ids: Uint32Array, row: number, statement: string): void {
    const parent = 8 * row + 6
    const slot = slotOf(ids, parent)
    this.#statements[slot] = statement
    for (const [i, word] of [8 * row + 2, 8 * row + 3, parent, parent + 1].entries())
      this.#above[4 * slot + i] = ids[word] as number
  }

  /** Whether the same statement was noted below the span. */
  has(ids: Uint32Array, row: number, statement: string): boolean {
    const span = 8 * row + 4
    const slot = slotOf(ids, span)
    return (
      this.#statements[slot] === statement &&
      [8 * row + 2, 8 * row + 3, span, span + 1].every(
        (word, i) => this.#above[4 * slot + i] === ids[word],
      )
    )
  }
}

/** Ids are random, so a part of one is as good as a hash. */
const slotOf = (ids: Uint32Array, id: number): number =>
  ((ids[id] as number) ^ (ids[id + 1] as number)) & (remembered - 1)
