import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Postgres, startPostgres } from '../postgres.js'
import { figures } from './judge.js'
import { parse } from './parse.js'
import { type Report, reportOn, textOf } from './report.js'
import { runAttached, runPlain } from './run.js'

/** Of the applications of `npm run apps` the smallest; the others take minutes to be installed. */
describe('Parse Server, which nobody here wrote', () => {
  let postgres: Postgres
  let report: Report
  before(async () => {
    postgres = await startPostgres({ logStatements: true })
    report = reportOn(parse, await runPlain(parse, postgres), await runAttached(parse, postgres))
  })
  after(() => postgres.stop())

  test('asks its database what the truth says that it asks', () => {
    assert.deepEqual(report.odds, [])
  })

  test('answers the same under the recorder, which sees every statement', () => {
    assert.deepEqual(report.faults, [])
  })

  test('has the loops that are found in it, and no others', () => {
    const counted = new Set(['n-plus-one', 'repeated-statement', 'n-plus-one-calls'])
    const said = figures([report.judgement]).filter(({ kind }) => counted.has(kind))
    assert.deepEqual(
      said.map(({ kind, right, wrong, missed }) => [kind, right, wrong, missed]),
      [['n-plus-one', 2, 0, 0]],
      textOf(report),
    )
  })
})
