import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import {
  columnParts,
  loadGrammar,
  nameParts,
  parseOne,
  tablesIn,
} from '../dist/advise/mysql/tree.js'
import { filled, piecesOfFile, readPart } from '../dist/advise/mysql/text.js'
import { everyNode, list, type Node } from '../dist/advise/tree.js'
import { shapes } from './verify/mysql/statements.js'

describe('statements of MySQL', () => {
  before(() => loadGrammar())

  for (const { from, sql, tables, columns } of shapes)
    test(`are read with their tables and columns: ${from}`, () => {
      const parsed = parseOne(sql)
      assert.ok(typeof parsed !== 'string', String(parsed))
      assert.deepEqual(
        words(tablesIn(parsed.tree).map(({ name }) => name)),
        words(tables.split(' ')),
      )
      assert.deepEqual(words(columnsIn(parsed.tree)), words(columns.split(' ')))
    })

  test('what is no single read or write is told apart', () => {
    const said = (sql: string): string => {
      const parsed = parseOne(sql)
      return typeof parsed === 'string' ? parsed : 'read'
    }
    assert.match(said('select 1; drop table t'), /2 statements/)
    assert.match(said('drop table t'), /no SELECT, INSERT/)
    assert.match(said('select 1 /*! into outfile "/tmp/x" */'), /comment that is code/)
    assert.match(said("select * from t into outfile '/tmp/x'"), /file|grammar/)
    assert.match(said('select `a` from `t` where `b` = ? and ...'), /cut off/)
    assert.match(said('select a from t where b in (...)'), /^read$/)
    assert.match(said('select a from t where'), /grammar/)
  })

  test('of what writes the part that reads is asked for', () => {
    const part = (sql: string): string | undefined => {
      const parsed = parseOne(sql)
      assert.ok(typeof parsed !== 'string', String(parsed))
      return readPart(parsed.text, parsed.kind)
    }
    assert.equal(
      part(
        'update low_priority t join u on u.id = t.id set t.a = (select 1 from v where x = 1) where t.b = 2 limit 3',
      ),
      'select * from t join u on u.id = t.id where t.b = 2 limit 3',
    )
    assert.equal(
      part('delete a from a join b on a.id = b.id where b.c = 1'),
      'select * from a join b on a.id = b.id where b.c = 1',
    )
    assert.equal(part('insert into t (a) values (1), (2)'), undefined)
    assert.equal(
      part('insert into t (a) select x from u where y = 1 on duplicate key update a = 2'),
      'select x from u where y = 1 ',
    )
    assert.equal(part('delete from t where a = 1 returning id'), 'select * from t where a = 1 ')
  })

  test('values go where parameters are, and nowhere else', () => {
    assert.equal(
      filled('select \'?\', `a?`, "it\\"s ?" from t where a = ? limit ?, ?', ["'x'", '1', '2']),
      "select '?', `a?`, \"it\\\"s ?\" from t where a = 'x' limit 1, 2",
    )
  })

  test('a file is split as MySQL reads it', () => {
    const pieces = piecesOfFile(
      "select 'it\\'s; one' -- a; comment\n, `a;b` # another;\n from t; select 2",
    )
    assert.equal(pieces.filter(piece => piece === ';').length, 1)
  })
})

const words = (names: readonly string[]): string[] =>
  [...new Set(names.map(name => name.toLowerCase()))].sort()

/** Names of columns wherever a tree has them, those of MATCH, USING and of what is written among them. */
function columnsIn(tree: Node): string[] {
  const found: string[] = []
  const names = (value: unknown): string[] =>
    (Array.isArray(value) ? value : []).flatMap(each => nameParts(each).at(-1) ?? [])
  everyNode(tree, one => {
    // Parts of names of tables, functions and the like are of the same form.
    const parts = columnParts(one)
    if (parts !== undefined && !isPart.has(one)) found.push(parts.at(-1) ?? '')
    for (const key of [
      'name',
      'TableName',
      'ColumnName',
      'ObjectName',
      'collation',
      'charset',
      'row_alias',
    ])
      for (const part of list(one[key])) isPart.add(part)
    for (const each of names([one['ColumnName']])) found.push(each)
    for (const key of ['Using', 'columns']) {
      const value = one[key]
      if (!Array.isArray(value)) continue
      found.push(...names(value))
      for (const part of value) for (const each of list(part)) isPart.add(each)
    }
    if (Array.isArray(one['tables']))
      for (const part of one['tables']) for (const each of list(part)) isPart.add(each)
  })
  return found.filter(
    name => !/^(?:default|current_timestamp|_utf8mb4)$/i.test(name) && !name.startsWith('@'),
  )
}
const isPart = new Set<Node>()
