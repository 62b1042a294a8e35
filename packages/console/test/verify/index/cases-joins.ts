import { type IndexCase, orders } from './case.js'

const shop = `
  create table customers (id int primary key, country text not null, name text not null);
  create table products (id int primary key, supplier_id int not null, name text not null);
  create table suppliers (id int primary key, city text not null);
  create table purchases (id int primary key, customer_id int not null, bought_at timestamptz not null);
  create table items (id int primary key, purchase_id int not null, product_id int not null, n int not null, price int not null, filler text not null);
  insert into customers select i, 'c' || i % 50, 'name ' || i from generate_series(1, 8000) i;
  insert into suppliers select i, 'city ' || i % 40 from generate_series(1, 400) i;
  insert into products select i, i % 400 + 1, 'product ' || i from generate_series(1, 2000) i;
  insert into purchases select i, (i * 7919) % 8000 + 1, '2026-01-01'::timestamptz + ((i * 7907) % 24000) * interval '1 minute' from generate_series(1, 24000) i;
  insert into items select i, (i * 7919) % 24000 + 1, i % 2000 + 1, i % 9, i % 1000, repeat('x', 45) from generate_series(1, 72000) i;
  alter table purchases add foreign key (customer_id) references customers;
  alter table items add foreign key (purchase_id) references purchases, add foreign key (product_id) references products;`

