import type { Span } from '../model.js'

/** Statements remembered by the span above them: some seconds of a busy service. */
const remembered = 10_000
/** Of a statement this much is compared, and its length. */
const comparedChars = 500

/**
 * The statement of a span in the form in which a query builder and the driver below it agree: Knex
 * says `id = ?` where pg says `id = $1`. Undefined for spans that are no statements.
 */
export function statementKey({ kind, attributes }: Span): string | undefined {
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
  readonly #below = new Map<string, string>()

  /** The spans whose statement is no other's. */
  without(spans: readonly Span[]): Span[] {
    const keys = spans.map(statementKey)
    for (const [i, { traceId, parentId }] of spans.entries()) {
      const key = keys[i]
      if (parentId !== undefined && key !== undefined) this.#remember(traceId + parentId, key)
    }
    return spans.filter(({ traceId, spanId }, i) => {
      const key = keys[i]
      return key === undefined || this.#below.get(traceId + spanId) !== key
    })
  }

  #remember(parent: string, key: string): void {
    this.#below.set(parent, key)
    if (this.#below.size <= remembered) return
    const oldest = this.#below.keys().next()
    if (!oldest.done) this.#below.delete(oldest.value)
  }
}
