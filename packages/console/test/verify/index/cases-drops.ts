import { type IndexCase, orders } from './case.js'

/** What is in the way, and what only looks as if it were. */
export const dropCases: readonly IndexCase[] = [
  {
    name: 'a duplicate',
    schema: `${orders()} create index a on orders (customer_id); create index b on orders (customer_id);`,
    workload: [{ sql: 'select * from orders where customer_id = $1', values: ['17'] }],
    none: 'served already',
    drop: ['a'],
    why: 'One of two.',
  },
  {
    name: 'a duplicate of a unique one',
    schema: `${orders()} create unique index u on orders (note); create index b on orders (note);`,
    workload: [{ sql: 'select * from orders where note = $1', values: ["'x'"] }],
    none: 'served already',
    drop: ['b'],
    why: 'The unique one holds a rule, and serves as well.',
  },
  {
    name: 'a prefix',
    schema: `${orders()} create index a on orders (customer_id); create index b on orders (customer_id, created_at);`,
    workload: [{ sql: 'select * from orders where customer_id = $1', values: ['17'] }],
    none: 'served already',
    drop: ['a'],
    why: 'The longer one begins with it.',
  },
  {
    name: 'no prefix: the second column first',
    schema: `${orders()} create index a on orders (created_at); create index b on orders (customer_id, created_at);`,
    workload: [{ sql: 'select * from orders where customer_id = $1', values: ['17'] }],
    none: 'served already',
    why: 'It begins with another column.',
  },
  {
    name: 'no prefix: another direction',
    schema: `${orders()} create index a on orders (deleted_at desc nulls last); create index b on orders (deleted_at, customer_id);`,
    workload: [{ sql: 'select * from orders where id = $1', values: ['17'] }],
    none: 'served already',
    why: 'Its order is another.',
  },
  {
    name: 'no prefix: another operator class',
    schema: `${orders()} create index a on orders (note text_pattern_ops); create index b on orders (note, customer_id);`,
    workload: [{ sql: 'select * from orders where id = $1', values: ['17'] }],
    none: 'served already',
    why: 'It finds by prefix, the longer one does not.',
  },
  {
    name: 'no prefix: a part',
    schema: `${orders()} create index a on orders (customer_id) where deleted_at is null; create index b on orders (customer_id, created_at);`,
    workload: [{ sql: 'select * from orders where id = $1', values: ['17'] }],
    none: 'served already',
    why: 'It is smaller, and somebody wanted that.',
  },
  {
    name: 'the trap of a unique prefix',
    schema: `${orders()} create unique index u on orders (note); create index b on orders (note, customer_id);`,
    workload: [{ sql: 'select * from orders where id = $1', values: ['17'] }],
    none: 'served already',
    why: 'Its rule goes with it.',
  },
  {
    name: 'the trap of a primary key',
    schema: `${orders()} create index b on orders (id, customer_id);`,
    workload: [
      { sql: 'select * from orders where customer_id = $1 and id = $2', values: ['17', '17'] },
    ],
    none: 'served already',
    why: 'A primary key stays.',
  },
  {
    name: 'unused',
    schema: `${orders()} create index a on orders (total);`,
    workload: [{ sql: 'select * from orders where id = $1', values: ['17'] }],
    none: 'served already',
    drop: ['a'],
    old: true,
    why: 'Nothing has used it for as long as the statistics go back.',
  },
  {
    name: 'unused for a minute',
    schema: `${orders()} create index a on orders (total);`,
    workload: [{ sql: 'select * from orders where id = $1', values: ['17'] }],
    none: 'served already',
    why: 'Statistics of a minute say nothing.',
  },
  {
    name: 'the trap of a foreign key',
    schema: `create table parents (id int primary key, name text not null); create table children (id int primary key, parent_id int not null references parents, filler text not null);
      insert into parents select i, 'p' || i from generate_series(1, 1000) i;
      insert into children select i, i % 1000 + 1, repeat('x', 50) from generate_series(1, 50000) i;
      create index children_parent on children (parent_id);`,
    workload: [{ sql: 'select * from children where id = $1', values: ['17'] }],
    none: 'served already',
    old: true,
    why: 'Deletes of parents look there, however seldom.',
  },
  {
    name: 'the trap of a unique index that nothing scans',
    schema: `${orders()} create unique index u on orders (note);`,
    workload: [{ sql: 'select * from orders where id = $1', values: ['17'] }],
    none: 'served already',
    old: true,
    why: 'It is there for its rule.',
  },
  {
    name: 'the trap of replica identity',
    schema: `create table things (id int primary key, a int not null, filler text not null); insert into things select i, i, repeat('x', 50) from generate_series(1, 50000) i;
      create unique index i on things (a); alter table things replica identity using index i;`,
    workload: [{ sql: 'select * from things where id = $1', values: ['17'] }],
    none: 'served already',
    old: true,
    why: 'Replication knows the rows by it.',
  },
  {
    name: 'what a plan of the workload uses is not unused',
    schema: `${orders()} create index a on orders (customer_id);`,
    workload: [{ sql: 'select * from orders where customer_id = $1', values: ['17'] }],
    none: 'served already',
    old: true,
    why: 'It was not scanned yet, but the workload needs it.',
  },
  {
    name: 'a longer one makes the shorter one needless',
    schema: `${orders(150_000)} create index a on orders (status);`,
    workload: [
      {
        sql: 'select * from orders where status = $1 order by created_at desc limit 20',
        values: ["'sent'"],
      },
    ],
    create: ['orders (status, created_at)'],
    drop: ['a'],
    why: 'What the new one begins with it does as well.',
  },
]