/** Joins, subqueries, CTEs, LATERAL, views. */
export const joinCases: readonly IndexCase[] = [
  {
    name: 'join by a foreign key',
    schema: shop,
    workload: [
      {
        sql: 'select i.* from purchases p join items i on i.purchase_id = p.id where p.id = $1',
        values: ['77'],
      },
    ],
    create: ['items (purchase_id)'],
    why: 'Three items of one purchase.',
  },
  {
    name: 'join of five tables',
    schema: shop,
    workload: [
      {
        sql: `select c.name, pr.name, s.city, i.n from customers c join purchases p on p.customer_id = c.id
          join items i on i.purchase_id = p.id join products pr on pr.id = i.product_id join suppliers s on s.id = pr.supplier_id
          where c.id = $1`,
        values: ['77'],
      },
    ],
    create: ['purchases (customer_id)', 'items (purchase_id)'],
    why: 'From the customer outward; the other two are found by their keys. Both are needed: one alone saves half.',
  },
  {
    name: 'join of five tables from the other end',
    schema: shop,
    workload: [
      {
        sql: `select count(*) from suppliers s join products pr on pr.supplier_id = s.id join items i on i.product_id = pr.id
          join purchases p on p.id = i.purchase_id join customers c on c.id = p.customer_id where s.id = $1`,
        values: ['77'],
      },
    ],
    create: [
      [
        'items (product_id)',
        'items (product_id) include (purchase_id)',
        'items (product_id, purchase_id)',
      ],
    ],
    why: 'The products of a supplier are few, in 30 pages; their items are found by the product.',
  },
  {
    name: 'EXISTS',
    schema: shop,
    workload: [
      {
        sql: 'select * from customers c where c.id between $1 and $2 and exists (select from purchases p where p.customer_id = c.id)',
        values: ['100', '110'],
      },
    ],
    create: ['purchases (customer_id)'],
    why: 'A look-up for each customer.',
  },
  {
    name: 'IN of a subquery',
    schema: shop,
    workload: [
      {
        sql: 'select * from items where purchase_id in (select id from purchases where customer_id = $1)',
        values: ['77'],
      },
    ],
    create: ['purchases (customer_id)', 'items (purchase_id)'],
    why: 'Two steps, each by its column.',
  },
  {
    name: 'a correlated subquery in the list',
    schema: shop,
    workload: [
      {
        sql: 'select c.id, (select max(bought_at) from purchases p where p.customer_id = c.id) from customers c where c.id < $1',
        values: ['50'],
      },
    ],
    create: [['purchases (customer_id, bought_at)', 'purchases (customer_id)']],
    why: 'Fifty look-ups of one value.',
  },
  {
    name: 'LATERAL, the newest of each',
    schema: shop,
    workload: [
      {
        sql: `select c.id, p.* from customers c cross join lateral
          (select * from purchases p where p.customer_id = c.id order by bought_at desc limit 1) p where c.country = $1`,
        values: ["'c7'"],
      },
    ],
    create: [['purchases (customer_id, bought_at)', 'purchases (customer_id)']],
    why: 'Four hundred customers of a country; the countries themselves are in a small table.',
  },
  {
    name: 'a CTE',
    schema: shop,
    workload: [
      {
        sql: 'with mine as (select * from purchases where customer_id = $1) select i.* from mine join items i on i.purchase_id = mine.id',
        values: ['77'],
      },
    ],
    create: ['purchases (customer_id)', 'items (purchase_id)'],
    why: 'The CTE is folded into the query.',
  },
  {
    name: 'a condition from outside of a subquery',
    schema: orders(),
    workload: [
      {
        sql: 'select * from (select * from orders where total > 10) o where o.customer_id = $1',
        values: ['17'],
      },
    ],
    create: ['orders (customer_id)'],
    why: 'The planner pushes the condition down, and so must the reading.',
  },
  {
    name: 'a view',
    schema: `${orders()} create view open_orders as select id, customer_id as client, created_at, note from orders where deleted_at is null;`,
    workload: [{ sql: 'select * from open_orders where client = $1', values: ['17'] }],
    create: ['orders (customer_id)'],
    why: 'The column has another name in the view.',
  },
  {
    name: 'a view over a view',
    schema: `${orders()} create view a as select id, customer_id, created_at from orders; create view b as select * from a;`,
    workload: [{ sql: 'select * from b where customer_id = $1', values: ['17'] }],
    create: [['orders (customer_id)', 'orders (customer_id) include (created_at, id)']],
    why: 'Two levels down.',
  },
  {
    name: 'a join with USING',
    schema: `create table heads (order_no int primary key, at timestamptz not null);
      create table lines (id int primary key, order_no int not null, n int not null, filler text not null);
      insert into heads select i, now() from generate_series(1, 30000) i;
      insert into lines select i, (i * 7919) % 30000 + 1, i % 5, repeat('x', 50) from generate_series(1, 90000) i;`,
    workload: [
      {
        sql: 'select * from heads join lines using (order_no) where order_no = $1',
        values: ['77'],
      },
    ],
    create: ['lines (order_no)'],
    why: 'The join names no column of either.',
  },
  {
    name: 'UNION ALL',
    schema: shop,
    workload: [
      {
        sql: 'select customer_id, bought_at::text from purchases where customer_id = $1 union all select n, price || filler from items where product_id = $2',
        values: ['77', '88'],
      },
    ],
    create: ['purchases (customer_id)', 'items (product_id)'],
    why: 'Each branch has its own.',
  },
  {
    name: 'UPDATE by a column',
    schema: orders(),
    workload: [
      { sql: 'update orders set note = $1 where customer_id = $2', values: ["'x'", '17'] },
    ],
    create: ['orders (customer_id)'],
    why: 'What is written is looked up first.',
  },
  {
    name: 'a foreign key without an index, and deletes of its parent',
    schema: shop,
    workload: [{ sql: 'delete from purchases where id = $1', values: ['77'] }],
    confirmedBy: [{ sql: 'select 1 from only items where purchase_id = $1', values: ['77'] }],
    create: ['items (purchase_id)'],
    why: 'Each delete looks for items of the purchase: a look that shows in no plan.',
  },
  {
    name: 'a foreign key without an index that nothing looks up',
    schema: shop,
    workload: [{ sql: 'select * from purchases where id = $1', values: ['77'] }],
    none: 'served already',
    why: 'No delete, no join: it would only cost.',
  },
  {
    name: 'GROUP BY of a part',
    schema: orders(150_000),
    workload: [
      {
        sql: 'select status, count(*) from orders where customer_id = $1 group by status',
        values: ['17'],
      },
    ],
    create: [
      [
        'orders (customer_id)',
        'orders (customer_id, status)',
        'orders (customer_id) include (status)',
      ],
    ],
    why: 'Twenty rows are grouped at once.',
  },
]
