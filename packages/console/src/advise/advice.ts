/** What the adviser says: the shape of `hotpath index --json`. Costs are the planner's units, times milliseconds. */

/** A statement of the workload, as it is known. */
export interface Statement {
  /** With `$1` or the recorder's `?` where data was. */
  readonly text: string
  readonly calls: number
  /** Of all calls together, where it was measured. */
  readonly ms?: number
  /** Of one call: half of them are faster. */
  readonly p50Ms?: number
  readonly routes: readonly RouteShare[]
}

/** A route that runs it. */
export interface RouteShare {
  readonly route: string
  /** Calls in one request, on average over those that were looked at. */
  readonly perRequest?: number
  /** Half of its requests are faster, as measured. */
  readonly p50Ms?: number
  /** The same with the index: less what its calls would save. */
  readonly predictedMs?: number
}

export interface Advice {
  readonly database: string
  readonly workload: {
    /** Where the statements are from, in words. */
    readonly source: string
    readonly statements: number
    readonly calls: number
    /** Those that could not be planned, and why. */
    readonly skipped: readonly Skipped[]
  }
  /** Of all calls, before and with what is advised. */
  readonly cost: { readonly before: number; readonly after: number }
  readonly create: readonly Creation[]
  readonly drop: readonly Drop[]
  /** Indexes that are mostly empty, those first of which most is to be had back; absent where none is looked for. */
  readonly rebuild?: readonly Rebuild[]
  /** Statements for which no index is advised, the dearest first. */
  readonly none: readonly None[]
  /** What is to be known, for people. */
  readonly notes: readonly string[]
  /** What asking was for the database. */
  readonly load: {
    readonly questions: number
    readonly plans: number
    readonly ms: number
    readonly candidates: number
    readonly verifiedBy: Verified
  }
}

export type Verified = 'hypopg' | 'copy' | 'none'

export interface Skipped {
  readonly statement: string
  readonly reason: string
}

export interface Creation {
  readonly name: string
  readonly table: string
  /** `(customer_id, created_at)`. */
  readonly definition: string
  readonly method: string
  /** Statements to be run one by one, none of them in a transaction. */
  readonly sql: readonly string[]
  readonly verified: Verified
  readonly why: string
  /** null where it was not tried. */
  readonly bytes: number | null
  /** Over all calls, writes paid. */
  readonly saved: number | null
  /** Of all that the advice saves, this one and those before it: 0 to 1. */
  readonly reached: number | null
  readonly write: {
    /** That it adds to the work of writing one row of the table. */
    readonly percent: number
    /** Rows that the workload writes of the table. */
    readonly rows: number
    /** What they pay, in units. */
    readonly cost: number
  }
  readonly serves: readonly Served[]
}

export interface Served {
  readonly statement: string
  readonly calls: number
  readonly routes: readonly RouteShare[]
  readonly cost: { readonly before: number; readonly after: number }
  /** Of one call: measured, and as the costs predict. */
  readonly ms: { readonly before: number; readonly after: number } | null
  readonly plan: { readonly before: readonly string[]; readonly after: readonly string[] }
}

export type DropReason = 'invalid' | 'duplicate' | 'prefix' | 'unused'

export interface Drop {
  readonly name: string
  readonly table: string
  readonly definition: string
  readonly reason: DropReason
  readonly why: string
  readonly sql: string
  /** Null where the server does not tell this user. */
  readonly bytes: number | null
  /** Scans since the statistics began. */
  readonly scans: number
  /** The index that must be made before; absent where none must. */
  readonly after?: string
}

/** REINDEX makes a new one beside it, and takes its place. */
export interface Rebuild {
  readonly name: string
  readonly table: string
  readonly definition: string
  readonly why: string
  readonly sql: string
  readonly bytes: number
  /** What a new one would take. */
  readonly expected: number
  readonly measured: 'pgstattuple' | 'estimate'
}

export type NoneReason =
  | 'small table'
  | 'write-heavy'
  | 'aggregate over everything'
  | 'all rows wanted'
  | 'low selectivity'
  | 'served already'
  | 'no index serves it'
  | 'little gain'

export interface None {
  readonly statement: string
  readonly calls: number
  readonly routes: readonly RouteShare[]
  readonly cost: number
  readonly reason: NoneReason
  readonly why: string
}
