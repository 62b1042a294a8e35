import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { Lifter } from '../dist/sql/lift.js'
import type { Parse } from '../dist/sql/syntax.js'
import * as grammar from 'libpg-query'

describe('literals that an ORM wrote into its statement become parameters', () => {
  let lifter: Lifter
  before(async () => {
    await grammar.loadModule()
    lifter = new Lifter(text => grammar.parseSync(text) as ReturnType<Parse>)
  })
  const lift = (text: string) => lifter.lift(text)

  test('where they are compared with a column', () => {
    assert.deepEqual(lift(`select * from a where b = 5 and c.d <> 'O''Brien'`), {
      text: 'select * from a where b = $1/*number*/ and c.d <> $2',
      values: ['5', "O'Brien"],
    })
    assert.deepEqual(lift(`select 1 from a where "ü" in (1, 2)`)?.values, ['1', '2'])
  })

  test('a number and a string are two statements: one of them may be an error', () => {
    assert.notEqual(
      lift('select from a where b = 5')?.text,
      lift(`select from a where b = '5'`)?.text,
    )
  })

  for (const text of [
    'select 5, b from a order by 1 limit 10',
    `select 'a' || b from a`,
    'select from a where b + 1 = c',
    'select from a where b = 1.5',
    `select from a where b = E'x'`,
    `select from a where b = $1 and c = 5`,
    `select from a where b = date '2024-01-01'`,
    `select from a where b = 'open`,
    'not even sql = 5',
  ]) {
    test(`nothing of: ${text}`, () => assert.equal(lift(text), undefined))
  }
})
