import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findings } from '../../dist/diagnose/findings.js'
import type { Counted } from '../../dist/diagnose/material.js'
import type { Histogram, Trace } from '../../dist/model.js'
import { draw } from '../draw.js'

const lookup = 'select * from users where email = $1'

/** All calls of a statement, in milliseconds, as its histogram. */
function calls(text: string, ms: readonly number[]): Counted {
  return { service: 'shop', attributes: { 'db.query.text': text }, histogram: histogramOf(ms) }
}

function histogramOf(ms: readonly number[]): Histogram {
  const seconds = ms.map(value => value / 1e3)
  const indexes = seconds.map(value => Math.ceil(Math.log2(value) * 16) - 1)
  const offset = Math.min(...indexes)
  const buckets = Array.from({ length: Math.max(...indexes) - offset + 1 }, () => 0)
  for (const index of indexes) buckets[index - offset] = (buckets[index - offset] ?? 0) + 1
  const sum = seconds.reduce((a, b) => a + b, 0)
  return { count: ms.length, sum, scale: 4, zeroCount: 0, offset, buckets }
}

function times(n: number, ms: number): number[] {
  return Array.from({ length: n }, () => ms)
}

/** `n` requests that look the same. */
function requests(n: number, picture: string, changes = {}): Trace[] {
  return Array.from({ length: n }, () => draw(picture, changes))
}

const find = (
  traces: readonly Trace[],
  statements: readonly Counted[] = [],
  routes: readonly Counted[] = [],
) => findings({ traces, statements, routes })

/** 40 ms of a request of 60 ms. */
const slow = `
  GET /lookup   ======    server
    user         ====     ${lookup} #a r=1
`

describe('a slow statement is named', () => {
  test('when its typical call takes over 10 ms and its quick ones are no look-ups', () => {
    const [one, ...others] = find(requests(3, slow), [calls(lookup, times(80, 40))])
    assert.equal(others.length, 0)
    assert.equal(one?.kind, 'slow-statement')
    assert.match(one?.title ?? '', /^Slow query: 40\u2009ms for 1 row$/)
    assert.deepEqual(
      one?.fixes.map(fix => fix.text),
      ['create index concurrently on users (email);', `explain (generic_plan) ${lookup}`],
    )
    assert.deepEqual(
      one?.fixes.map(fix => fix.check),
      [undefined, true],
    )
  })

  test('by the sampled calls when few were counted, from the second request on', () => {
    assert.equal(find(requests(2, slow)).length, 1)
  })

  test('beside others that are quick: the database is near', () => {
    const near = ['a', 'b', 'c'].map(table => calls(`select * from ${table}`, times(50, 0.4)))
    assert.equal(find(requests(3, slow), [calls(lookup, times(80, 15)), ...near]).length, 1)
  })

  test('beside others of which most are slow as well', () => {
    const scans = ['a', 'b', 'c', 'd'].map(table => calls(`select * from ${table}`, times(50, 45)))
    const near = calls('select * from e', times(50, 0.5))
    assert.equal(find(requests(3, slow), [calls(lookup, times(80, 40)), ...scans, near]).length, 1)
  })
})

describe('a statement is not called slow', () => {
  test('when a busy machine delays it: one call in ten shows that it is a look-up', () => {
    const noisy = [...times(15, 0.8), ...times(85, 60)]
    assert.deepEqual(find(requests(3, slow), [calls(lookup, noisy)]), [])
  })

  test('when its typical call is quick and only the slow requests were sampled', () => {
    assert.deepEqual(
      find(requests(3, slow), [calls(lookup, [...times(70, 0.8), ...times(10, 60)])]),
      [],
    )
  })

  test('when most of the fairly sampled requests do not show it', () => {
    const quick = 'GET /lookup   ======   server'
    const kept = (reason: string) => ({ 'GET /lookup': { attributes: attributes(reason) } })
    const traces = [
      ...requests(4, slow, kept('slow')),
      ...requests(4, quick, kept('ordinary')),
      ...requests(2, slow, kept('ordinary')),
    ]
    assert.deepEqual(find(traces, [calls(lookup, times(80, 40))]), [])
  })

  test('when every statement is as far away', () => {
    const far = ['a', 'b', 'c'].map(table => calls(`select * from ${table}`, times(50, 38)))
    assert.deepEqual(find(requests(3, slow), [calls(lookup, times(80, 41)), ...far]), [])
  })

  test('when a saturated machine stretches most of its neighbours as much', () => {
    const stretched = [...times(20, 3), ...times(80, 22)]
    const busy = ['a', 'b', 'c', 'd'].map(table => calls(`select * from ${table}`, stretched))
    const course = [...times(20, 8), ...times(80, 25)]
    assert.deepEqual(find(requests(3, slow), [calls(lookup, course), ...busy]), [])
    const scan = [...times(20, 40), ...times(80, 70)]
    assert.equal(find(requests(3, slow), [calls(lookup, scan), ...busy]).length, 1)
  })

  test('when the machine stretches most statements to twice their time, and its quick calls are no scan', () => {
    const named = (typicalMs: number) => {
      const course = [...times(20, 0.8), ...times(80, typicalMs)]
      const others = ['a', 'b', 'c', 'd'].map(table => calls(`select * from ${table}`, course))
      return find(requests(3, slow), [
        calls(lookup, [...times(20, 6), ...times(80, 20)]),
        ...others,
      ])
    }
    assert.deepEqual(named(2.4), [])
    assert.equal(named(1.2).length, 1)
  })

  test('when it always runs beside others, of which none is quick: they delay each other', () => {
    const page = `
      GET /page   ======   server
        user       ====    ${lookup} #a r=1
        a          ====    select * from a
        b          ====    select * from b
    `
    const named = (quickMs: number) =>
      find(requests(3, page), [calls(lookup, [...times(20, quickMs), ...times(80, 40)])])
        .filter(({ subject }) => subject === lookup)
        .map(({ kind }) => kind)
    assert.deepEqual(named(7), [])
    assert.deepEqual(named(15), ['slow-statement'])
    const alone = calls(lookup, [...times(20, 7), ...times(80, 40)])
    assert.equal(find(requests(3, slow), [alone]).length, 1)
  })

  test('when it brings as many rows as take that long', () => {
    const list = `
      GET /all   ======   server
        all       ====    select * from users r=4000
    `
    assert.deepEqual(
      find(requests(3, list), [calls('select * from users', times(80, 40))]).map(
        ({ kind }) => kind,
      ),
      ['unbounded-list'],
    )
  })

  test('after one request', () => {
    const several = [...requests(1, slow), ...requests(3, 'GET /lookup   ======   server')]
    assert.deepEqual(find(several, [calls(lookup, times(80, 40))]), [])
  })

  test('when it is a part of a loop: the loop is the cause', () => {
    const loop = `
      GET /users   ========================   server
        address     === === === === ===       select * from addresses where user_id = $1 #*
    `
    assert.deepEqual(
      find(requests(3, loop)).map(({ kind }) => kind),
      ['n-plus-one'],
    )
  })
})

