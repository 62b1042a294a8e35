import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { draw } from '../draw.js'
import { allIn, find, findingsIn, kinds } from './kinds.js'

describe('an unbounded-list is named', () => {
  const list = `
  GET /reviews   ======     server
    reviews      ==         select * from reviews order by written_at r=5000
`
  test('when a SELECT without a limit returns thousands of rows, with the work on them', () => {
    const [one, ...others] = find(list)
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'unbounded-list')
    assert.equal(one.title, 'A list of 5,000 rows without a limit')
    assert.equal(one.cost.share, 1)
  })

  for (const [why, text] of [
    ['with a limit', 'select * from reviews order by id limit $1 #* r=5000'],
    ['with FETCH FIRST', 'select * from reviews order by id fetch first 5000 rows only r=5000'],
    ['of a few hundred rows', 'select * from countries r=249'],
    ['when the telemetry tells no rows', 'select * from reviews order by written_at'],
  ] as const)
    test(`and not ${why}`, () => {
      assert.deepEqual(kinds(list.replace(/select .*$/m, text)), [])
    })
})

describe('sequential-statements are named', () => {
  const report = (first: string, second: string) =>
    `
  GET /sales   =========     server
    a          ===           ${first}
    b              ====      ${second}
`.replace('              ====', '             ====')
  const sums = 'select branch, sum(total) from orders group by branch'
  const named = (picture: string) => kinds(picture).includes('sequential-statements')

  test('when the second has no parameters', () => {
    const found = find(report(sums, 'select product, count(*) from lines group by product'))
    const [one] = found.filter(({ kind }) => kind === 'sequential-statements')
    assert.equal(one?.subject, 'select product, count(*) from lines group by product')
    assert.equal(one.cost.msPerRequest, 30)
    assert.match(
      one.evidence.sentences[0] ?? '',
      /It waits for `select branch, sum\(total\) from orders/,
    )
  })

  /** Three requests, in each of which the signs after # are others. */
  const three = (first: string, second: string) =>
    findingsIn(
      ['1', '2', '3'].map(n => draw(report(first, second).replaceAll('#n', `#n${n}`))),
    ).some(({ kind }) => kind === 'sequential-statements')

  test('when its literals never change', () => {
    assert.ok(named(report(sums, 'select * from lines limit ? #k')))
  })

  test('when its parameters are those of the first, whatever the first asks for', () => {
    assert.ok(three('select * from a where u = $1 #n', 'select * from b where u = $1 #n'))
  })

  test('and not when they are always the same: the first may return the same each time', () => {
    assert.ok(!three('select * from a where at > $1 #n', 'select * from b where a in ($1) #k'))
    assert.ok(!three('select * from a where u = $1 #n', 'select * from b where kind = $1 #k'))
  })

  test('and not when its parameters differ from the first one’s: they may come from it', () => {
    assert.ok(!three('select * from a where u = $1 #u', 'select * from b where a = $1 #n'))
  })

  test('and not when every request asked for the same: they may come from anywhere', () => {
    assert.ok(!three('select * from a where u = $1 #u', 'select * from b where a = $1 #k'))
    assert.ok(!three('select * from a where u = $1 #u', 'select * from b where u = $1 #u'))
    assert.ok(!three(sums, 'select * from lines limit $1 #k'))
  })

  test('and not when something was written between them', () => {
    const between = `
  GET /sales   =========     server
    a          ===           ${sums}
    b             =          update seen set at = now()
    c              ====      select count(*) from lines
`
    assert.ok(!named(between))
  })

  test('and not when the telemetry does not tell them', () => {
    assert.ok(!named(report(sums, 'select * from lines where id = $1')))
  })

  test('and not within a transaction, for writes, or where rows are locked', () => {
    const within = `
  GET /sales   ===========     server
    begin      =               begin
    a           ===            ${sums}
    b              ====        select count(*) from lines
    commit             =       commit
`
    assert.ok(!named(within))
    assert.ok(!named(report('update a set b = 1', 'select count(*) from lines')))
    assert.ok(!named(report(sums, 'select count(*) from lines for update')))
  })

  test('and not when they run together, or with work between them', () => {
    assert.ok(
      !named(
        report(sums, 'select count(*) from lines').replace('             ====', '          ===='),
      ),
    )
    assert.ok(
      !named(
        report(sums, 'select count(*) from lines').replace(
          '             ====',
          '               ==',
        ),
      ),
    )
  })
})

describe('connection-churn is named', () => {
  const churn = `
  GET /hours   ==========     server
    connect    =======        connecting
    hours             ==      select * from hours where branch = $1 #*
`
  const ours = {
    'GET /hours': { attributes: { ...route('/hours'), 'hotpath.sampled.reason': 'ordinary' } },
  }

  test('when requests open a connection each; our recorder can lend pooled ones', () => {
    const [one, ...others] = find(churn, ours)
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'connection-churn')
    assert.equal(one.title, '1 new connection for each request')
    assert.deepEqual(
      one.fixes.map(({ kind }) => kind),
      ['code', 'config'],
    )
  })

  test('and what the first statement on a new connection takes is the connection’s', () => {
    const slowFirst = `
  GET /hours   ==========     server
    connect    ==             connecting
    hours        =======      select * from hours where branch = $1 #*
`
    const all = allIn([0, 1, 2].map(() => draw(slowFirst)))
    assert.deepEqual(
      all.map(({ kind }) => kind),
      ['connection-churn'],
    )
  })

  test('and the fix is of code alone where another tracer reports', () => {
    assert.deepEqual(
      find(churn)[0]?.fixes.map(({ kind }) => kind),
      ['code'],
    )
  })

  const pooled = `
  GET /hours   ==========     server
    wait       =======        waiting
      connect  =======        connecting
    hours             =       select * from hours where branch = $1 #*
`
  test('when a pool opens one for most requests, but for its first ones', () => {
    assert.deepEqual(kinds(pooled, ours), ['connection-churn'])
    const first = {
      'GET /hours': { attributes: { ...route('/hours'), 'hotpath.sampled.reason': 'new' } },
    }
    assert.deepEqual(kinds(pooled, first), [])
  })

  test('and not when one request in three opens one', () => {
    const kept = `
  GET /hours   ==========     server
    hours             ==      select * from hours where branch = $1 #*
`
    assert.deepEqual(findingsIn([draw(churn), draw(kept), draw(kept)]), [])
  })
})

function route(path: string) {
  return { 'http.request.method': 'GET', 'http.route': path, 'http.response.status_code': 200 }
}
