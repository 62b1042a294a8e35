import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import fc from 'fast-check'
import { loadModule, parsePlPgSQLSync, parseSync } from 'libpg-query'
import { rowText } from '../dist/query/invalidation/row-value.js'
import { functionTouches } from '../dist/sql/function-touches.js'
import { touchesOf } from '../dist/sql/touches.js'
import type { Parse } from '../dist/sql/syntax.js'

const parse = parseSync as unknown as Parse
const plpgsql = (definition: string): unknown => parsePlPgSQLSync(definition)

describe('what a text reads and writes', () => {
  before(() => loadModule())

  for (const [text, reads, writes, keys] of [
    ['select * from a join b.c using (id)', 'a b.c', '', ''],
    ['select 1 from a where id = $1 and (x or y)', 'a', '', 'id'],
    ['select 1 from a where id = $1 or id = $2', 'a', '', ''],
    ['select 1 from a where not id = $1', 'a', '', ''],
    ['select 1 from a where id::text = $1', 'a', '', ''],
    ['select 1 from a where id = $1 union select 2 from a', 'a a', '', ''],
    ['select 1 from a, b where a.id = 1', 'a b', '', ''],
    ['insert into a (id, n) values (1, 2), ($1, 3)', '', 'a insert', 'id n'],
    ['insert into a (id, n) values (1, 2), (f(), 3)', '', 'a insert', 'n'],
    ['insert into a values (1)', '', 'a insert', ''],
    ['insert into a (id) select id from b', 'b', 'a insert', ''],
    [
      'insert into a (id) values (1) on conflict (id) do update set n = 1',
      '',
      'a insert+update',
      'id',
    ],
    [
      'insert into a (id) values (1) on conflict (n) do update set n = 1',
      '',
      'a insert+update',
      '',
    ],
    [
      'insert into a (id) values (1) on conflict (id) do update set id = 2',
      '',
      'a insert+update',
      '',
    ],
    ['update a set n = 1 where id in (1, $2)', '', 'a update', 'id'],
    ['update a set id = 1 where id = 2', '', 'a update', ''],
    ['update a set n = b.n from b where a.id = 1', 'b', 'a update', ''],
    ['delete from only s.a where $1 = id', '', 's.a delete', 'id'],
    ['delete from a using b where a.id = 1', 'b', 'a delete', ''],
    ['truncate a, b', '', 'a truncate b truncate', ''],
    ['copy a from stdin', '', 'a insert', ''],
    [
      'with w as (delete from a returning *) insert into b select * from w',
      'w',
      'a delete b insert',
      '',
    ],
    ['explain analyze delete from a', '', 'a delete', ''],
  ] as const)
    test(text, () => {
      const touches = touchesOf(text, parse)
      const name = (one: { schema: string | undefined; name: string }) =>
        one.schema === undefined ? one.name : `${one.schema}.${one.name}`
      assert.equal(touches.unknown, '')
      assert.equal(touches.reads.map(name).join(' '), reads)
      const written = touches.writes.map(one => `${name(one)} ${one.events.join('+')}`)
      // What WITH holds is met after what it is held by.
      assert.deepEqual(written.join(' ').split(' ').sort(), writes.split(' ').sort())
      const found = writes === '' ? touches.keys : touches.writes.flatMap(one => one.keys)
      assert.equal(found.map(one => one.column).join(' '), keys)
    })

  for (const text of [
    'do $$ begin end $$',
    'execute x',
    "commit prepared 'x'",
    'not sql',
    'prepare x as delete from a',
  ])
    test(`may do anything: ${text}`, () => assert.notEqual(touchesOf(text, parse).unknown, ''))

  for (const [body, tables] of [
    ['begin insert into a values (1); return new; end', 'a'],
    ["begin if tg_op = 'UPDATE' then new.n := 1; end if; return new; end", ''],
    [
      'declare r record; begin for r in select * from b loop update a set n = r.n; end loop; return null; end',
      'a',
    ],
    [
      'begin begin delete from a; exception when others then insert into b values (1); end; return new; end',
      'a b',
    ],
    ['begin perform 1; return new; end', ''],
    ["begin execute 'delete from a'; end", undefined],
    ["declare c refcursor; begin open c for execute 'delete from a returning 1'; end", undefined],
    ['begin for n in execute x loop end loop; end', undefined],
    ['begin this is no code; end', undefined],
  ] as const)
    test(`PL/pgSQL: ${body}`, () => {
      const definition = `create function f() returns trigger language plpgsql as $f$ ${body} $f$`
      const touches = functionTouches(definition, 'plpgsql', parse, plpgsql)
      const written = touches?.flatMap(part =>
        part.unknown === '' ? part.writes.map(one => one.name) : ['?'],
      )
      const known = written === undefined || written.includes('?') ? undefined : written.join(' ')
      assert.equal(known, tables)
    })
})

describe('texts of keys', () => {
  test('that mean one integer are one', () => {
    fc.assert(
      fc.property(
        fc.bigInt(-(2n ** 50n), 2n ** 50n),
        fc.nat(3),
        fc.boolean(),
        (value, zeros, blank) => {
          const digits = String(value < 0n ? -value : value)
          const text = `${value < 0n ? '-' : ''}${'0'.repeat(zeros)}${digits}`
          const spelt = blank ? ` ${text} ` : text
          assert.equal(rowText('integer', spelt), String(BigInt(text)))
        },
      ),
      { seed: 1, numRuns: 2_000 },
    )
  })

  test('that mean one uuid are one', () => {
    fc.assert(
      fc.property(fc.uuid(), uuid => {
        const one = rowText('uuid', uuid)
        assert.equal(rowText('uuid', uuid.toUpperCase()), one)
        assert.equal(rowText('uuid', `{${uuid.replaceAll('-', '')}}`), one)
      }),
      { seed: 1, numRuns: 1_000 },
    )
  })

  test('that may mean something else are none', () => {
    for (const text of ['1.0', '0x1f', '1_000', 'a', '', '1e3'])
      assert.equal(rowText('integer', text), undefined)
    assert.equal(rowText('uuid', 'x'), undefined)
    assert.equal(rowText('text', Buffer.from('a')), undefined)
    assert.equal(rowText('text', null), undefined)
  })
})
