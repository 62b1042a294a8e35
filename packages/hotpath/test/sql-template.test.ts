import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { templateOf } from '../dist/sql/template.js'

/** Statement, template. */
const examples: Record<string, readonly (readonly [string, string])[]> = {
  'strings of every spelling': [
    ["select * from users where name = 'Ann'", 'select * from users where name = ?'],
    ["select 'it''s'", 'select ?'],
    ["select E'it\\'s' , e'a\\\\'", 'select ?, ?'],
    ["select U&'d\\0061t', B'101', x'1F', N'n'", 'select ?, ?, ?, ?'],
    ["select $$a $b$ c$$, $x$ it's $$ $x$", 'select ?, ?'],
    ["select 'one'\n  'and the same'", 'select ?'],
    ["select 'c:\\temp', 'b'", 'select ?, ?'],
    ["select 'c:\\\\', 'b'", 'select ?, ?'],
  ],
  'numbers of every spelling': [
    ['select 1, 2.5, .5, 1., 1e10, 1.5E-3', 'select ?, ?, ?, ?, ?, ?'],
    ['select 0x1F, 0o17, 0b101, 1_000_000', 'select ?, ?, ?, ?'],
    [
      'where a = -5 and b > +2 and c between -1 and -2',
      'where a = ? and b > ? and c between ? and ?',
    ],
    ['select a - 5, a -5, a-5, (a)-5, $1-5', 'select a - ?, a -?, a-?, (a)-?, $1-?'],
    ['select a1, t2.b3 limit 10 offset 20', 'select a1, t2.b3 limit ? offset ?'],
    ['select $4111111111111111', 'select ?'],
  ],
  'what is not data stays': [
    ['select "a1", "say ""1""" from "Order 66"', 'select "a1", "say ""1""" from "Order 66"'],
    [
      'select U&"d\\0061t" where a = $1 and b = $12',
      'select U&"d\\0061t" where a = $1 and b = $12',
    ],
    ['where a is true and b is not false', 'where a is true and b is not false'],
    ['where a is null and b IS NOT NULL', 'where a is null and b IS NOT NULL'],
    ['SELECT Now() FROM Users', 'SELECT Now() FROM Users'],
  ],
  'operators that look like data, and casts': [
    ["where tags ?| array['a','b'] and doc ? 'k'", 'where tags ?| array[?] and doc ? ?'],
    ["select doc->>'email', doc->-1, doc #>> '{a,b}'", 'select doc->>?, doc->?, doc #>> ?'],
    ["select '2020-01-01'::date, x::int4", 'select ?::date, x::int4'],
    ["now() - INTERVAL '1 day'", 'now() - INTERVAL ?'],
    ['where active = true', 'where active = ?'],
  ],
  'comments and white space': [
    ['select a -- of 42\n from t', 'select a from t'],
    ["select /* a /* nested */ 'secret' */ b", 'select b'],
    ['  select\n\ta ,b\n from ( t )  ; ', 'select a, b from (t)'],
    ["select a /* it's */ from t where b = 'x'", 'select a from t where b = ?'],
  ],
  'names that ORMs make anew each time, and channels': [
    ['SAVEPOINT sp_17; select a', 'SAVEPOINT ?; select a'],
    ['select 1; savepoint "Ann"', 'select ?; savepoint ?'],
    ['RELEASE SAVEPOINT sp_17', 'RELEASE SAVEPOINT ?'],
    ['release sp_17', 'release ?'],
    ['ROLLBACK TO SAVEPOINT sp_17', 'ROLLBACK TO SAVEPOINT ?'],
    ['rollback work to sp_17', 'rollback work to ?'],
    ['ROLLBACK', 'ROLLBACK'],
    ['rollback and chain', 'rollback and chain'],
    ['DECLARE c17 CURSOR FOR SELECT a FROM t', 'DECLARE ? CURSOR FOR SELECT a FROM t'],
    ['FETCH FORWARD 100 FROM c17', 'FETCH FORWARD ? FROM ?'],
    ['fetch c17', 'fetch ?'],
    ['MOVE ALL IN c17', 'MOVE ALL IN ?'],
    ['CLOSE c17', 'CLOSE ?'],
    ['CLOSE ALL', 'CLOSE ALL'],
    ['LISTEN user_17', 'LISTEN ?'],
    ['UNLISTEN *', 'UNLISTEN *'],
    ["NOTIFY user_17, 'x'", 'NOTIFY ?, ?'],
    [
      'PREPARE p17 (int) AS SELECT a FROM t WHERE b = $1',
      'PREPARE ? (int) AS SELECT a FROM t WHERE b = $1',
    ],
    ["PREPARE TRANSACTION 'x'", 'PREPARE TRANSACTION ?'],
    ['EXECUTE p17(5)', 'EXECUTE ?(?)'],
    ['DEALLOCATE PREPARE p17', 'DEALLOCATE PREPARE ?'],
    ['DEALLOCATE ALL', 'DEALLOCATE ALL'],
    ['select a from t fetch first 5 rows only', 'select a from t fetch first ? rows only'],
  ],
  'lists of any length are one list': [
    ['where id in (1, 2, 3) and a = 4', 'where id in (?) and a = ?'],
    ['where id IN ($1,$2,$3) and a = $4', 'where id IN ($1) and a = $2'],
    ['where a = $4 and id in ($1, $2, $3)', 'where a = $2 and id in ($1)'],
    ["where id in ('a'::uuid, 'b'::uuid)", 'where id in (?::uuid)'],
    ['where (a, b) in ((1, 2), (3, 4))', 'where (a, b) in ((?, ?))'],
    ['where id not in (1, NULL, 3)', 'where id not in (?)'],
    ['where id in (a, 1, 2, b)', 'where id in (a, ?, b)'],
    ['where id = any(array[1,2,3])', 'where id = any(array[?])'],
    ['select array[[1,2],[3,4]]', 'select array[[?]]'],
    [
      "insert into t (a, b) values (1, 'x'), (2, 'y') returning id",
      'insert into t (a, b) values (?, ?) returning id',
    ],
    [
      'insert into t values ($1,$2),($3,$4) on conflict do nothing',
      'insert into t values ($1, $2) on conflict do nothing',
    ],
    ['insert into t values (1, NULL), (NULL, 2)', 'insert into t values (?, ?)'],
    ['insert into t values (now(), 1), (now(), 2)', 'insert into t values (now(), ?)'],
    ['select f(1, 2, 3)', 'select f(?, ?, ?)'],
    [
      'where id in (select id from t where a in (1, 2))',
      'where id in (select id from t where a in (?))',
    ],
  ],
  'in doubt nothing leaves': [
    ["where path = 'c:\\' and name = 'secret'", 'where path = ?'],
    ["where a = 'x' and name = 'unterminated secret", 'where a = ?'],
    ["where a = 'x' and name = 'O'Brien' and b = 1", 'where a = ?'],
    ["where a = 'x' and name = 'O'Brien' and b = 'D'Arc'", 'where a = ?'],
    ['select a /* unterminated secret', 'select a ?'],
    ['select $tag$ unterminated secret', 'select ?'],
    ['select "unterminated secret', 'select ?'],
    ['select a, \0 secret', 'select a, ?'],
    ['select a \\ secret', 'select a ?'],
    ['set search_path to tenant_17, public', 'set search_path to ?'],
    ['SET LOCAL app.user = ann', 'SET LOCAL app.user = ?'],
  ],
}

