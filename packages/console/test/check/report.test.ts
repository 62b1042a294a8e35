import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { entryOf } from '../../dist/check/entry.js'
import { annotations } from '../../dist/check/github.js'
import { reportOf } from '../../dist/check/report.js'
import type { Trace } from '../../dist/model.js'
import { allIn } from '../diagnose/kinds.js'
import { draw } from '../draw.js'

const loop = `
  GET /users  ======================  server
    users     ==                      select id from users
    address      == == == == ==       select street from addresses where user_id = $1  #* at=src/a.ts:7`
const clean = `
  GET /users  ====                    server
    users     ==                      select id from users`
const calls = (port: number) => `
  GET /prices  ======================  server
    price      == == == == ==          call GET 127.0.0.1:${port}/prices/:id`

const ended = { code: 0, signal: null }
const report = (traces: readonly Trace[], known: readonly string[] = []) =>
  reportOf(
    traces,
    known.map(id => ({ id, kind: 'n-plus-one' as const, route: 'GET /users', subject: 's' })),
    [],
    ended,
    [],
  )

describe('a report of a run', () => {
  test('takes one request of many that shows a loop for enough', () => {
    const { new: found, requests } = report([draw(clean), draw(clean), draw(loop), draw(clean)])
    assert.deepEqual([found.map(({ kind }) => kind), requests], [['n-plus-one'], 4])
  })

  test('says nothing of what only took long: a suite has no clock to go by', () => {
    const slow = `
      GET /users  ==================================================  server
        users     =================================================   select id from users where name = $1  #*`
    assert.deepEqual(report([draw(slow), draw(slow), draw(slow)]).new, [])
  })

  test('names a large result, by its bytes, whether or not somebody has looked for its columns', () => {
    const attributes = { 'hotpath.returned.bytes': 2_000_000, 'db.response.returned_rows': 100 }
    const unused = ['a', 'b', 'c']
    const looks = { 'hotpath.columns.unused': unused, 'hotpath.columns.unused_bytes': 15_000 }
    for (const more of [{}, looks]) {
      const one = draw(clean, { users: { attributes: { ...attributes, ...more } } })
      const { new: found } = report([draw(clean), one])
      assert.deepEqual(
        found.map(({ kind, title }) => `${kind}: ${title}`),
        ['large-result: A result of 2\u2009MB'],
      )
    }
    const less = draw(clean, { users: { attributes: { 'hotpath.returned.bytes': 900_000 } } })
    assert.deepEqual(report([less]).new, [])
  })

  test('says nothing of what a detector of traffic names by times, looks or the way to the client', () => {
    const held = `
      POST /orders   ====================     server
        begin        =                        begin
        order         =                       insert into orders (id) values ($1) #*
        charge          ===========           call POST pay:80/charges at=src/pay.ts:9
        commit                      =         commit`
    const columns = {
      'db.response.returned_rows': 100,
      'hotpath.returned.bytes': 900_000,
      'hotpath.columns.unused': ['a', 'b', 'c'],
      'hotpath.columns.unused_bytes': 8_000,
    }
    const answer = {
      'http.response.body.size': 3_000_000,
      'hotpath.answer.type': 'json',
      'hotpath.answer.compressed': 'no',
      'hotpath.answer.fields': 50,
      'hotpath.fields.asked': 3,
      'hotpath.fields.unasked_bytes': 2_900_000,
    }
    const traces = [
      draw(held),
      draw(clean, { users: { attributes: columns } }),
      draw(clean, { 'GET /users': { attributes: answer } }),
      draw(clean, { users: { attributes: { 'hotpath.leak': 'connection' } } }),
    ]
    const kinds = new Set(traces.flatMap(trace => allIn([trace]).map(({ kind }) => kind)))
    for (const kind of [
      'chatty-transaction',
      'over-select',
      'over-fetch',
      'connection-leak',
    ] as const)
      assert.ok(kinds.has(kind), kind)
    assert.deepEqual(report(traces).new, [])
  })

  test('knows a finding again, whatever port its server took, and whoever runs the tests', () => {
    const other = draw(calls(40_124), { 'GET /prices': { service: 'vitest' } })
    const [first] = report([draw(calls(40_123))]).new
    const again = report([other], [first?.id ?? ''])
    assert.equal(first?.subject, 'GET 127.0.0.1/prices/:id')
    assert.deepEqual([again.new, again.known.length, again.unseen], [[], 1, []])
  })

  for (const host of ['localhost', '[::1]', '::1', '[::]', '0.0.0.0'])
    test(`knows the same port of ${host} again`, () => {
      const [found] = allIn([draw(calls(80))])
      assert.ok(found)
      const at = (port: number) => entryOf({ ...found, subject: `GET ${host}:${port}/prices/:id` })
      assert.equal(at(40_123).subject, `GET ${host}/prices/:id`)
      assert.equal(at(40_123).id, at(40_124).id)
    })

  for (const host of ['prices', 'my-localhost', '10.127.0.0.1'])
    test(`keeps the port of ${host}`, () => {
      const [found] = report([draw(calls(80).replaceAll('127.0.0.1', host))]).new
      assert.equal(found?.subject, `GET ${host}:80/prices/:id`)
    })

  test('keeps calls to other machines apart by their port', () => {
    const [found] = report([draw(calls(80).replaceAll('127.0.0.1', 'prices'))]).new
    assert.equal(found?.subject, 'GET prices:80/prices/:id')
  })

  test('lists what the baseline has and the run has not', () => {
    assert.deepEqual(
      report([draw(clean)], ['00000000']).unseen.map(({ id }) => id),
      ['00000000'],
    )
  })
})

describe('an annotation', () => {
  test('cannot be left by what telemetry says', () => {
    const trace = draw(loop, {
      'GET /users': { attributes: { 'http.route': '/a,b:c%\n::error::x' } },
    })
    const lines = annotations(report([trace]), '/clone/api', '/clone')
    assert.equal(lines.length, 1)
    const [line = ''] = lines
    assert.ok(!line.includes('\n'))
    assert.match(
      line,
      /^::error file=api\/src\/a\.ts,line=7,title=5 queries in a loop · GET \/a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3Ax::5 calls/,
    )
  })
})
