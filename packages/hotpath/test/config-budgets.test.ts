import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkConfig } from '../dist/config.js'

const problem = (budget: object): string => {
  const checked = checkConfig({ routes: { 'GET /users': budget } }, 'hotpath.config.js')
  return checked.ok ? 'fine' : checked.problem.message
}

test('budgets of routes are checked with words that say what to write', () => {
  assert.equal(problem({ maxStatements: 5, maxMs: 50 }), 'fine')
  assert.equal(problem({ maxStatements: 0, maxMs: 0.5 }), 'fine')
  const key = 'hotpath.config.js: "routes.GET /users.'
  assert.equal(
    problem({ maxStatements: 2.5 }),
    `${key}maxStatements" must be a whole number from 0 up, not 2.5.`,
  )
  const ms = 'must be a number of milliseconds above 0, such as 50'
  assert.equal(problem({ maxMs: '50ms' }), `${key}maxMs" ${ms}, not "50ms".`)
  assert.equal(problem({ maxMs: 0 }), `${key}maxMs" ${ms}, not 0.`)
  assert.equal(
    problem({ maxStatement: 5 }),
    'hotpath.config.js: unknown key "routes.GET /users.maxStatement". Did you mean "routes.GET /users.maxStatements"?',
  )
})