describe('the template of a statement', () => {
  for (const [title, cases] of Object.entries(examples)) {
    test(title, () => {
      for (const [statement, template] of cases) {
        assert.equal(templateOf(statement).text, template, statement)
      }
    })
  }

  test('a text of a megabyte is read in part, and its end is one more ?', () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `column_${index}`).join(', ')
    const { text, operation } = templateOf(`select ${names}, 'secret' from t`)
    assert.equal(operation, 'SELECT')
    assert.ok(text.length <= 10_002, `${text.length} characters`)
    assert.match(text, /column_7, .* \?$/)
    assert.ok(templateOf(`select a where b in (${'1,'.repeat(200_000)}1)`).text.length < 200)
  })
})

describe('what a statement does, and to which table', () => {
  const subjects: readonly (readonly [string, string, string | undefined])[] = [
    ['select * from users u join b on true', 'SELECT', 'users'],
    ['(select 1 from a) union (select 2 from b)', 'SELECT', 'a'],
    ['SELECT * FROM shop."Order" AS o', 'SELECT', 'shop."Order"'],
    ['select extract(day from x), a is distinct from b from t', 'SELECT', 't'],
    ['select * from (select * from inner_table) x', 'SELECT', 'inner_table'],
    ['select (select count(*) from b) from a', 'SELECT', 'a'],
    ['select * from generate_series(1, 3) g join t on t.id = g', 'SELECT', 't'],
    ['select 1', 'SELECT', undefined],
    ['insert into "users" (a) values (1)', 'INSERT', '"users"'],
    ['insert into t(a) select 1 from b', 'INSERT', 't'],
    ['update only users set a = 1 from b', 'UPDATE', 'users'],
    ['delete from users where id = 1', 'DELETE', 'users'],
    ['with x as (select * from users) select * from x', 'SELECT', 'users'],
    ['with x as (select 1), y(a) as (select 2) insert into log select * from x', 'INSERT', 'log'],
    ['with recursive x as (select * from a union select * from x) delete from t', 'DELETE', 't'],
    ['merge into stock using b on true when matched then delete', 'MERGE', 'stock'],
    ['truncate table logs', 'TRUNCATE', 'logs'],
    ['create table if not exists t (a int)', 'CREATE', 't'],
    ['create index i on t (a)', 'CREATE', 't'],
    ['copy users from stdin', 'COPY', 'users'],
    ['BEGIN', 'BEGIN', undefined],
    ['', '', undefined],
    ['42', '', undefined],
  ]
  for (const [statement, operation, table] of subjects) {
    test(statement === '' ? 'an empty text' : statement, () => {
      const found = templateOf(statement)
      assert.deepEqual([found.operation, found.table], [operation, table])
    })
  }
})
