import type { Random } from '../random.js'

/** One write; several texts where one alone would leave nothing to write to. */
export type Step = readonly [text: string, values?: readonly unknown[]]

type Template = (random: Random) => Step

const templates: readonly Template[] = [
  r => ['update shops set n = n + 1 where id = $1', [r.int(1, 6)]],
  r => ['update items set n = n + 1 where id = $1', [r.int(1, 31)]],
  r => [
    'update items set n = n + $2 where id in ($1, $3)',
    [r.int(1, 30), r.int(1, 4), r.int(1, 30)],
  ],
  r => ['update items set shop = $2 where id = $1', [r.int(1, 30), r.int(1, 3)]],
  r => ['update items set n = n + 1 where shop = $1', [r.int(1, 6)]],
  r => ['update labels set n = n + 1 where id = $1', [`l${r.int(1, 12)}`]],
  r => [`update labels set id = 'l13' where id = $1`, [`l${r.int(10, 12)}`]],
  r => [`update labels set id = $1 where id = 'l13'`, [`l${r.int(10, 12)}`]],
  r => ['delete from items where id = $1', [r.int(20, 31)]],
  r => [
    'insert into items (id, shop, n) values ($1, $2, 0) on conflict do nothing',
    [r.int(20, 31), r.int(1, 3)],
  ],
  r => [
    'insert into items (id, shop, n) values ($1, $2, 1) on conflict (id) do update set n = items.n + 1',
    [r.int(20, 31), r.int(1, 3)],
  ],
  r => ['delete from shops where id = $1', [r.int(5, 6)]],
  r => [
    'insert into shops (id, code) values ($1::int, $2) on conflict do nothing',
    [r.int(5, 7), `c${r.int(5, 7)}`],
  ],
  r => ['update shops set id = case id when 5 then 7 else 5 end where id = $1', [r.pick([5, 7])]],
  r => [
    'insert into labels (id, item) values ($1, null) on conflict (id) do nothing',
    [`l${r.int(10, 13)}`],
  ],
  r => [
    'insert into totals values ($1, 1) on conflict (name) do update set n = totals.n + 1',
    [r.pick(['a', 'b', 'c'])],
  ],
  r => ['select set_total($1, $2)', [r.pick(['a', 'b']), r.int(1, 99)]],
  r => ['insert into tickets (n) values ($1)', [r.int(1, 9)]],
  () => ['delete from tickets where no > 40'],
  r => ['update few_shops set n = n + 1 where id = $1', [r.int(1, 6)]],
  r => ['update parts set n = n + 1 where id = $1', [r.int(1, 10)]],
  r => ['update parts set half = 1 - half where id = $1', [r.int(1, 10)]],
  r => ['update parts_1 set n = n + 1 where id = $1', [r.int(1, 10)]],
  r => ['update animals set n = n + 1 where id = $1', [r.int(1, 8)]],
  r => ['update cats set n = n + 1 where id = $1', [r.int(5, 8)]],
  r => ['update only animals set n = n + 1 where id > $1', [r.int(1, 4)]],
  r => ['call raise_all($1)', [r.int(1, 3)]],
  r => ['update plain set n = n + 1 where id = $1', [r.int(1, 10)]],
  r => ['select hidden($1)', [r.int(1, 3)]],
  r => ['update secret set n = n + 1 where id = $1', [` ${r.int(1, 4)} `]],
  r => [
    'with moved as (update plain set n = n + 1 where id = $1 returning n) insert into log (what, n) select $2, n from moved',
    [r.int(1, 10), 'cte'],
  ],
  r => [
    'merge into plain p using (values ($1::int)) v(id) on p.id = v.id when matched then update set n = p.n + 1 when not matched then insert values (v.id, 0)',
    [r.int(1, 11)],
  ],
  r => [
    'with gone as (delete from log where n = $1 returning n) select count(*) from gone',
    [r.int(0, 2)],
  ],
  r => [`update plain set n = n + 2 where id = ${r.int(1, 10)}`],
  r => [
    `update plain set n = n + 1 where id = 1; update items set n = n + 1 where id = ${r.int(1, 30)}`,
  ],
  r => [
    'insert into plain select g, 0 from generate_series(1, $1::int) g on conflict do nothing',
    [r.int(1, 11)],
  ],
]

const rare: readonly Template[] = [
  () => ['truncate log'],
  () => ['refresh materialized view frozen'],
  () => ['create or replace view few_shops as select id, n from shops where id <= 4'],
  () => ['create or replace view few_shops as select id, n + 0 as n from shops where id <= 3'],
  () => ['do $$ begin update plain set n = n + 1 where id = 2; end $$'],
]

export function randomWrite(random: Random): Step {
  return random.chance(0.02) ? random.pick(rare)(random) : random.pick(templates)(random)
}

export function allWrites(random: Random): Step[] {
  return [...templates, ...rare].map(template => template(random))
}
