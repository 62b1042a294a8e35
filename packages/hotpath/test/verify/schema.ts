import type { Random } from './random.js'

/** A type of key: its name in SQL, and a value of few, so that keys meet. */
export interface KeyType {
  readonly sql: string
  literal(random: Random): string
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`
const words = ['a', 'b ', "O'Brien", 'x"y', 'back\\slash', '', ' ', 'ü', '{}', 'NULL', '1,2', 'a%']

export const keyTypes: readonly KeyType[] = [
  { sql: 'int4', literal: r => String(r.int(-2, 12)) },
  { sql: 'int8', literal: r => `${r.int(0, 9)}000000000${r.int(0, 3)}` },
  { sql: 'int2', literal: r => String(r.int(0, 12)) },
  { sql: 'text', literal: r => quote(r.pick(words)) },
  { sql: 'varchar(12)', literal: r => quote(r.pick(words)) },
  { sql: 'char(4)', literal: r => quote(r.pick(['a', 'ab', 'abc', 'abcd', ''])) },
  { sql: 'numeric(10,2)', literal: r => `${r.int(0, 5)}.${r.int(0, 1)}0` },
  {
    sql: 'uuid',

    literal: r => quote(`00000000-0000-4000-8000-00000000000${r.int(0, 9)}`),
  },
  { sql: 'mood', literal: r => quote(r.pick(['sad', 'ok', 'very happy'])) },
  { sql: 'small', literal: r => String(r.int(0, 9)) },
  { sql: 'inet', literal: r => quote(`10.0.0.${r.int(1, 9)}`) },
  { sql: 'bool', literal: r => String(r.chance(0.5)) },
  { sql: 'date', literal: r => quote(`2024-02-0${r.int(1, 9)}`) },
  { sql: 'timestamp', literal: r => quote(`2024-02-0${r.int(1, 9)} 10:00:00.5`) },
  { sql: 'timestamptz', literal: r => quote(`2024-02-0${r.int(1, 9)} 10:00+02`) },
  { sql: 'bytea', literal: r => quote(`\\x0${r.int(0, 9)}ff00`) },
  { sql: 'float8', literal: r => `${r.int(0, 6)}.5e${r.pick(['0', '-9', '30'])}` },
]

/** A schema of one run of cases: what a loop runs over, and what it asks for. */
export interface Schema {
  readonly name: string
  readonly create: string
  readonly key: KeyType
  readonly second: KeyType
  /** Quoted names of the columns of the child that refer to the parent. */
  readonly ref: string
  readonly ref2: string
}

/** Tables `parent`, `child` with data of many types, `detail`; views; a table with row level security. */
export function randomSchema(random: Random, name: string): Schema {
  const key = random.pick(keyTypes)
  const second = random.pick(keyTypes)
  const [ref, ref2] = random.chance(0.3) ? ['"Parent Key"', '"a""b"'] : ['ref', 'ref2']
  // With a few hundred rows the planner begins to hash and to sort.
  const large = random.chance(0.4)
  const parents = large ? random.int(30, 60) : random.int(4, 14)
  const children = large ? random.int(50, 600) : random.int(10, 60)
  const orNull = (literal: string) => (random.chance(0.08) ? 'null' : literal)
  const parentRows = Array.from(
    { length: parents },
    (_, i) =>
      `(${i + 1}, ${orNull(key.literal(random))}, ${orNull(second.literal(random))}, '${i % 5}')`,
  )
  const childRows = Array.from({ length: children }, () => {
    const v = random.int(0, 30)
    return `(${orNull(key.literal(random))}, ${orNull(second.literal(random))}, ${random.int(1, parents)}, ${v},
      ${quote(random.pick(words))}, ${v}.25, ${v % 2 === 0}, '2024-01-0${random.int(1, 9)}',
      '2024-01-01 00:00+00'::timestamptz + ${v} * interval '1 hour', '{"v": ${v}, "l": [1, "x"]}',
      '\\x${'ab'.repeat(v % 4)}', array[${v}, null, 3], array['a b', 'c"'], 'm${v % 3}',
      ${v}::float8 / 3, interval '1 day ${v} min')`
  })
  const index = random.chance(0.5) ? `create index on child (${ref});` : ''
  const create = `
    create schema ${name}; set search_path = ${name};
    create type mood as enum ('sad', 'ok', 'very happy');
    create domain small as int4 check (value < 1000);
    create table parent (id int primary key, k ${key.sql}, k2 ${second.sql}, digits text);
    create table child (id serial primary key, ${ref} ${key.sql}, ${ref2} ${second.sql}, pid int, v int, t text,
      n numeric, b bool, d date, ts timestamptz, j jsonb, raw bytea, ints int[], texts text[],
      code char(5), f float8, iv interval);
    create table detail (id serial primary key, child int, label text);
    insert into parent values ${parentRows.join(',')};
    insert into child (${ref}, ${ref2}, pid, v, t, n, b, d, ts, j, raw, ints, texts, code, f, iv)
      values ${childRows.join(',')};
    insert into detail (child, label) select c.id, 'd' || g from child c, generate_series(1, c.v % 3) g;
    ${index}
    create view seen as select id, pid, v, t from child where v >= 0;
    create view seen_twice as select * from seen;
    create view chance as select id, pid, v, random() as r from child;
    create view chance_twice as select id, pid, v, r from chance;
    create table secret as select id, pid, v, 'o' || (v % 2) as owner from child;
    alter table secret enable row level security;
    create policy own on secret using (owner = current_setting('app.owner', true));
    create function twice(x int) returns int language sql immutable as 'select x * 2';
    create function noisy(x int) returns int language plpgsql volatile as 'begin return x; end';
    grant usage on schema ${name} to verified; grant all on all tables in schema ${name} to verified;
    grant all on all sequences in schema ${name} to verified;
    analyze;`
  return { name, create, key, second, ref, ref2 }
}
