import type { NoneReason } from '../../../dist/advise/advice.js'

/** A statement of a case: how often it runs, and values by which the right answer is confirmed. */
export interface CaseStatement {
  readonly sql: string
  /** 100 where nothing is said. */
  readonly calls?: number
  /** SQL literals for `$1`, `$2`, ... */
  readonly values?: readonly string[]
}

/** A schema, its data, a workload and the right answer. */
export interface IndexCase {
  readonly name: string
  readonly schema: string
  readonly workload: readonly CaseStatement[]
  /** Why the answer is what it is. */
  readonly why: string
  /**
   * Indexes, as they stand behind `CREATE INDEX ON`: `orders (customer_id)`. A list is of equally right ones, the
   * first of which is made to confirm it.
   */
  readonly create?: readonly (string | readonly string[])[]
  /** Why the first statement gets none. */
  readonly none?: NoneReason
  /** One that seems right and is not: made, it changes the plan's cost by less than a quarter. */
  readonly tempting?: string
  /** By what the right answer is confirmed, where the workload's plans do not show it. */
  readonly confirmedBy?: readonly CaseStatement[]
  /** Names of indexes that must be dropped; all others must stay. */
  readonly drop?: readonly string[]
  /** Indexes that hypopg does not know are tried on a copy; of MariaDB's cases all, where it is not false. */
  readonly copy?: boolean
  /** Statistics of a minute are long enough for this case. */
  readonly old?: true
  /** Answers that could not be tried. */
  readonly unverified?: number
}

/** A table of orders as many cases have it. `rows` of them, with a thousandth of the customers. */
export const orders = (rows = 100_000): string => `
  create table orders (id bigint primary key, customer_id int not null, status text not null, total numeric(10, 2) not null,
    created_at timestamptz not null, deleted_at timestamptz, note text not null);
  insert into orders select i, (i * 7919) % ${rows / 20}, (array['done', 'done', 'done', 'paid', 'sent'])[i % 5 + 1],
    (i * 31) % 1000, '2026-01-01'::timestamptz + ((i * 7907) % ${rows}) * interval '1 minute',
    case when i % 50 = 0 then '2026-03-01'::timestamptz end, 'a note of some length about order number ' || i
  from generate_series(1, ${rows}) i;`
