import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Doing, doingOf, givesRows } from '../dist/sql/doing.js'

/** Where no catalog can be asked a statement reads only if each of its words says so. */
describe('what a statement does, by its words', () => {
  const both: Record<Doing, readonly string[]> = {
    reads: [
      'select 1',
      '  SELECT a, count(*) from t where b = $1 group by a',
      '(select 1) union (select 2)',
      "select 'delete from t; update' as a",
      'select * from t -- update t',
      'with a as (select 1) select * from a',
      'values (1), (2)',
      'select 1;',
      "select replace(a, 'x', 'y') from t",
    ],
    begins: ['begin', 'BEGIN ISOLATION LEVEL SERIALIZABLE', 'start transaction read only'],
    ends: ['commit', 'END', 'rollback', 'abort', '/* now */ commit'],
    sets: ['set search_path = a', 'savepoint s', 'release s', 'rollback to savepoint s'],
    writes: [
      'update t set a = 1',
      'insert into t values (1)',
      'select change(1)',
      'select "change"(1)',
      'select shop.change(1)',
      'select * from t for update',
      'with a as (delete from t returning *) select * from a',
      'explain analyze update t set a = 1',
      'select * into b from t',
      'select 1; update t set a = 1',
      'set a = change()',
    ],
    changes: [
      "select 'a\\'; delete from t; -- '",
      'create table t (a int)',
      'drop table t',
      'truncate t',
      'call change()',
      'do $$ $$',
      '',
    ],
  }
  for (const [doing, texts] of Object.entries(both))
    for (const text of texts)
      for (const system of ['postgresql', 'mysql'] as const)
        test(`${doing} in ${system}: ${text}`, () => assert.equal(doingOf(text, system), doing))

  test('what MySQL runs in a comment may be anything', () => {
    assert.equal(doingOf('select 1 /*! into outfile "a" */', 'mysql'), 'changes')
    assert.equal(doingOf('/*M! delete */ select 1', 'mysql'), 'changes')
  })

  test('a prepared statement, a handler and what is unknown may do anything', () => {
    for (const text of ['prepare a from "b"', 'execute a', 'handler t open', 'frobnicate'])
      assert.equal(doingOf(text, 'mysql'), 'changes')
  })

  test('rows come of what reads, and of what writes and tells', () => {
    for (const text of ['select 1', 'insert into t values (1) returning a', 'call a()'])
      assert.ok(givesRows(text))
    for (const text of ['insert into t values (1)', 'commit', 'set a = 1'])
      assert.ok(!givesRows(text))
  })
})
