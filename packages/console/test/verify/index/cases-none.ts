import { type IndexCase, orders } from './case.js'

/** Where the right answer is to do nothing. */
export const noneCases: readonly IndexCase[] = [
  {
    name: 'a small table',
    schema: `create table colours (id int primary key, name text not null);
      insert into colours select i, 'colour ' || i from generate_series(1, 200) i;`,
    workload: [
      { sql: 'select * from colours where name = $1', values: ["'colour 7'"], calls: 100_000 },
    ],
    none: 'small table',
    why: 'Two pages.',
  },
  {
    name: 'all rows wanted',
    schema: orders(),
    workload: [{ sql: 'select id, total from orders' }],
    none: 'all rows wanted',
    why: 'Every row is read.',
  },
  {
    name: 'aggregate over everything',
    schema: orders(),
    workload: [{ sql: 'select status, count(*), sum(total) from orders group by status' }],
    none: 'aggregate over everything',
    tempting: 'orders (status)',
    why: 'Every row is counted.',
  },
  {
    name: 'low selectivity',
    schema: orders(),
    workload: [{ sql: 'select * from orders where status = $1', values: ["'done'"] }],
    none: 'low selectivity',
    tempting: 'orders (status)',
    why: 'Three of five rows.',
  },
  {
    name: 'a write-heavy table',
    schema: `create table events (id bigint primary key, kind text not null, device text not null, at timestamptz not null);
      insert into events select i, 'kind ' || i % 40, md5(i::text), '2026-01-01'::timestamptz + i * interval '1 second' from generate_series(1, 50000) i;`,
    workload: [
      { sql: 'select * from events where device = $1', calls: 20, values: ["'x'"] },
      {
        sql: 'insert into events (id, kind, device, at) values ($1, $2, $3, $4)',
        calls: 400_000,
        values: ['900001', "'k'", "'d'", "'2026-01-01'"],
      },
    ],
    none: 'write-heavy',
    why: 'Twenty look-ups do not pay for what four hundred thousand inserts would.',
  },
  {
    name: 'served already',
    schema: `${orders()} create index orders_customer on orders (customer_id, created_at);`,
    workload: [{ sql: 'select * from orders where customer_id = $1', values: ['17'] }],
    none: 'served already',
    why: 'The index begins with the column.',
  },
  {
    name: 'value = any(column)',
    schema: `create table posts (id bigint primary key, tags text[] not null, body text not null);
      insert into posts select i, array['t' || i % 900, 'u' || i % 700], repeat('x', 50) from generate_series(1, 50000) i;`,
    workload: [{ sql: 'select * from posts where $1 = any(tags)', values: ["'t7'"] }],
    none: 'no index serves it',
    tempting: 'posts using gin (tags)',
    why: 'This operator has no index; @> has.',
  },
]
