import type { Random } from './random.js'
import type { Schema } from './schema.js'

/** Which column of the parent's row a parameter takes; or a value that is the same in all calls. */
export type Source =
  | { readonly column: 'id' | 'k' | 'k2' | 'digits'; readonly list?: boolean }
  | { readonly value: unknown }

/** A statement of a loop, and what is expected of it. */
export interface Statement {
  readonly text: string
  readonly params: readonly Source[]
  /** `false`: a batch of it is an error. `either`: it depends on the loop. */
  readonly batchable: boolean | 'either'
  /** Its order is defined to the last row. */
  readonly ordered: boolean
}

type Shape = (s: Schema, r: Random) => Statement

const id: Source = { column: 'id' }
const k: Source = { column: 'k' }

/** Batchable, by the key of a random type. */
const byKey =
  (build: (ref: string, s: Schema, r: Random) => string, ordered = true): Shape =>
  (s, r) => ({ text: build(s.ref, s, r), params: [k], batchable: true, ordered })

/** Batchable, by a whole number, with more that stays as it is. */
const byId =
  (build: (r: Random) => string, more: readonly Source[] = [], ordered = true): Shape =>
  (_, r) => ({ text: build(r), params: [id, ...more], batchable: true, ordered })

const never =
  (text: string): Shape =>
  () => ({ text, params: [id], batchable: false, ordered: true })

const columns = 'id, v, t, n, b, d, ts, j, raw, ints, texts, code, f, iv'

