import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lastWriteMs, noteWrite } from '../dist/answers/writes.js'
import { clock } from '../dist/clock.js'
import { templateOf } from '../dist/sql/template.js'

describe('when tables were last written', () => {
  const lastOf = (table: string) =>
    lastWriteMs([templateOf(`select * from ${table} where id = $1`)])
  const [one, other] = [{}, {}]

  test('is the commit of the connection that wrote, not that of another', () => {
    noteWrite(templateOf('update committed set a = $1'), one)
    const writtenMs = lastOf('committed')
    assert.ok(writtenMs > 0 && writtenMs <= clock.now())
    noteWrite(templateOf('COMMIT'), other)
    assert.equal(lastOf('committed'), writtenMs)
    noteWrite(templateOf('COMMIT'), one)
    const committedMs = lastOf('committed')
    assert.ok(committedMs > writtenMs)
    noteWrite(templateOf('COMMIT'), one)
    assert.equal(lastOf('committed'), committedMs)
  })

  for (const [text, ...tables] of [
    ['with x as (update inner_one set a = 1 returning *) select * from x', 'inner_one'],
    [
      'WITH x AS (INSERT INTO shop."Inner_two" (a) VALUES (1) RETURNING a) SELECT a FROM x',
      'inner_two',
    ],
    [
      'with gone as (delete from only inner_three returning *) insert into archive select * from gone',
      'inner_three',
      'archive',
    ],
  ] as const)
    test(`is that of ${text}`, () => {
      noteWrite(templateOf(text), one)
      for (const table of tables) assert.ok(lastOf(table) > 0, table)
    })

  test('is none for what is read and locked', () => {
    noteWrite(templateOf('with x as (select 1) select * from locked for update of locked'), one)
    noteWrite(templateOf('with x as (select 1) select * from locked for no key update'), one)
    noteWrite(templateOf("with x as (select 'update locked set') select * from locked"), one)
    assert.equal(lastOf('locked'), 0)
    assert.equal(lastOf('of'), 0)
  })
})
