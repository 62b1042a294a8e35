/** What `invalidation.test.ts` runs: tables that hang together, writes to them, and what cannot be kept. */
export const SCHEMA = `
  create table menu (id int primary key, name text, n int default 0);
  create table orders (id serial primary key, menu int references menu on delete cascade, n int default 0);
  create table stock (id uuid primary key, n int);
  create table aside (id int primary key, n int);
  create table log (what text);
  create table deferred (id int primary key, next int references deferred deferrable initially deferred);
  create table slow (id int);
  create function sleep() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return null; end $$;
  create constraint trigger t after insert on slow deferrable initially deferred for each row execute function sleep();
  create table hidden (id int); alter table hidden enable row level security;
  create view cheap as select * from menu where n < 5;
  create view today as select *, current_date from menu;
  create function bump() returns trigger language plpgsql as
    $$ begin if tg_op = 'UPDATE' then insert into log values ('update of orders'); end if; return new; end $$;
  create trigger t after insert or update on orders for each row execute function bump();
  create function dark() returns trigger language plpgsql as $$ begin execute 'select 1'; return new; end $$;
  create table darkened (id int primary key, n int);
  create trigger t after update on darkened for each row execute function dark();
  create function plain_sum() returns bigint language sql stable as 'select sum(n) from aside';
  create function clocked() returns timestamptz language sql stable as 'select now()';
  create function total(menu) returns bigint language sql stable as 'select sum(n) from orders where menu = $1.id';
  create function writes_log() returns int language sql as 'insert into log values (''f''); select 1';
  create function add(bigint, int) returns bigint language plpgsql as 'begin return $1 + $2; end';
  create aggregate added(int) (sfunc = add, stype = bigint, initcond = '0');
  create table made (base int, id int primary key generated always as (base * 2) stored, n int default 0);
  create table of_made (made int references made on update cascade);
  insert into made (base) values (1); insert into of_made values (2);
  create function rekey() returns trigger language plpgsql as $$ begin new.id := new.id + 100; return new; end $$;
  create table rekeyed (id int primary key, n int); insert into rekeyed values (1, 1);
  create trigger t before update on rekeyed for each row execute function rekey();
  create role ordinary login; grant all on all tables in schema public to ordinary;
  insert into menu select g, 'm' || g from generate_series(1, 5) g;
  insert into orders (menu) select 1 + g % 5 from generate_series(1, 10) g;
  insert into stock values ('a0000000-0000-4000-8000-00000000000b', 1);
  insert into aside values (1, 1); insert into darkened values (1, 1); insert into deferred values (1, 1);
`

/** The whole of a statement of the app's: text and parameters. */
export type Statement = readonly [text: string, values?: readonly unknown[]]

export const allOfMenu: Statement = ['select * from menu']
export const one: Statement = ['select * from menu where id = $1', [1]]
const allOfOrders: Statement = ['select * from orders']
export const aside: Statement = ['select * from aside']
export const log: Statement = ['select * from log']
const stock: Statement = [
  'select n from stock where id = $1',
  ['A0000000-0000-4000-8000-00000000000B'],
]

/** A write, what is old after it, and what is not. */
export const cases: readonly (readonly [
  title: string,
  write: Statement,
  old: readonly Statement[],
  fresh: readonly Statement[],
])[] = [
  ['a row', ['update menu set n = 1 where id = $1', [1]], [allOfMenu, one], [aside, allOfOrders]],
  ['another row', ['update menu set n = 1 where id = $1', [2]], [allOfMenu], [one, aside]],
  [
    'rows in a list',
    ['update menu set n = 1 where id in (2, $1) and n >= 0', ['1']],
    [one],
    [aside],
  ],
  ['other rows in a list', ['update menu set n = 1 where id in (2, $1)', [3]], [allOfMenu], [one]],
  ['any rows', ['update menu set n = 2 where n > 100'], [allOfMenu, one], [aside]],
  ['a row or another', ['update menu set n = 2 where id = 2 or n > 100'], [one], [aside]],
  ['a row whose key changes', ['update menu set id = id where id = 2'], [one], [aside]],
  [
    'a row that is new',
    ['insert into menu (id, name) values ($1, $2)', [6, 'new']],
    [allOfMenu],
    [one],
  ],
  [
    'a row that goes',
    ['delete from menu where id = $1', [6]],
    [allOfMenu, allOfOrders],
    [one, aside],
  ],
  [
    'rows of an unknown key',
    ['insert into orders (menu) values ($1)', [1]],
    [allOfOrders, log],
    [one],
  ],
  ['by a view', ['update cheap set n = 1 where id = 2'], [allOfMenu, one], [aside]],
  [
    'by a trigger',
    ['update orders set n = 1 where id = 1'],
    [allOfOrders, log],
    [allOfMenu, aside],
  ],
  ['by a trigger that cannot be read', ['update darkened set n = 1'], [one, aside, log], []],
  ['by a function', ['select writes_log()'], [log], [one, aside]],
  ['by WITH', ['with a as (update aside set n = 1 returning 1) select * from a'], [aside], [one]],
  ['by EXPLAIN ANALYZE', ['explain analyze update aside set n = 1'], [aside], [one]],
  [
    'by MERGE',
    ['merge into aside a using menu m on m.id = a.id when matched then update set n = 1'],
    [aside],
    [one],
  ],
  [
    'several statements in one text',
    ['update aside set n = 1; update log set what = what'],
    [aside, log],
    [one],
  ],
  [
    'uuids are compared as such',
    ['update stock set n = 2 where id = $1', ['{a0000000-0000-4000-8000-00000000000b}']],
    [stock],
    [aside],
  ],
  ['what a view reads', ['update menu set n = 3 where id = 3'], [['select * from cheap']], [aside]],
  ['what a stable function reads', ['update aside set n = 4'], [['select plain_sum()']], [one]],
  [
    'what looks like a column and is a function',
    ['update orders set n = 4'],
    [['select m.total from menu m']],
    [one],
  ],
  ['by TRUNCATE', ['truncate log'], [log], [one]],
  ['by DO', ['do $$ begin update aside set n = 5; end $$'], [aside, one], []],
  ['by DDL', ['alter table aside add column x int'], [aside, one], []],
  [
    'a key that is made of others',
    ['update made set base = 3 where base = 1'],
    [['select n from made where id = 2'], ['select * from of_made']],
    [aside],
  ],
  [
    'a row to which a trigger gives another key',
    ['update rekeyed set n = 2 where id = 1'],
    [['select n from rekeyed where id = 101']],
    [aside],
  ],
  ['nothing, by an aggregate', ['select added(n) from menu'], [], [one, aside, log]],
  ['nothing', ['select 1'], [], [one, aside, log]],
  ['nothing, by a failure', ['update menu set n = 1 / 0'], [], [aside]],
]

export const refused: readonly (readonly [text: string, reason: RegExp])[] = [
  ['select now()', /changes by itself/],
  ['select random()', /volatile/],
  ["select * from menu where name = 'today'::date::text", /clock/],
  ['select * from today', /clock/],
  ['select clocked()', /clock/],
  ['select writes_log()', /writes/],
  ['select current_setting($1)', /setting/],
  ['select * from menu for update', /locks/],
  ['select * from hidden', /row level security/],
  ['select * from pg_class', /catalog/],
  ['select last_value from orders_id_seq', /sequence/],
  ['show search_path', /otherwise/],
]
