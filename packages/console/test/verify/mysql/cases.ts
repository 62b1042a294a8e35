import type { IndexCase } from '../index/case.js'
import { dropCases } from './cases-drops.js'

/** A table of orders as many cases have it: twenty orders of each customer. */
const orders = (rows = 50_000): string => `
  create table orders (id bigint primary key, customer_id int not null, status varchar(10) not null, total decimal(10, 2) not null,
    created_at datetime not null, deleted_at datetime, note varchar(100) not null);
  insert into orders select seq, (seq * 7919) % ${rows / 20}, elt(seq % 5 + 1, 'done', 'done', 'done', 'paid', 'sent'), (seq * 31) % 1000,
    '2026-01-01' + interval ((seq * 7907) % ${rows}) minute, if(seq % 50 = 0, '2026-03-01', null),
    concat('a note of some length about order number ', seq) from seq_1_to_${rows}`

const visits = `
  create table visits (id bigint primary key, shop int not null, day int not null, n int not null, filler varchar(60) not null);
  insert into visits select seq, seq % 300, floor(seq / 300) % 300, seq % 7, repeat('x', 60) from seq_1_to_90000`

const shop = `${orders()};
  create table customers (id int primary key, email varchar(60) not null, country char(2) not null);
  insert into customers select seq, concat(md5(seq), '@example.com'), elt(seq % 4 + 1, 'de', 'fr', 'at', 'ch') from seq_0_to_19999`