export const shapes: readonly Shape[] = [
  byKey(ref => `select * from child where ${ref} = $1`, false),
  byKey(ref => `select ${columns} from child where ${ref} = $1 order by id`),
  byKey(
    (ref, _, r) =>
      `select ${columns} from child where ${ref} = $1 order by v desc, id limit ${r.int(1, 4)}`,
  ),
  byKey(ref => `select ${columns} from child c where c.${ref} = $1 order by id offset 1; `),
  byKey(ref => `select count(*), sum(v), max(t), avg(n), min(d) from child where ${ref} = $1`),
  byKey(
    ref =>
      `select array_agg(v order by id) as vs, json_agg(t order by id) from child where ${ref} = $1`,
  ),
  byKey(
    ref =>
      `select v % 3 as g, count(*)::int, bool_or(b) from child where ${ref} = $1 group by 1 having count(*) > 0 order by 1`,
  ),
  byKey(
    ref =>
      `select c.id, d.id, d.label from child c join detail d on d.child = c.id where c.${ref} = $1 order by d.id`,
  ),
  byKey(
    ref =>
      `select c.id, d.label from child c left join detail d on d.child = c.id where c.${ref} = $1`,
    false,
  ),
  byKey(
    ref =>
      `select c.id, c.v, d.label from child c join detail d on d.child = c.id where c.${ref} = $1`,
    false,
  ),
  byId(
    () =>
      `select c.t, d.id from child c, detail d, parent p where d.child = c.id and p.id = c.pid and p.id = $1`,
    [],
    false,
  ),
  // Without the fence the planner joins the keys its own way: here that shows in the order.
  byId(
    () => `select d.id, c.v from detail d join child c on c.id = d.child where c.pid = $1`,
    [],
    false,
  ),
  byId(
    () =>
      `select d.label, c.t, o.id from child c join detail d on d.child = c.id join child o on o.v = c.v where c.pid = $1`,
    [],
    false,
  ),
  byKey(
    ref =>
      `with mine as (select * from child where ${ref} = $1) select id, t from mine where v > 3 order by id desc`,
  ),
  byKey(
    ref =>
      `select id, row_number() over (order by v, id), lag(v) over (order by id) from child where ${ref} = $1 order by id`,
  ),
  byKey(
    ref => `select distinct on (v) v, id, code from child where ${ref} = $1 order by v, id desc`,
  ),
  byKey(
    ref =>
      `select v from child where ${ref} = $1 union select id from detail where child in (select id from child where ${ref} = $1) order by 1`,
  ),
  byKey(ref => `select id from child where ${ref} = $1 union all select -1`, false),
  byKey(
    ref =>
      `select t, exists (select from detail d where d.child = c.id) from child c where ${ref} = $1 order by id`,
  ),
  byKey(
    (ref, s) =>
      `select $1::${s.key.sql} as asked, id from child where ${ref} = $1::${s.key.sql} order by id`,
  ),
  byKey(ref => `select id, unnest(ints) from child where ${ref} = $1`, false),
  byKey(
    ref =>
      `select c.id, e.key, e.value from child c, jsonb_each(c.j) e where ${ref} = $1 order by c.id, e.key`,
  ),
  byKey(
    ref => `select id /* $1 ' */, code from child -- where $1\n where ${ref} = $1 -- the end`,
    false,
  ),
  byKey(ref => `select coalesce(max(id), 0) from child where ${ref} = $1 or ${ref} is null`),
  (s, r) => ({
    text: `select id, v from child where ${s.ref} = $1 and ${s.ref2} = $2 order by ${r.pick(['id', 'v, id'])}`,
    params: [k, { column: 'k2' }],
    batchable: true,
    ordered: true,
  }),
  byId(
    () => `select ${columns} from child where pid = $1 and v > $2 order by id limit $3`,
    [{ value: 3 }, { value: 4 }],
  ),
  byId(() => `select v, t from child where pid = $1 and t <> $2`, [{ value: "O'Brien" }], false),
  byId(() => `select id, code from child where code = 'm' || ($1 % 3) order by id`),
  byId(() => `select id, 12 / (v - $1) as q from child where pid <= $1 order by id`),
  byId(
    () =>
      `select (case when $1 = 3 then t else '7' end)::int as x from child where pid = $1 order by id`,
  ),
  byId(() => `select generate_series(1, $1 % 4) as g`),
  byId(() => `select $1 + g as sum from generate_series(1, 3) g order by g`),
  byId(() => `select twice(v) from child where pid = $1 order by id`),
  byId(() => `select * from seen_twice where pid = $1 order by id`),
  byId(() => `select id, owner from secret where pid = $1 order by id`),
  byId(
    () =>
      `select c.v, lat.n from child c cross join lateral (select count(*) as n from detail where child = c.id and id > $1) lat where c.pid = $1 order by c.id`,
  ),
  byId(
    () =>
      `select id from child where pid = $1 and v in (select v from child where pid = $1 - 1) order by id`,
  ),
  byId(
    () =>
      `select sum(v) filter (where b), string_agg(t, ',' order by id) from child where pid between $1 - 1 and $1`,
  ),
  byId(() => `select id from child where (pid, v) in (($1, 3), ($1, 5), ($1 + 1, 7)) order by id`),
  byId(
    () =>
      `select "id" as "Weird ""Name", v as select, t as t, t from "child" where "pid" = $1 order by "id"`,
  ),
  () => ({
    text: 'select id, v from child where pid = $1 order by id',
    params: [{ column: 'digits' }],
    batchable: true,
    ordered: true,
  }),
  () => ({
    text: 'select id, v from child where pid::text = $1 order by id',
    params: [{ column: 'digits' }],
    batchable: true,
    ordered: true,
  }),
  s => ({
    text: `select id from child where ${s.ref} = any($1) order by id`,
    params: [{ column: 'k', list: true }],
    batchable: 'either',
    ordered: true,
  }),
  never('select id, random() > 2 as r from child where pid = $1 order by id'),
  never('select id, v from chance where pid = $1 order by id'),
  never('select id, v from chance_twice where pid = $1 order by id'),
  never('select id, now() > ts as late from child where pid = $1 order by id'),
  never('select id, noisy(v) from child where pid = $1 order by id'),
  never('select id, v from child where pid = $1 order by id for share'),
  never('select id, v from child tablesample bernoulli (100) where pid = $1 order by id'),
  never(`select id, d > 'today'::date as x from child where pid = $1 order by id`),
]
