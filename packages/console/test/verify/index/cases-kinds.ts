import { type IndexCase, orders } from './case.js'

const documents = `create table documents (id bigint primary key, title text not null, data jsonb not null, tags text[] not null,
    body text not null, search tsvector not null);
  insert into documents select i, 'Title ' || md5(i::text), jsonb_build_object('kind', 'k' || i % 2000, 'n', i, 'owner', i % 900),
    array['t' || i % 900, 'u' || i % 700], 'word' || i % 3000 || ' and word' || i % 1700,
    to_tsvector('simple', 'word' || i % 3000 || ' and word' || i % 1700)
  from generate_series(1, 20000) i;`

/** Other kinds of indexes than the plain one, and parts and expressions. */
export const kindCases: readonly IndexCase[] = [
  {
    name: 'partial: IS NULL for the few',
    schema: `create table jobs (id bigint primary key, queue int not null, done_at timestamptz, run_at timestamptz not null, payload text not null);
      insert into jobs select i, i % 10, case when i % 100 <> 0 then '2026-01-01'::timestamptz end,
        '2026-01-01'::timestamptz + ((i * 7907) % 120000) * interval '1 minute', repeat('x', 80) from generate_series(1, 120000) i;`,
    workload: [{ sql: 'select * from jobs where done_at is null order by run_at limit 10' }],
    create: [['jobs (run_at) where done_at is null', 'jobs (done_at, run_at)']],
    why: 'One row of a hundred is open: an index of those alone is a hundredth.',
  },
  {
    name: 'partial: a flag that few rows have',
    schema: `create table mails (id bigint primary key, account int not null, is_unread boolean not null, subject text not null);
      insert into mails select i, i % 2000, i % 40 = 0, repeat('x', 60) from generate_series(1, 120000) i;`,
    workload: [{ sql: 'select count(*) from mails where is_unread' }],
    create: [
      ['mails (is_unread)', 'mails (id) where is_unread', 'mails (account) where is_unread'],
    ],
    why: 'Three thousand of a hundred and twenty thousand.',
  },
  {
    name: 'partial: a constant of the statement',
    schema: orders(120_000).replace(
      "(array['done', 'done', 'done', 'paid', 'sent'])[i % 5 + 1]",
      "case when i % 200 = 0 then 'failed' else 'done' end",
    ),
    workload: [
      { sql: "select * from orders where status = 'failed' order by created_at limit 50" },
    ],
    create: [["orders (created_at) where status = 'failed'", 'orders (status, created_at)']],
    why: 'Half a per cent of the rows, in their order.',
  },
  {
    name: 'expression: lower',
    schema: `create table people (id bigint primary key, email text not null, name text not null);
      insert into people select i, 'Person' || i || '@Example.com', 'name ' || i % 5000 from generate_series(1, 80000) i;`,
    workload: [
      { sql: 'select * from people where lower(email) = $1', values: ["'person7@example.com'"] },
    ],
    create: ['people (lower(email))'],
    why: 'An index of the column does not serve a function of it.',
  },
  {
    name: 'expression: a field of jsonb',
    schema: documents,
    workload: [{ sql: "select * from documents where data ->> 'kind' = $1", values: ["'k7'"] }],
    create: ["documents ((data ->> 'kind'))"],
    why: 'Equality with one field: a tree of that field is smaller and faster than GIN.',
  },
  {
    name: 'expression: a field cast to a number',
    schema: documents,
    workload: [
      { sql: "select * from documents where (data ->> 'owner')::int = $1", values: ['7'] },
    ],
    create: ["documents (((data ->> 'owner')::int))"],
    why: 'The cast is part of the key.',
  },
  {
    name: 'expression: coalesce',
    schema: `create table prices (id bigint primary key, sku int, parent_sku int, amount int not null);
      insert into prices select i, case when i % 3 = 0 then i end, i + 5, i % 100 from generate_series(1, 80000) i;`,
    workload: [
      { sql: 'select * from prices where coalesce(sku, parent_sku) = $1', values: ['300'] },
    ],
    create: ['prices (coalesce(sku, parent_sku))'],
    why: 'A function of two columns.',
  },
  {
    name: 'prefix: LIKE with a constant beginning',
    schema: `create table products (id bigint primary key, code text not null, name text not null);
      insert into products select i, md5(i::text), 'product ' || i from generate_series(1, 80000) i;`,
    workload: [{ sql: "select * from products where code like 'abc1%'" }],
    create: [['products (code text_pattern_ops)', 'products (code)']],
    why: 'What begins alike lies together; unless the database compares byte by byte, that takes the operator class.',
  },
  {
    name: 'trigram: ILIKE in the middle',
    schema: documents,
    workload: [{ sql: 'select * from documents where title ilike $1', values: ["'%a7f3e%'"] }],
    create: ['documents using gin (title gin_trgm_ops)'],
    copy: true,
    why: 'Nothing else finds what stands inside.',
  },
  {
    name: 'trigram without a copy is not verified',
    schema: documents,
    workload: [{ sql: 'select * from documents where title ilike $1', values: ["'%a7f3e%'"] }],
    create: ['documents using gin (title gin_trgm_ops)'],
    unverified: 1,
    why: 'hypopg knows no GIN: it is told, and marked as not tried.',
  },
  {
    name: 'jsonb: contains',
    schema: documents,
    workload: [{ sql: 'select * from documents where data @> $1', values: [`'{"kind": "k7"}'`] }],
    create: ['documents using gin (data jsonb_path_ops)'],
    copy: true,
    why: 'Any part of the document.',
  },
  {
    name: 'arrays: contains',
    schema: documents,
    workload: [{ sql: 'select * from documents where tags @> $1', values: ["'{t7}'"] }],
    create: ['documents using gin (tags)'],
    copy: true,
    why: 'Each element is a key.',
  },
  {
    name: 'arrays: overlaps',
    schema: documents,
    workload: [{ sql: 'select id from documents where tags && $1', values: ["'{t7,u9}'"] }],
    create: ['documents using gin (tags)'],
    copy: true,
    why: 'As contains.',
  },
  {
    name: 'full text: a column',
    schema: documents,
    workload: [
      {
        sql: "select * from documents where search @@ to_tsquery('simple', $1)",
        values: ["'word7'"],
      },
    ],
    create: ['documents using gin (search)'],
    copy: true,
    why: 'Words of a tsvector.',
  },
  {
    name: 'full text: an expression',
    schema: documents,
    workload: [
      {
        sql: "select * from documents where to_tsvector('simple', body) @@ plainto_tsquery('simple', $1)",
        values: ["'word7'"],
      },
    ],
    create: ["documents using gin (to_tsvector('simple', body))"],
    copy: true,
    why: 'The expression of the statement, with its language.',
  },
  {
    name: 'ranges: overlap',
    schema: `create table stays (id bigint primary key, room int not null, during tsrange not null);
      insert into stays select i, i % 300, tsrange('2026-01-01'::timestamp + i * interval '10 minutes', '2026-01-01'::timestamp + i * interval '10 minutes' + interval '1 day')
      from generate_series(1, 60000) i;`,
    workload: [
      { sql: 'select * from stays where during && $1', values: ["'[2026-02-01,2026-02-02)'"] },
    ],
    create: ['stays using gist (during)'],
    copy: true,
    why: 'Ranges that overlap have no order; GiST finds them.',
  },
  {
    name: 'BRIN: ranges of a table that mostly is written',
    schema: `create table readings (id bigint not null, at timestamptz not null, sensor int not null, value float8 not null, filler text not null);
      insert into readings select i, '2026-01-01'::timestamptz + i * interval '1 second', i % 500, i % 77, repeat('x', 60) from generate_series(1, 300000) i;`,
    workload: [
      {
        sql: 'select avg(value), sensor from readings where at between $1 and $2 group by sensor',
        values: ["'2026-01-02 00:00'", "'2026-01-02 05:00'"],
      },
      {
        sql: 'insert into readings values ($1, $2, $3, $4, $5)',
        calls: 4_000_000,
        values: ['1', "'2026-02-01'", '1', '1', "'x'"],
      },
    ],
    confirmedBy: [
      {
        sql: 'select avg(value), sensor from readings where at between $1 and $2 group by sensor',
        values: ["'2026-01-02 00:00'", "'2026-01-02 05:00'"],
      },
    ],
    create: ['readings using brin (at)'],
    why: 'The planner holds a tree for five times as fast, but each of four million rows would pay for it; block ranges are next to free.',
  },
  {
    name: 'descending beside ascending',
    schema: orders(150_000),
    workload: [
      {
        sql: 'select * from orders where customer_id between $1 and $2 order by customer_id, created_at desc limit 20',
        values: ['100', '5000'],
      },
    ],
    create: [['orders (customer_id, created_at desc)', 'orders (customer_id)']],
    why: 'Twenty rows are read in the order that is asked for; a customer has twenty, sorted at once.',
  },
]
