import { type IndexCase, orders } from './case.js'

/** Which columns, and in which order. */
export const orderCases: readonly IndexCase[] = [
  {
    name: 'equality on one column',
    schema: orders(),
    workload: [{ sql: 'select * from orders where customer_id = $1', values: ['17'] }],
    create: ['orders (customer_id)'],
    why: 'Twenty rows of a hundred thousand.',
  },
  {
    name: 'equality before range',
    schema: orders(),
    workload: [
      {
        sql: 'select * from orders where created_at > $1 and customer_id = $2',
        values: ["'2026-02-20'", '17'],
      },
    ],
    create: [['orders (customer_id)', 'orders (customer_id, created_at)']],
    why: 'The customer alone leaves twenty rows: the range behind it saves next to nothing, and in front of it, everything is lost.',
  },
  {
    name: 'equality before range, where the range matters',
    schema: orders(),
    workload: [
      {
        sql: 'select * from orders where created_at between $1 and $2 and status = $3',
        values: ["'2026-03-08'", "'2026-03-09'", "'sent'"],
      },
    ],
    create: [['orders (status, created_at)', 'orders (created_at)']],
    why: 'A status alone is a fifth of the table, the days alone a few thousand rows.',
  },
  {
    name: 'equality before order with LIMIT',
    schema: orders(2_000_00),
    workload: [
      {
        sql: 'select * from orders where status = $1 order by created_at desc limit 20',
        values: ["'sent'"],
      },
    ],
    create: ['orders (status, created_at)'],
    why: 'The first twenty are read in order and no more; a plain index is read backwards as well.',
  },
  {
    name: 'order with LIMIT alone',
    schema: orders(),
    workload: [{ sql: 'select * from orders order by created_at desc limit $1', values: ['10'] }],
    create: ['orders (created_at)'],
    why: 'Ten rows instead of a sort of all.',
  },
  {
    name: 'order in two directions',
    schema: orders(),
    workload: [{ sql: 'select * from orders order by total desc, created_at limit 10' }],
    create: [['orders (total desc, created_at)', 'orders (total)']],
    why: 'Mixed directions need an index of the same mix; by the first column alone, runs of a hundred rows are sorted.',
  },
  {
    name: 'nulls last',
    schema: orders(),
    workload: [{ sql: 'select * from orders order by deleted_at desc nulls last limit 10' }],
    create: ['orders (deleted_at desc nulls last)'],
    why: 'A plain index read backwards begins with the nulls, which are 98 %.',
  },
  {
    name: 'two equalities, both selective together',
    schema: `create table visits (id bigint primary key, shop int not null, day int not null, n int not null, filler text not null);
      insert into visits select i, i % 300, (i / 300) % 300, i % 7, repeat('x', 60) from generate_series(1, 180000) i;`,
    workload: [{ sql: 'select * from visits where shop = $1 and day = $2', values: ['7', '9'] }],
    create: [['visits (shop, day)', 'visits (day, shop)']],
    why: 'Each alone leaves 600 rows on as many pages, both two.',
  },
  {
    name: 'one index for two statements',
    schema: orders(),
    workload: [
      { sql: 'select * from orders where customer_id = $1', values: ['17'] },
      {
        sql: 'select * from orders where customer_id = $1 order by created_at desc limit 5',
        values: ['17'],
      },
    ],
    create: [['orders (customer_id)', 'orders (customer_id, created_at)']],
    why: 'Twenty rows are sorted at once: the second statement needs no index of its own.',
  },
  {
    name: 'the shared column in front',
    schema: `create table visits (id bigint primary key, shop int not null, day int not null, n int not null, filler text not null);
      insert into visits select i, i % 300, (i / 300) % 300, i % 7, repeat('x', 60) from generate_series(1, 180000) i;`,
    workload: [
      { sql: 'select * from visits where shop = $1 and day = $2', calls: 1000, values: ['7', '9'] },
      { sql: 'select * from visits where day = $1', calls: 500, values: ['9'] },
    ],
    create: ['visits (day, shop)'],
    why: 'With day in front one index serves both.',
  },
  {
    name: 'carried columns',
    schema: orders(200_000),
    workload: [
      {
        sql: 'select sum(total) from orders where status = $1 and created_at > $2',
        values: ["'sent'", "'2026-05-01'"],
      },
    ],
    create: [
      [
        'orders (status, created_at) include (total)',
        'orders (created_at) include (status, total)',
      ],
    ],
    why: 'Thousands of rows are summed from the index, which is a tenth of the table; their pages would be most of it.',
  },
  {
    name: 'IN list',
    schema: orders(),
    workload: [
      { sql: 'select * from orders where customer_id in ($1, $2, $3)', values: ['1', '2', '3'] },
    ],
    create: ['orders (customer_id)'],
    why: 'Three look-ups.',
  },
  {
    name: '= any of an array',
    schema: orders(),
    workload: [{ sql: 'select * from orders where customer_id = any($1)', values: ["'{1,2,3}'"] }],
    create: ['orders (customer_id)'],
    why: 'As IN.',
  },
  {
    name: 'OR over two columns',
    schema: `create table people (id bigint primary key, email text not null, phone text not null, filler text not null);
      insert into people select i, 'p' || i || '@example.com', '+49' || i * 7, repeat('x', 40) from generate_series(1, 60000) i;`,
    workload: [
      {
        sql: 'select * from people where email = $1 or phone = $2',
        values: ["'p7@example.com'", "'+4970'"],
      },
    ],
    create: ['people (email)', 'people (phone)'],
    why: 'Either alone is useless: the planner puts two together.',
  },
  {
    name: 'row comparison of a keyset',
    schema: orders(),
    workload: [
      {
        sql: 'select * from orders where (created_at, id) > ($1, $2) order by created_at, id limit 20',
        values: ["'2026-02-20'", '500'],
      },
    ],
    create: [['orders (created_at, id)', 'orders (created_at)']],
    why: 'A page from where the last one ended.',
  },
  {
    name: 'distinct on',
    schema: orders(200_000),
    workload: [
      {
        sql: 'select distinct on (customer_id) * from orders where customer_id between $1 and $2 order by customer_id, created_at desc',
        values: ['10', '20'],
      },
    ],
    create: [
      [
        'orders (customer_id)',
        'orders (customer_id, created_at desc)',
        'orders (customer_id, created_at)',
      ],
    ],
    why: 'Two hundred rows of eleven customers: they are sorted at once.',
  },
  {
    name: 'the greatest of a group',
    schema: orders(),
    workload: [{ sql: 'select max(created_at) from orders where status = $1', values: ["'sent'"] }],
    create: ['orders (status, created_at)'],
    why: 'The last entry of the status.',
  },
]
