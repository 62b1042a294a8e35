import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AttributeValue } from '../../dist/model.js'
import { draw } from '../draw.js'
import { allIn } from './kinds.js'

const lookup = `
  GET /lookup   ==========   server
    person       ========    select id from people where email = $1  #*  r=1
`
const scan = { 'hotpath.plan.table': 'people', 'hotpath.plan.table.rows': 200_000 }

/** The findings in three requests, of which the last knows the plan. */
function find(plan: Record<string, AttributeValue>, picture = lookup) {
  const requests = [{}, {}, plan].map(attributes => draw(picture, { person: { attributes } }))
  return allIn(requests)
}

describe('an index is missing', () => {
  test('where the plan of a slow query reads a table whole for a few of its rows', () => {
    const [one, ...others] = find({ ...scan, 'hotpath.plan.kept.rows': 1 })
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'missing-index')
    assert.equal(one.title, 'No index: 200,000 rows for 1')
    assert.match(
      one.evidence.sentences[0] ?? '',
      /^Its plan reads people from the first row to the last, some 200,000, and expects to keep 1\.$/,
    )
    assert.equal(one.fixes[0]?.text, 'create index concurrently on people (email);')
  })

  test('in a schema, with quotes', () => {
    const picture = lookup.replace('people', 'shop."people"')
    const [one] = find({ ...scan, 'hotpath.plan.kept.rows': 1 }, picture)
    assert.equal(one?.kind, 'missing-index')
  })
})

describe('a query is slow, and no index is missing', () => {
  const slow = (plan: Record<string, AttributeValue>, picture?: string): void =>
    assert.deepEqual(
      find(plan, picture).map(({ kind }) => kind),
      ['slow-statement'],
    )

  test('where no plan is known', () => slow({}))
  test('where most rows are wanted', () => slow({ ...scan, 'hotpath.plan.kept.rows': 150_000 }))
  test('where the table is small', () =>
    slow({ ...scan, 'hotpath.plan.table.rows': 500, 'hotpath.plan.kept.rows': 1 }))
  test('where another table is read', () =>
    slow({ ...scan, 'hotpath.plan.table': 'orders', 'hotpath.plan.kept.rows': 1 }))
  test('where the figures are none', () =>
    slow({ ...scan, 'hotpath.plan.table.rows': 'many', 'hotpath.plan.kept.rows': 1 }))
  test('where it is no comparison of one column', () =>
    slow(
      { ...scan, 'hotpath.plan.kept.rows': 1 },
      lookup.replace('email = $1', "email like '%' || $1"),
    ))
})