const loop = `
  GET /users   ===================   server
    users       =                    select id from users
    address       == == == == == ==  select street from addresses where user_id = $1 #* r=1 at=src/users.ts:27
`

describe('a loop', () => {
  test('is named after a single request: it is there or not', () => {
    const [one] = find(requests(1, loop))
    assert.equal(one?.title, '6 queries in a loop')
    assert.deepEqual(one?.where, { file: 'src/users.ts', line: 27 })
    assert.deepEqual(one?.evidence.sentences, [
      '6 calls of one statement, 6 different parameters, one after another.',
      'In trace 11111111, 120\u2009ms of 190\u2009ms: 63\u2009% of that request.',
      'Each call takes 20\u2009ms and returns 1 row.',
      'Seen in the one request that was recorded.',
    ])
    assert.equal(
      one?.fixes[0]?.text,
      'select user_id, street from addresses where user_id = any($1)',
    )
  })

  test('names the trace of its sentences first, then those in which it took longest', () => {
    const traceOf = (n: number) => {
      const trace = draw(loop.replaceAll('==', '='.repeat(n)))
      const traceId = String(n).repeat(32)
      return { ...trace, traceId, spans: trace.spans.map(span => ({ ...span, traceId })) }
    }
    const [one] = find([1, 2, 3].map(traceOf))
    assert.ok(one)
    const [named, longest] = one.evidence.traces
    assert.match(
      one.evidence.sentences.join(' '),
      new RegExp(`In trace ${named?.traceId.slice(0, 8)},`),
    )
    assert.equal(named?.traceId[0], '2')
    assert.equal(longest?.traceId[0], '3')
    assert.ok(longest.durationMs > named.durationMs)
  })

  test('in one of many requests is a cache that was filled, not a finding', () => {
    assert.deepEqual(find([...requests(1, loop), ...requests(9, 'GET /users   ===   server')]), [])
  })

  test('has the call site that only the first requests of a route carry', () => {
    const later = requests(4, loop.replace(' at=src/users.ts:27', ''))
    assert.equal(find([...later, ...requests(1, loop)])[0]?.where?.line, 27)
  })

  test('costs its share of all requests of the route, those that were not sampled too', () => {
    const attributes = { 'http.request.method': 'GET', 'http.route': '/users' }
    const all = { service: 'shop', attributes, histogram: histogramOf(times(100, 190)) }
    const [one] = find(requests(4, loop), [], [all])
    assert.equal(Math.round(one?.cost.msPerRequest ?? 0), 120)
    assert.equal(Math.round((one?.cost.totalMs ?? 0) / 100), 120)
  })
})

test('ids are the same in each run, and other for another route', () => {
  const [one] = find(requests(2, loop))
  const [again] = find(requests(5, loop.replace(' at=src/users.ts:27', '')))
  const [other] = find(requests(2, loop.replace('GET /users ', 'GET /people')))
  assert.match(one?.id ?? '', /^[0-9a-f]{8}$/)
  assert.equal(one?.id, again?.id)
  assert.notEqual(one?.id, other?.id)
})

function attributes(reason: string) {
  return {
    'http.request.method': 'GET',
    'http.route': '/lookup',
    'hotpath.sampled.reason': reason,
  }
}
