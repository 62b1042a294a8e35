import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { mysql, templateOf } from '../dist/templates.js'

/** Statement of MySQL, template. */
const examples: readonly (readonly [string, string])[] = [
  [`select "it's", 'say "x"' from \`t\``, 'select ?, ? from `t`'],
  [String.raw`where a = 'it\'s' and b = "c\\" and c = 1`, 'where a = ? and b = ? and c = ?'],
  ['select `a``1` from `my table`', 'select `a``1` from `my table`'],
  ["select 1 # it's a comment\n, 2 -- it's\n, a--1", 'select ?, ?, a--?'],
  ['select /* "open */ a /*! secret */ from t', 'select a from t'],
  [`where h = x'1F' and n = N'n' and b = r"raw"`, 'where h = ? and n = ? and b = ?'],
  ['where id in (1, 2, ?) and a = :name and b = @b', 'where id in (?) and a = :name and b = @b'],
  ['insert into t values ("a", 1), ("b", 2)', 'insert into t values (?, ?)'],
  ["where a = 'never closed", 'where a = ?'],
]

describe('the template of a statement of MySQL', () => {
  for (const [statement, template] of examples)
    test(statement, () => assert.equal(templateOf(statement, mysql).text, template))

  test('holds nothing of what stood in a string, whichever quotes it had', () => {
    const quoted = fc
      .tuple(
        fc.constantFrom('"', "'"),
        fc.string({ unit: fc.constantFrom('s', '"', "'", '\\', '`', '#', '-') }),
      )
      .map(([quote, inside]) => {
        const escaped = inside.replaceAll('\\', '\\\\').replaceAll(quote, quote + quote)
        return `${quote}${escaped}${quote}`
      })
    fc.assert(
      fc.property(quoted, quoted, (a, b) => {
        const { text } = templateOf(`select x from t where a = ${a} and b = ${b}`, mysql)
        assert.equal(text, 'select x from t where a = ? and b = ?')
      }),
    )
  })
})
