import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { overruns, requestsIn, unused } from '../../dist/diagnose/budgets.js'
import { draw } from '../draw.js'

const users = requestsIn([
  draw(`
  GET /users  ==========  server
    begin     =           begin
    users      ==         select id from users
    commit        =       commit`),
  draw('  GET /users  ==  server'),
  draw('  GET /users  ==  server'),
])

describe('a budget', () => {
  test('of statements is that of the request with the most, and BEGIN counts', () => {
    assert.deepEqual(overruns([{ route: 'GET /users', maxStatements: 2 }], users), [
      { route: 'GET /users', budget: 'maxStatements', limit: 2, measured: 3, requests: 3 },
    ])
    assert.deepEqual(overruns([{ route: 'GET /users', maxStatements: 3 }], users), [])
  })

  test('of time is that of the request in the middle: the first is cold', () => {
    assert.deepEqual(overruns([{ route: 'GET /users', maxMs: 20 }], users), [])
    const [over] = overruns([{ route: 'GET /users', maxMs: 19 }], users)
    assert.deepEqual([over?.budget, over?.measured], ['maxMs', 20])
  })

  test('for * holds on routes that have none of their own', () => {
    const budgets = [
      { route: '*', maxStatements: 0 },
      { route: 'GET /users', maxMs: 1_000 },
    ]
    assert.deepEqual(overruns(budgets, users), [])
    assert.equal(overruns([{ route: '*', maxStatements: 0 }], users).length, 1)
  })

  test('of a route that nobody asked is told', () => {
    const budgets = [{ route: '*' }, { route: 'GET /users' }, { route: 'GET /usres' }]
    assert.deepEqual(unused(budgets, users), ['GET /usres'])
  })

  test('counts no statement that a batch answered', () => {
    const [request] = requestsIn([
      draw(
        `
  GET /users  ==========  server
    users      ==         select id from users`,
        { users: { attributes: { 'hotpath.batch': 'served' } } },
      ),
    ])
    assert.equal(request?.statements, 0)
  })
})
