/** Tables that hang together in every way in which a write to one is a write to another. */
export const SHOP = `
  drop schema if exists shop cascade; create schema shop; set search_path = shop;
  create table shops (id int primary key, code text unique not null, n int not null default 0);
  create table items (id int primary key, shop int references shops on delete cascade on update cascade,
    n int not null default 0, changed int not null default 0);
  create table labels (id text primary key, item int references items on delete set null, n int not null default 0);
  create table log (id bigserial primary key, what text, n int);
  create table totals (name text primary key, n int not null default 0);
  create table tickets (id uuid primary key default gen_random_uuid(), no int, n int);
  create table parts (id int, half int, n int not null default 0, primary key (id, half)) partition by list (half);
  create table parts_0 partition of parts for values in (0);
  create table parts_1 partition of parts for values in (1);
  create table animals (id int primary key, n int not null default 0);
  create table cats (primary key (id)) inherits (animals);
  create table plain (id int primary key, n int not null default 0);
  create table mine (id int primary key, n int not null default 0);
  create table secret (id int primary key, n int not null default 0);

  create view open_items as select i.id, i.shop, i.n, s.code from items i join shops s on s.id = i.shop;
  create view wide as select o.id, o.n, (select count(*) from labels l where l.item = o.id)::int as labels from open_items o;
  create view few_shops as select id, n from shops where id <= 3;
  create materialized view frozen as select sum(n)::int as n from plain;

  create function bump_log() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' then
        insert into log (what, n) values ('delete', old.n);
        return old;
      end if;
      insert into log (what, n) values (tg_op, new.n);
      return new;
    end $$;
  create trigger items_log after insert or update or delete on items for each row execute function bump_log();
  create function stamp() returns trigger language plpgsql as $$ begin new.changed := new.changed + 1; return new; end $$;
  create trigger items_stamp before update on items for each row execute function stamp();
  create function next_no() returns int language plpgsql as $$
    declare got int;
    begin
      update totals set n = n + 1 where name = 'no' returning n into got;
      return got;
    end $$;
  alter table tickets alter no set default next_no();
  create function set_total(which text, value int) returns int language sql as
    'insert into totals values (which, value) on conflict (name) do update set n = excluded.n; select value';
  create function count_items(which int) returns int language plpgsql stable as $$
    begin return (select coalesce(sum(n), 0) from items where shop = which); end $$;
  create procedure raise_all(by_n int) language plpgsql as $$ begin update plain set n = n + by_n; end $$;
  create function hidden(by_n int) returns void language plpgsql as $$
    begin execute 'update secret set n = n + ' || by_n; end $$;
  create rule cats_log as on update to cats do also insert into log (what, n) values ('cat', new.n);

  insert into shops select g, 'c' || g, 0 from generate_series(1, 6) g;
  insert into items select g, 1 + g % 6, 0 from generate_series(1, 30) g;
  insert into labels select 'l' || g, 1 + g % 30, 0 from generate_series(1, 12) g;
  insert into totals values ('no', 0), ('a', 0), ('b', 0);
  insert into tickets (n) select g from generate_series(1, 3) g;
  insert into parts select g, g % 2, 0 from generate_series(1, 10) g;
  insert into animals select g, 0 from generate_series(1, 4) g;
  insert into cats select g, 0 from generate_series(5, 8) g;
  insert into plain select g, 0 from generate_series(1, 10) g;
  insert into secret select g, 0 from generate_series(1, 4) g;
  refresh materialized view frozen;
`

/** Tables and views whose results the cache of statements keeps. */
export const TABLES =
  `shops items labels log totals tickets parts parts_0 parts_1 animals cats plain mine secret
  open_items wide few_shops frozen`.split(/\s+/)
