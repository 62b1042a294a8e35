/**
 * A cache of what statements of pg answer, across requests: `queries: { cache }`. The stage of
 * statements asks it before the database is asked, tells it the answer, and tells it of writes. What it
 * keeps, where, for how long, and what a write makes old, is its own work.
 *
 * Nothing that it does can break or hold up the app for long: what it throws is counted, an answer that
 * takes more than 50 ms is not waited for, and then it is not asked for a second.
 *
 *     const kept = new Map()
 *     export default defineConfig({
 *       queries: {
 *         cache: {
 *           ask: ({ key }) => kept.get(key),
 *           tell: ({ key }, answer) => void kept.set(key, answer),
 *           wrote: () => kept.clear(),
 *         },
 *       },
 *     })
 */
export interface StatementCache {
  /**
   * The answer, if it has one; a promise where it must look elsewhere. Asked at most once for each call,
   * outside of transactions, and only for reads of which the catalog has told that they neither write
   * nor give another answer by themselves.
   */
  ask(read: CacheableRead): CachedAnswer | undefined | Promise<CachedAnswer | undefined>
  /**
   * What the database answered, when `ask` had nothing. It is given the same object that `ask` was given:
   * what was noted at the asking (a version, a time) is found by it.
   */
  tell(read: CacheableRead, answer: CachedAnswer): void
  /** Answers may be old from now on. Called for everything that is not known to be a plain read. */
  wrote(write: PossibleWrite): void
}

/** A statement that only reads, with what its answer depends on besides the data. */
export interface CacheableRead {
  /** Equal for equal text, parameters, database, user and settings. */
  readonly key: string
  /** The statement, with `$1` for parameters and for the literals that an ORM wrote into it. */
  readonly text: string
  /** As they go to the database. */
  readonly parameters: readonly (string | Buffer | null)[]
  /** Tables and views as the statement names them: `"menu"`, `"shop"."orders"`. */
  readonly relations: readonly string[]
  /** Server, database, user and options. */
  readonly database: string
}

/** Rows as they came over the wire: texts, or null. They may be kept anywhere; do not change them. */
export interface CachedAnswer {
  /** Name and type of each column: when the table has changed since, the answer is not used. */
  readonly columns: readonly { readonly name: string; readonly type: number }[]
  readonly rows: readonly (readonly (string | Buffer | null)[])[]
}

/** A statement that writes, or may. */
export interface PossibleWrite {
  /** `begins`: it is about to be sent, which may be told twice. `ended`: it was answered, or failed. */
  readonly phase: 'begins' | 'ended'
  /** BEGIN, COMMIT and ROLLBACK come as well. Undefined: a statement by its name alone, a cursor, a COPY. */
  readonly text: string | undefined
  /** False: a SELECT that nobody has asked the catalog about yet. */
  readonly certain: boolean
  /** Server, database, user and options; undefined while it is not known which connection it gets. */
  readonly database: string | undefined
  /** Of the connection: what belongs to one transaction has the same. */
  readonly session: number | undefined
}
