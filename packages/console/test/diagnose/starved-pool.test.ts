import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findings } from '../../dist/diagnose/findings.js'
import { type Measured, poolsOf, withPools } from '../../dist/diagnose/pools.js'
import type { Attributes, Finding, Histogram } from '../../dist/model.js'
import { draw } from '../draw.js'

const pool = { 'db.client.connection.pool.name': 'db:5432/shop' }
const named = { wait: { attributes: pool } }

/** 60 ms of a request of 80 ms. */
const starved = `
  GET /orders   ========     server
    wait        ======       waiting
`
const two = (picture: string) => [draw(picture, named), draw(picture, named)]
const find = (picture: string): Finding[] =>
  findings({ traces: two(picture), statements: [], routes: [] })

describe('a starved pool is named', () => {
  test('when a request waits for a connection before each of its few statements', () => {
    const [one, ...others] = find(starved)
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'starved-pool')
    assert.equal(one.subject, 'db:5432/shop')
    assert.equal(one.route, 'GET /orders')
    assert.equal(one.title, 'Waiting 60\u2009ms for a connection')
    assert.match(one.evidence.sentences.join(' '), /60\u2009ms of 80\u2009ms: 75\u2009%/)
    assert.equal(one.evidence.traces[0]?.spanIds.length, 1)
  })

  test('and not for waits of a loop, which go with the loop', () => {
    const kinds = find(`
  GET /orders   =======================     server
    wait        = = = = = = = = = =         waiting
    orders       = = = = = = = = = =        select * from orders where id = $1 #*
`).map(({ kind }) => kind)
    assert.deepEqual(kinds, ['n-plus-one'])
  })

  test('and not for a wait in a request that takes far longer', () => {
    const long = `
  GET /orders   ${'='.repeat(40)}     server
    wait        =       waiting
`
    assert.deepEqual(find(long), [])
  })
})

/** 400 a second for 12 ms each, in each of two processes: 4.8 are in use. */
const load: Measured = {
  uses: [{ service: 'shop', attributes: pool, histogram: uses(400 * 2 * 60, 0.012) }],
  levels: ['a', 'b'].flatMap(instance => [
    level('max', instance, [5, 5]),
    level('count', instance, [5, 4.6], { 'db.client.connection.state': 'used' }),
    level('count', instance, [0, 0.4], { 'db.client.connection.state': 'idle' }),
  ]),
  processes: ['a', 'b'].map(instance => ({
    service: 'shop',
    instance,
    firstMs: 1_000_000,
    lastMs: 1_060_000,
  })),
  counters: [],
}

