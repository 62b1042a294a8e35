import { type IndexCase, orders } from './case.js'

/** Where tables lie and what they are called. */
export const placeCases: readonly IndexCase[] = [
  {
    name: 'a quoted schema in mixed case',
    schema: `create schema "Shop Data"; create table "Shop Data"."Orders" (id int primary key, "customerId" int not null, "createdAt" timestamptz not null, filler text not null);
      insert into "Shop Data"."Orders" select i, i % 4000, now(), repeat('x', 50) from generate_series(1, 80000) i;`,
    workload: [
      { sql: 'select * from "Shop Data"."Orders" where "customerId" = $1', values: ['17'] },
    ],
    create: ['"Shop Data"."Orders" ("customerId")'],
    why: 'Names as the ORM wrote them.',
  },
  {
    name: 'a keyword for a name',
    schema: `create table "order" (id int primary key, "user" int not null, "group" int not null, filler text not null);
      insert into "order" select i, i % 4000, i % 10, repeat('x', 50) from generate_series(1, 80000) i;`,
    workload: [{ sql: 'select * from "order" where "user" = $1', values: ['17'] }],
    create: ['"order" ("user")'],
    why: 'Quoted where it must be.',
  },
  {
    name: 'a quote within a name',
    schema: `create table "a""b" (id int primary key, "c""d" int not null, filler text not null);
      insert into "a""b" select i, i % 4000, repeat('x', 50) from generate_series(1, 80000) i;`,
    workload: [{ sql: 'select * from "a""b" where "c""d" = $1', values: ['17'] }],
    create: ['"a""b" ("c""d")'],
    why: 'Doubled.',
  },
  {
    name: 'a name of 63 bytes',
    schema: `create table a_table_with_a_name_that_is_as_long_as_postgresql_lets_names_be_x (id int primary key, a_column_of_it int not null, filler text not null);
      insert into a_table_with_a_name_that_is_as_long_as_postgresql_lets_names_be_x select i, i % 4000, repeat('x', 50) from generate_series(1, 80000) i;`,
    workload: [
      {
        sql: 'select * from a_table_with_a_name_that_is_as_long_as_postgresql_lets_names_be_x where a_column_of_it = $1',
        values: ['17'],
      },
    ],
    create: ['a_table_with_a_name_that_is_as_long_as_postgresql_lets_names_be_x (a_column_of_it)'],
    why: 'The name of the index is cut to fit.',
  },
  {
    name: 'two tables of one name in two schemas',
    schema: `create schema one; create schema two;
      create table one.things (id int primary key, a int not null, filler text not null); create table two.things (id int primary key, a int not null, filler text not null);
      insert into one.things select i, i % 4000, repeat('x', 50) from generate_series(1, 80000) i;
      insert into two.things select i, i % 4000, repeat('x', 50) from generate_series(1, 80000) i;`,
    workload: [{ sql: 'select * from two.things where a = $1', values: ['17'] }],
    create: ['two.things (a)'],
    why: 'The one that is asked.',
  },
  {
    name: 'partitions',
    schema: `create table logs (id bigint not null, tenant int not null, at date not null, line text not null) partition by range (at);
      create table logs_1 partition of logs for values from ('2026-01-01') to ('2026-02-01');
      create table logs_2 partition of logs for values from ('2026-02-01') to ('2026-03-01');
      create table logs_3 partition of logs for values from ('2026-03-01') to ('2026-04-01');
      insert into logs select i, i % 3000, '2026-01-01'::date + (i % 90), repeat('x', 60) from generate_series(1, 150000) i;`,
    workload: [{ sql: 'select * from logs where tenant = $1', values: ['17'] }],
    create: ['logs (tenant)'],
    why: 'One index of the whole, which has one of each partition.',
  },
  {
    name: 'partitions that the condition leaves out',
    schema: `create table logs (id bigint not null, tenant int not null, at date not null, line text not null) partition by range (at);
      create table logs_1 partition of logs for values from ('2026-01-01') to ('2026-02-01');
      create table logs_2 partition of logs for values from ('2026-02-01') to ('2026-03-01');
      insert into logs select i, i % 3000, '2026-01-01'::date + (i % 59), repeat('x', 60) from generate_series(1, 100000) i;`,
    workload: [
      { sql: 'select * from logs where at = $1 and tenant = $2', values: ["'2026-01-07'", '17'] },
    ],
    create: [['logs (tenant)', 'logs (tenant, at)', 'logs (at, tenant)']],
    why: 'Within the partition of the day the tenant is looked up.',
  },
  {
    name: 'a materialised view',
    schema: `${orders()} create materialized view sums as select customer_id, id, total from orders;`,
    workload: [{ sql: 'select * from sums where customer_id = $1', values: ['17'] }],
    create: ['sums (customer_id)'],
    why: 'It is stored like a table.',
  },
  {
    name: 'an alias that is another column',
    schema: orders(),
    workload: [
      {
        sql: 'select o.customer_id as status, o.id from orders o where o.customer_id = $1 order by status',
        values: ['17'],
      },
    ],
    create: [['orders (customer_id)', 'orders (customer_id) include (id)']],
    why: 'ORDER BY means the alias.',
  },
  {
    name: 'two uses of one table',
    schema: `create table staff (id int primary key, boss_id int, name text not null, filler text not null);
      insert into staff select i, i / 10, 'n' || i, repeat('x', 50) from generate_series(1, 80000) i;`,
    workload: [
      {
        sql: 'select w.name from staff b join staff w on w.boss_id = b.id where b.name = $1',
        values: ["'n77'"],
      },
    ],
    create: ['staff (name)', 'staff (boss_id)'],
    why: 'Each mention by its own column.',
  },
  {
    name: 'a template of the recorder',
    schema: orders(),
    workload: [
      {
        sql: 'select * from orders where customer_id = $1 and total > 5 limit 100',
        values: ['17'],
      },
    ],
    create: ['orders (customer_id)'],
    why: 'With `?` for the literals it is the same.',
  },
]