/** Asked of MariaDB, on a copy where the case does not say otherwise. */
export const mysqlCases: readonly IndexCase[] = [
  {
    name: 'equality on one column',
    schema: orders(),
    workload: [{ sql: 'select * from orders where customer_id = ?', values: ['17'] }],
    create: ['orders (customer_id)'],
    why: 'Twenty rows of fifty thousand.',
  },
  {
    name: 'equality before range',
    schema: orders(),
    workload: [
      {
        sql: 'select * from orders where created_at > ? and customer_id = ?',
        values: ["'2026-01-20'", '17'],
      },
    ],
    create: [['orders (customer_id)', 'orders (customer_id, created_at)']],
    why: 'The customer alone leaves twenty rows; with the range in front everything is lost.',
  },
  {
    name: 'equality before order with LIMIT',
    schema: orders(),
    workload: [
      {
        sql: 'select * from orders where status = ? order by created_at desc limit 20',
        values: ["'sent'"],
      },
    ],
    create: ['orders (status, created_at)'],
    why: 'The first twenty are read in order and no more, backwards.',
  },
  {
    name: 'order with LIMIT alone',
    schema: orders(),
    workload: [{ sql: 'select * from orders order by created_at desc limit ?', values: ['10'] }],
    create: ['orders (created_at)'],
    why: 'Ten rows instead of a sort of all.',
  },
  {
    name: 'order in two directions',
    schema: orders(),
    workload: [{ sql: 'select * from orders order by total desc, created_at limit 10' }],
    create: ['orders (total desc, created_at)'],
    why: 'Mixed directions need an index of the same mix: MariaDB 10.8 and later have one.',
  },
  {
    name: 'two equalities, both selective together',
    schema: visits,
    workload: [{ sql: 'select * from visits where shop = ? and day = ?', values: ['7', '9'] }],
    create: [['visits (shop, day)', 'visits (day, shop)']],
    why: 'Each alone leaves 300 rows, both one.',
  },
  {
    name: 'the shared column in front',
    schema: visits,
    workload: [
      { sql: 'select * from visits where shop = ? and day = ?', calls: 1000, values: ['7', '9'] },
      { sql: 'select * from visits where day = ?', calls: 500, values: ['9'] },
    ],
    create: ['visits (day, shop)'],
    why: 'With day in front one index serves both.',
  },
  {
    name: 'carried columns',
    schema: orders(),
    workload: [
      {
        sql: 'select sum(total) from orders where status = ? and created_at > ?',
        values: ["'sent'", "'2026-01-20'"],
      },
    ],
    create: [['orders (status, created_at, total)', 'orders (created_at, status, total)']],
    why: 'Thousands of rows are summed from the index alone; each look-up of a row would cost a descent.',
  },
  {
    name: 'IN list',
    schema: orders(),
    workload: [{ sql: 'select * from orders where customer_id in (?)', values: ['17, 18, 19'] }],
    create: ['orders (customer_id)'],
    why: 'Sixty rows by three look-ups.',
  },
  {
    name: 'OR over two columns',
    schema: visits,
    workload: [{ sql: 'select * from visits where shop = ? or day = ?', values: ['7', '9'] }],
    create: ['visits (shop)', 'visits (day)'],
    why: 'Only with both can the two be looked up and merged; with one of them the table is read whole.',
  },
  {
    name: 'LIKE with a beginning',
    schema: shop,
    workload: [{ sql: `select * from customers where email like 'c4ca42%'` }],
    create: ['customers (email)'],
    why: 'A beginning is a range.',
  },
  {
    name: 'few rows without a value',
    schema: `create table jobs (id int primary key, done_at datetime, payload varchar(100) not null);
      insert into jobs select seq, if(seq % 2000 = 0, null, '2026-01-01' + interval seq second), repeat('x', 80) from seq_1_to_50000`,
    workload: [{ sql: 'select * from jobs where done_at is null' }],
    create: ['jobs (done_at)'],
    why: 'Twenty-five of fifty thousand: MySQL keeps no part of an index, and nulls stand together in it.',
  },
  {
    name: 'a join of two tables',
    schema: shop,
    workload: [
      {
        sql: 'select o.id, o.total from customers c join orders o on o.customer_id = c.id where c.email = ?',
        values: [`concat(md5(17), '@example.com')`],
      },
    ],
    create: ['customers (email)', ['orders (customer_id)', 'orders (customer_id, total)']],
    why: 'The one finds the customer, the other his orders: each alone leaves a table that is read whole.',
  },
  {
    name: 'a join of four tables',
    schema: `${shop};
      create table items (id int primary key, order_id bigint not null, product_id int not null, n int not null);
      insert into items select seq, seq % 50000 + 1, seq % 500, seq % 3 from seq_1_to_100000;
      create table products (id int primary key, name varchar(40) not null, price int not null);
      insert into products select seq, concat('product ', seq), seq from seq_0_to_499`,
    workload: [
      {
        sql: `select p.name, i.n from customers c join orders o on o.customer_id = c.id join items i on i.order_id = o.id
          join products p on p.id = i.product_id where c.id = ?`,
        values: ['17'],
      },
    ],
    create: ['orders (customer_id)', ['items (order_id)', 'items (order_id, n, product_id)']],
    why: 'From the customer by his orders to their items; products are found by their key.',
  },
  {
    name: 'the greatest of each group',
    schema: orders(),
    workload: [{ sql: 'select status, max(created_at) from orders group by status' }],
    create: ['orders (status, created_at)'],
    why: 'Of each status only the last entry is looked at.',
  },
  {
    name: 'a text that is long takes a prefix',
    schema: `create table pages (id int primary key, url text not null, hits int not null);
      insert into pages select seq, concat('https://shop.example.com/', md5(seq)), seq % 100 from seq_1_to_30000`,
    workload: [
      {
        sql: 'select * from pages where url = ?',
        values: [`concat('https://shop.example.com/', md5(17))`],
      },
    ],
    create: ['pages (url(32))'],
    why: 'A text is no key as a whole; 32 characters tell these apart.',
  },
  {
    name: 'a text whose beginnings are alike',
    schema: `create table files (id int primary key, path text not null);
      insert into files select seq, concat('/srv/data/customers/uploads/originals/2026/', md5(seq)) from seq_1_to_30000`,
    workload: [
      {
        sql: 'select * from files where path = ?',
        values: [`concat('/srv/data/customers/uploads/originals/2026/', md5(17))`],
      },
    ],
    create: ['files (path(128))'],
    why: 'The first 32 characters are the same in all rows.',
  },
  {
    name: 'words of a text',
    schema: `create table articles (id int primary key, title varchar(100) not null, body text not null);
      insert into articles select seq, concat('title ', md5(seq)), concat('the word', seq % 500, ' stands in ', md5(seq)) from seq_1_to_10000`,
    workload: [
      {
        sql: 'select id from articles where match(title, body) against (? in boolean mode) limit 10',
        values: [`'word17'`],
      },
    ],
    create: ['articles fulltext (title, body)'],
    why: 'MATCH is refused without an index of exactly these columns.',
  },
  {
    name: 'old rows are deleted in portions',
    schema: `create table sessions (id int primary key, expires datetime not null, data varchar(200) not null);
      insert into sessions select seq, '2026-01-01' + interval ((seq * 7907) % 50000) minute, repeat('x', 150) from seq_1_to_50000`,
    workload: [
      {
        sql: 'delete from sessions where expires < ? order by expires limit 100',
        values: [`'2026-01-02'`],
      },
    ],
    create: ['sessions (expires)'],
    why: 'The oldest stand in front.',
  },
  {
    name: 'an update by a column',
    schema: orders(),
    workload: [{ sql: 'update orders set total = ? where customer_id = ?', values: ['1', '17'] }],
    create: ['orders (customer_id)'],
    why: 'Rows that are written are to be found first; total is not in the index.',
  },
  {
    name: 'a keyset page',
    schema: orders(),
    workload: [
      {
        sql: 'select * from orders where (created_at, id) < (?, ?) order by created_at desc, id desc limit 20',
        values: [`'2026-02-03'`, '99'],
      },
    ],
    create: ['orders (created_at)'],
    why: 'The primary key stands behind the time in each index: it is read in order.',
  },
  {
    name: 'names that need quotes',
    schema: `create table \`Order Lines\` (id int primary key, \`group\` int not null, filler varchar(100) not null);
      insert into \`Order Lines\` select seq, seq % 2000, repeat('x', 90) from seq_1_to_40000`,
    workload: [{ sql: 'select * from `Order Lines` where `group` = ?', values: ['17'] }],
    create: ['`Order Lines` (`group`)'],
    why: 'A word of the language and a blank are names in backticks.',
  },
  {
    name: 'a condition of a view',
    schema: `${orders()};
      create view sent as select id, customer_id, total from orders where status = 'sent'`,
    workload: [{ sql: 'select total from sent where customer_id = ?', values: ['18'] }],
    create: [
      [
        'orders (customer_id)',
        'orders (customer_id, status)',
        'orders (status, customer_id)',
        'orders (customer_id, status, total)',
      ],
    ],
    why: 'A view without groups is merged into the statement.',
  },
  {
    name: 'a small table',
    schema: `create table kinds (id int primary key, code varchar(10) not null); insert into kinds select seq, concat('c', seq) from seq_1_to_50`,
    workload: [{ sql: 'select * from kinds where code = ?', values: [`'c7'`] }],
    none: 'small table',
    why: 'Fifty rows are one page.',
  },
  {
    name: 'all rows wanted',
    schema: orders(20_000),
    workload: [{ sql: 'select id, note, total from orders' }],
    none: 'all rows wanted',
    tempting: 'orders (total)',
    why: 'There is nothing to look up.',
  },
  {
    name: 'an aggregate over everything',
    schema: orders(20_000),
    workload: [{ sql: 'select avg(total), max(note) from orders' }],
    none: 'aggregate over everything',
    tempting: 'orders (total)',
    why: 'Each row counts.',
  },
  {
    name: 'low selectivity',
    schema: orders(),
    workload: [{ sql: 'select * from orders where status = ?', values: [`'done'`] }],
    none: 'low selectivity',
    tempting: 'orders (status)',
    why: 'Three fifths of all rows: looking each up is dearer than reading all.',
  },
  {
    name: 'a write-heavy table',
    schema: orders(20_000),
    workload: [
      { sql: 'select * from orders where customer_id = ?', calls: 1, values: ['17'] },
      {
        sql: 'insert into orders (id, customer_id, status, total, created_at, note) values (?, ?, ?, ?, ?, ?)',
        calls: 1_000_000,
        values: ['900000', '1', `'done'`, '1', 'now()', `''`],
      },
    ],
    none: 'write-heavy',
    why: 'One look-up for a million rows written.',
  },
  {
    name: 'the middle of a text',
    schema: shop,
    workload: [{ sql: 'select * from customers where email like ?', values: [`'%c4ca42%'`] }],
    none: 'no index serves it',
    tempting: 'customers (email)',
    why: 'No key begins with it.',
  },
  {
    name: 'a function over a column',
    schema: shop,
    workload: [{ sql: 'select * from customers where lower(email) = ?', values: [`'x'`] }],
    none: 'no index serves it',
    tempting: 'customers (email)',
    why: 'MariaDB has no index of an expression: a generated column would be one.',
  },
  {
    name: 'a foreign key is indexed anyway',
    schema: `create table parents (id int primary key, name varchar(20) not null);
      insert into parents select seq, concat('p', seq) from seq_1_to_2000;
      create table children (id int primary key, parent_id int not null, filler varchar(80) not null, foreign key (parent_id) references parents (id));
      insert into children select seq, seq % 2000 + 1, repeat('x', 70) from seq_1_to_40000`,
    workload: [{ sql: 'select * from children where parent_id = ?', values: ['17'] }],
    none: 'served already',
    why: 'InnoDB makes one with the key.',
  },
  {
    name: 'without a copy it is an estimate',
    schema: orders(),
    workload: [{ sql: 'select * from orders where customer_id = ?', values: ['17'] }],
    create: ['orders (customer_id)'],
    copy: false,
    unverified: 1,
    why: 'There is no hypopg for MariaDB: by the number of values it is likely, and marked.',
  },
  ...dropCases,
]