describe('what was measured of a pool', () => {
  test('says how many connections it needs, and for how many processes', () => {
    const [one] = withPools(find(starved), poolsOf(load))
    const said = one?.evidence.sentences.at(-1) ?? ''
    assert.match(said, /The pool has 5 in each of 2 processes; 400 a second/)
    assert.match(said, /after 12\u2009ms on average, which keeps 4\.8 in use/)
    assert.match(one?.fixes[0]?.text ?? '', /^new Pool\(\{ max: 10 \}\)$/)
    assert.match(one?.fixes[0]?.note ?? '', /^Set max to 10: 4\.8 are in use on average/)
    assert.equal(one?.fixes[1]?.text, 'show max_connections')
    assert.match(one?.fixes[1]?.title ?? '', /20 connections of 2 processes/)
  })

  test('is weighed against what the server has, where it was asked', () => {
    const room = (value: number) => ({
      ...load,
      levels: [...load.levels, serverMax('a', value), serverMax('b', value)],
    })
    const [enough] = withPools(find(starved), poolsOf(room(100)))
    assert.equal(enough?.fixes[0]?.title, 'Give the pool 10 connections')
    assert.ok(!enough?.fixes.some(({ text }) => text === 'show max_connections'))
    // 10 for others, and 7 for each of two.
    const [less] = withPools(find(starved), poolsOf(room(24)))
    assert.equal(less?.fixes[0]?.text, 'new Pool({ max: 7 })')
    const [none] = withPools(find(starved), poolsOf(room(20)))
    assert.match(none?.fixes[0]?.title ?? '', /the server has no more/)
    assert.match(none?.fixes[0]?.note ?? '', /^The server has room for 5 in each of 2 instances/)
  })

  test('is said of no pool that had connections left all the time', () => {
    const large = { ...load, levels: [level('max', 'a', [40])] }
    assert.deepEqual(withPools(find(starved), poolsOf(large)), [])
  })

  test('is measured when it was busiest: idle time of the window makes no pool large enough', () => {
    // 0.24 in use on average, but 4.8 in the one step of twenty in which requests waited.
    const idle = Array<number>(19).fill(0)
    const bursts = {
      ...load,
      uses: [{ service: 'shop', attributes: pool, histogram: uses(20 * 2 * 60, 0.012) }],
      levels: ['a', 'b'].flatMap(instance => [
        level('max', instance, [5, ...idle.map(() => 5)]),
        level('count', instance, [4.8, ...idle], { 'db.client.connection.state': 'used' }),
        level('pending_requests', instance, [7, ...idle]),
      ]),
    }
    const [one] = withPools(find(starved), poolsOf(bursts))
    assert.match(one?.evidence.sentences.at(-1) ?? '', /While requests waited, 4\.8 were in use\.$/)
    assert.match(one?.fixes[0]?.title ?? '', /^Give the pool 10 connections/)
  })

  test('is for the processes that are there at the same time, with the size that they have now', () => {
    // Started again twice: 3, 4 and now 5 connections; b stayed.
    const first = { service: 'shop', firstMs: 1_000_000, lastMs: 1_010_000 }
    const restarted = {
      ...load,
      levels: [
        level('max', 'gone', [3]),
        level('max', 'gone too', [3, 4]),
        level('max', 'a', [4, 4, 5]),
        level('max', 'b', [5, 5, 5]),
      ],
      processes: [
        { ...first, instance: 'gone' },
        { ...first, instance: 'gone too', firstMs: 1_011_000, lastMs: 1_020_000 },
        { ...first, instance: 'a', firstMs: 1_021_000, lastMs: 1_081_000 },
        { ...first, instance: 'b', lastMs: 1_081_000 },
      ],
    }
    const [one] = withPools(find(starved), poolsOf(restarted))
    assert.match(one?.evidence.sentences.at(-1) ?? '', /The pool has 5 in each of 2 processes/)
    assert.match(one?.fixes[1]?.title ?? '', /of 2 processes/)
  })

  test('tells connections that do not come back: more are lent than what comes back accounts for', () => {
    // 20 a second for 12 ms keep 0.24 in use, but 5 are lent all the time.
    const kept = {
      ...load,
      uses: [{ service: 'shop', attributes: pool, histogram: uses(20 * 2 * 60, 0.012) }],
    }
    const [one] = withPools(find(starved), poolsOf(kept))
    assert.equal(one?.title, 'Waiting 60\u2009ms for a connection: some do not come back')
    assert.match(one?.evidence.sentences.at(-1) ?? '', /^4\.8 are lent on average/)
    assert.deepEqual(
      one?.fixes.map(({ kind }) => kind),
      ['code', 'config'],
    )
    assert.doesNotMatch(one?.fixes.map(({ text }) => text).join(' ') ?? '', /max:/)
  })

  test('tells connections that were reported as leaks', () => {
    const leaks = {
      name: 'hotpath.pool.leaks',
      service: 'shop',
      instance: 'a',
      startNs: 0n,
      endNs: 1n,
      attributes: pool,
      value: 3,
    }
    const [one] = withPools(find(starved), poolsOf({ ...load, counters: [leaks] }))
    assert.match(one?.title ?? '', /some do not come back$/)
    assert.match(one?.evidence.sentences.at(-1) ?? '', /^3 connections were reported/)
  })

  test('is of its own service and pool alone', () => {
    const other = poolsOf(load).map(facts => ({ ...facts, service: 'billing' }))
    assert.deepEqual(withPools(find(starved), other), find(starved))
  })
})

describe('a connection-leak is named', () => {
  const leaking = `
  GET /orders   ========     server
    leak         =======     internal
`
  const leak = {
    leak: {
      name: 'leak: connection',
      attributes: {
        ...pool,
        'hotpath.leak': 'connection',
        'code.file.path': 'src/orders.ts',
        'code.line.number': 9,
      },
    },
  }
  const traces = [draw(leaking, leak), draw(leaking, leak)]

  test('with the place that borrowed it, and no cost of its own', () => {
    const [one, ...others] = findings({ traces, statements: [], routes: [] })
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'connection-leak')
    assert.deepEqual(one.where, { file: 'src/orders.ts', line: 9 })
    assert.equal(one.cost.totalMs, 0)
    assert.match(one.fixes[0]?.text ?? '', /finally/)
  })

  test('and not after one request of many: a long job holds one, too', () => {
    const quick = draw(leaking.replace(/^ +leak.*$/m, ''))
    const [first] = traces
    assert.ok(first)
    assert.deepEqual(findings({ traces: [first, quick], statements: [], routes: [] }), [])
  })

  test('with what others wait for it, which is no finding of its own', () => {
    const all = findings({ traces: [...traces, ...two(starved)], statements: [], routes: [] })
    assert.deepEqual(all.map(({ kind }) => kind).sort(), ['connection-leak', 'starved-pool'])
    const [one, ...others] = withPools(all, poolsOf(load))
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'connection-leak')
    assert.equal(one.cost.totalMs, 120)
    assert.match(one.evidence.sentences.at(-1) ?? '', /120\u2009ms in all: GET \/orders\.$/)
  })
})

function level(what: string, instance: string, values: number[], more: Attributes = {}) {
  return {
    name: `db.client.connection.${what}`,
    service: 'shop',
    instance,
    attributes: { ...pool, ...more },
    steps: values.map((value, i) => ({ startMs: i * 10_000, value })),
  }
}

function serverMax(instance: string, value: number) {
  return { ...level('max', instance, [value]), name: 'hotpath.pool.server_max' }
}

function uses(count: number, seconds: number): Histogram {
  return {
    count,
    sum: count * seconds,
    scale: 4,
    zeroCount: 0,
    offset: Math.ceil(Math.log2(seconds) * 16) - 1,
    buckets: [count],
  }
}
