import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lastWriteMs, noteWrite, writtenBy } from '../dist/answers/writes.js'
import { clock } from '../dist/clock.js'
import { templateOf } from '../dist/sql/template.js'

describe('when tables were last written', () => {
  const lastOf = (table: string) =>
    lastWriteMs([templateOf(`select * from ${table} where id = $1`)])
  const [one, other] = [{}, {}]
  const note = (text: string, connection = one) => {
    const template = templateOf(text)
    noteWrite(template.operation, writtenBy(template), connection)
  }

  test('is the commit of the connection that wrote, not that of another', () => {
    note('update committed set a = $1')
    const writtenMs = lastOf('committed')
    assert.ok(writtenMs > 0 && writtenMs <= clock.now())
    note('COMMIT', other)
    assert.equal(lastOf('committed'), writtenMs)
    note('COMMIT')
    const committedMs = lastOf('committed')
    assert.ok(committedMs > writtenMs)
    note('COMMIT')
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
      note(text)
      for (const table of tables) assert.ok(lastOf(table) > 0, table)
    })

  test('is none for what is read and locked', () => {
    note('with x as (select 1) select * from locked for update of locked')
    note('with x as (select 1) select * from locked for no key update')
    note("with x as (select 'update locked set') select * from locked")
    assert.equal(lastOf('locked'), 0)
    assert.equal(lastOf('of'), 0)
  })
})
