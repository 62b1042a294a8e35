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

/** Lists by the id of the span above: a power of two, so that a list is a statement long. */
const lists = 16_384
/** No statement. */
const none = -1

/**
 * Tells the spans of query builders (Knex, SQLAlchemy, EF Core) whose statement the driver reported as
 * well, in a span below. A driver's span ends first and so arrives first or in the same request.
 *
 * Statements lie in columns, in a ring: as objects in a map all of them outlived the collector's young
 * generation. A span took 1.01 us so, and takes 0.05 (medians of 65 in turns, on a machine busy with other
 * work; five spans of eight are statements).
 */
export class Doubled {
  readonly #statements: string[] = []
  /** Of each statement the lower half of its trace's id, and the id of the span above it. */
  readonly #ids = new Uint32Array(4 * remembered)
  /** Of each list its first statement, of each statement the next of its list. */
  readonly #first = new Int32Array(lists).fill(none)
  readonly #next = new Int32Array(remembered)
  /** The place of the oldest statement, once all are taken. */
  #oldest = 0

  /** Notes a statement for the span above it: one for each. `ids` are the words of `SpanTable.ids`. */
  remember(ids: Uint32Array, row: number, statement: string): void {
    const above = 8 * row + 6
    if (ids[above] === 0 && ids[above + 1] === 0) return
    let at = this.#find(ids, above)
    if (at === none) at = this.#place(listOf(ids[above] as number, ids[above + 1] as number))
    this.#statements[at] = statement
    this.#ids[4 * at] = ids[8 * row + 2] as number
    this.#ids[4 * at + 1] = ids[8 * row + 3] as number
    this.#ids[4 * at + 2] = ids[above] as number
    this.#ids[4 * at + 3] = ids[above + 1] as number
  }

  /** Whether the same statement was noted below the span. */
  has(ids: Uint32Array, row: number, statement: string): boolean {
    const at = this.#find(ids, 8 * row + 4)
    return (
      at !== none &&
      this.#ids[4 * at] === ids[8 * row + 2] &&
      this.#ids[4 * at + 1] === ids[8 * row + 3] &&
      this.#statements[at] === statement
    )
  }

  /** The statement below the span whose id is at `span`. */
  #find(ids: Uint32Array, span: number): number {
    const [word0, word1] = [ids[span] as number, ids[span + 1] as number]
    let at = this.#first[listOf(word0, word1)] as number
    while (at !== none && (this.#ids[4 * at + 2] !== word0 || this.#ids[4 * at + 3] !== word1))
      at = this.#next[at] as number
    return at
  }

  /** A place at the head of a list; the oldest statement gives way. */
  #place(list: number): number {
    let at = this.#statements.length
    if (at === remembered) {
      at = this.#oldest
      this.#oldest = (at + 1) % remembered
      this.#leave(at)
    }
    this.#next[at] = this.#first[list] as number
    this.#first[list] = at
    return at
  }

  #leave(at: number): void {
    const list = listOf(this.#ids[4 * at + 2] as number, this.#ids[4 * at + 3] as number)
    const next = this.#next[at] as number
    let before = this.#first[list] as number
    if (before === at) {
      this.#first[list] = next
      return
    }
    while (this.#next[before] !== at) before = this.#next[before] as number
    this.#next[before] = next
  }
}

/** Ids are random, as a rule; those that are counted up differ in their last bits. */
const listOf = (word0: number, word1: number): number => {
  const mixed = Math.imul(word0 ^ (word1 >>> 7) ^ (word1 << 9), 0x9e3779b1)
  return (mixed ^ (mixed >>> 15)) & (lists - 1)
}
