/** What the adviser knows of a database: the tables that its statements name, no others. */

export interface Catalog {
  /** As a statement would find it; undefined where there is none. */
  find(schema: string | undefined, name: string): Table | undefined
  readonly tables: readonly Table[]
  /** `schema.name` of what an index may not be called. */
  readonly taken: ReadonlySet<string>
  /** Of the database: with it a prefix is found by an index of the plain kind. */
  readonly isC: boolean
  readonly version: number
  readonly extensions: ReadonlySet<string>
  readonly isStandby: boolean
  /** Of the statistics: how long they have been kept, in days; undefined where the server does not say. */
  readonly statsDays: number | undefined
  /** Servers that follow this one: what they use does not show here. */
  readonly followers: number
}

export interface Table {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** `r` table, `p` partitioned, `v` view, `m` materialised view, `f` foreign. */
  readonly kind: string
  /** Found without its schema. */
  readonly isVisible: boolean
  /** The query of a view. */
  readonly query?: string
  /** Of all partitions; -1: never analysed. */
  readonly rows: number
  readonly pages: number
  /** Leaves, where it is partitioned: schema and name. */
  readonly leaves: readonly { readonly schema: string; readonly name: string }[]
  /** Of a partitioned table, all below it, parents first; some may be partitioned themselves. */
  readonly branches: readonly Branch[]
  readonly isPartition: boolean
  readonly columns: ReadonlyMap<string, Column>
  readonly indexes: readonly Index[]
  readonly foreignKeys: readonly ForeignKey[]
  /** Of other tables, to this one. */
  readonly referredBy: readonly ForeignKey[]
  /** Since the statistics began. */
  readonly written: {
    readonly inserts: number
    readonly updates: number
    readonly hot: number
    readonly deletes: number
    /** How often it was cleaned up, by PostgreSQL's vacuum. */
    readonly vacuums?: number
  }
  /** For how many days it has had no ALTER, so that its indexes are as old at least; where the server tells. */
  readonly unalteredDays?: number
}

export interface Branch {
  readonly schema: string
  readonly name: string
  readonly isLeaf: boolean
  readonly parent: { readonly schema: string; readonly name: string }
}

export interface Column {
  readonly name: string
  readonly number: number
  /** `format_type`: `character varying(20)`. */
  readonly type: string
  /** `pg_type.typcategory`: S text, N number, D time, B boolean, A array, R range, G geometry, U other. */
  readonly category: string
  readonly isNotNull: boolean
  readonly hasStats: boolean
  /** Bytes, on average. */
  readonly width: number
  /** Values, as a number (not PostgreSQL's negative share). */
  readonly distinct: number
  readonly nulls: number
  readonly correlation: number
  readonly common: readonly string[]
  readonly frequencies: readonly number[]
  readonly bounds: readonly string[]
  /** Of arrays and texts for search. */
  readonly elements: readonly string[]
}

export interface Index {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly method: string
  /** `pg_get_indexdef` from the method on, without INCLUDE and WHERE: `btree (a, lower(b) DESC)`. */
  readonly keys: readonly string[]
  readonly include: readonly string[]
  readonly where: string | undefined
  readonly definition: string
  readonly isUnique: boolean
  readonly isPrimary: boolean
  readonly isExclusion: boolean
  readonly isConstraint: boolean
  readonly isReplicaIdentity: boolean
  readonly isValid: boolean
  readonly isBeingBuilt: boolean
  /** Of a partitioned table's index. */
  readonly isAttached: boolean
  /** Of an index of a partitioned table in PostgreSQL: of how many parts it is. */
  readonly parts?: number
  readonly scans: number
  readonly bytes: number
  /** What PostgreSQL alone tells of its age. */
  readonly age?: {
    readonly pages: number
    /** Pages of it that were read or written since the statistics began, from memory or not. */
    readonly touched: number
    /** For how many days it is there, at least, by the time of its transaction; 0 where the server keeps none. */
    readonly madeDays: number
  }
  /** What orders each key, beyond its text: operator class, collation and direction. */
  readonly order: readonly string[]
}

export interface ForeignKey {
  readonly name: string
  readonly table: number
  readonly columns: readonly string[]
  readonly references: number
  readonly keys: readonly string[]
}

/** The part of all rows that have this one value, on average. */
export function equalShare(column: Column | undefined): number {
  if (column === undefined) return 0.005
  const [most = 0] = column.frequencies
  return column.distinct > 0 ? Math.min(1, Math.max(1 / column.distinct, most / 4)) : 0.005
}
