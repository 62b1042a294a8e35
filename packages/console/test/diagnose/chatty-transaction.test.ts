import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { find, kinds } from './kinds.js'

const charge = `
  POST /orders   ====================     server
    begin        =                        begin
    order         =                       insert into orders (id) values ($1) #*
    charge          ===========           call POST pay:80/charges at=src/pay.ts:9
    paid                       =          update orders set paid = $1 where id = $2 #*
    commit                      =         commit
`

describe('a chatty-transaction is named', () => {
  test('for a call between the first write and COMMIT, and not as a slow call besides', () => {
    const [one, ...others] = find(charge)
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'chatty-transaction')
    assert.equal(one.subject, 'insert into orders (id) values ($1)')
    assert.equal(one.title, 'A transaction is held open for 110\u2009ms')
    assert.match(one.evidence.sentences[0] ?? '', /1 call \(POST pay:80\/charges\)/)
    assert.match(one.fixes[0]?.note ?? '', /outbox/)
  })

  test('and for rows that are locked by a read', () => {
    const locked = charge.replace(/insert .*$/m, 'select * from orders where id = $1 for update #*')
    assert.deepEqual(kinds(locked), ['chatty-transaction'])
  })

  test('and for computing with locks held, once', () => {
    const blocked = { block: { attributes: { 'hotpath.blocked': true } } }
    const computing = charge.replace(/charge  (.*)call.*$/m, 'block   $1internal')
    assert.deepEqual(kinds(computing, blocked), ['chatty-transaction'])
  })

  test('and not before the first write, nor after COMMIT', () => {
    const before = charge.replace(/insert .*$/m, 'select * from orders where id = $1 #*')
    assert.deepEqual(kinds(before), ['slow-call'])
    const after = `
  POST /orders   ====================     server
    begin        =                        begin
    order         =                       insert into orders (id) values ($1) #*
    commit         =                      commit
    charge          =============         call POST pay:80/charges
    read                          =       select * from orders where id = $1 #*
`
    assert.deepEqual(kinds(after), ['slow-call'])
  })

  test('and not for a few statements more', () => {
    const loop = charge.replace(/^ +charge.*\n/m, '')
    assert.deepEqual(kinds(loop), [])
  })

  test('and not for a quick call, nor where two transactions overlap', () => {
    const quick = charge.replace(/=+( +call)/, '=          $1')
    assert.deepEqual(kinds(quick), [])
    const two = charge.replace(
      /^ +order .*\n/m,
      line => `${line}    other          =                      begin\n`,
    )
    assert.deepEqual(kinds(two), ['slow-call'])
  })
})
