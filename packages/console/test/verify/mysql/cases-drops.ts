import type { IndexCase } from '../index/case.js'

const table = (indexes: string): string => `
  create table things (id int primary key, a int not null, b int not null, c int not null, filler varchar(80) not null, ${indexes});
  insert into things select seq, seq % 1000, seq % 77, seq, repeat('x', 60) from seq_1_to_20000`

const lookUp = [{ sql: 'select * from things where a = ?', values: ['17'] }] as const

/** What only costs, and what must stay though it seems to. */
export const dropCases: readonly IndexCase[] = [
  {
    name: 'a duplicate',
    schema: table('index things_a (a), index things_a_again (a)'),
    workload: lookUp,
    drop: ['things_a'],
    why: 'Both are the same; one of them does.',
  },
  {
    name: 'a longer one makes the shorter one needless',
    schema: table('index things_a (a), index things_a_b (a, b)'),
    workload: lookUp,
    drop: ['things_a'],
    why: 'What begins with a finds a.',
  },
  {
    name: 'the new one makes the shorter one needless',
    schema: table('index things_b (b)'),
    workload: [{ sql: 'select * from things where b = ? order by c desc limit 5', values: ['17'] }],
    create: ['things (b, c)'],
    drop: ['things_b'],
    why: 'The new one begins with b; drop the old one after it.',
  },
  {
    name: 'the trap of a unique prefix',
    schema: table('unique index things_c (c), index things_c_b (c, b)'),
    workload: [{ sql: 'select * from things where c = ?', values: ['17'] }],
    drop: [],
    why: 'The unique one is a rule, whatever else begins so.',
  },
  {
    name: 'the trap of an index that a foreign key goes by',
    schema: `create table parents (id int primary key); insert into parents select seq from seq_0_to_999;
      ${table('index things_a (a), constraint things_parent foreign key (a) references parents (id)')}`,
    workload: [{ sql: 'select * from things where id = ?', values: ['17'] }],
    drop: [],
    old: true,
    why: 'Nothing asks by it, and the server refuses to drop it.',
  },
  {
    name: 'the trap of a hint',
    schema: table('index things_a (a), index things_a_b (a, b)'),
    workload: [{ sql: 'select * from things force index (things_a) where a = ?', values: ['17'] }],
    drop: [],
    why: 'A statement that names an index that is gone is an error.',
  },
  {
    name: 'an unused one, where the server counts uses',
    schema: table('index things_b (b)'),
    workload: [{ sql: 'select * from things where id = ?', values: ['17'] }],
    drop: ['things_b'],
    old: true,
    why: 'Nothing has used it for as long as the server counts.',
  },
  {
    name: 'the trap of a short time',
    schema: table('index things_b (b)'),
    workload: [{ sql: 'select * from things where id = ?', values: ['17'] }],
    drop: [],
    why: 'A server that came up a minute ago has not seen what runs once a week.',
  },
  {
    name: 'a prefix of a text beside the whole',
    schema: `create table names (id int primary key, name varchar(80) not null, index names_short (name(4)), index names_whole (name));
      insert into names select seq, md5(seq) from seq_1_to_20000`,
    workload: [{ sql: 'select * from names where name = ?', values: ['md5(17)'] }],
    drop: ['names_short'],
    why: 'The whole name finds all that its first letters do.',
  },
]
