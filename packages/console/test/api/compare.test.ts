import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answer } from '../../dist/api/answer.js'
import type { CompareAnswer } from '../../dist/api/answers.js'
import type { Store } from '../../dist/store/store.js'
import { traceOf, withStore } from '../store-of.js'

const startMs = 1_800_000_000_000
const ask = async (store: Store, a: string, b: string): Promise<CompareAnswer> =>
  (await answer(store, 'compare', new URLSearchParams({ a, b }), startMs + 60_000)) as CompareAnswer

/** Batched: one query for all addresses, and a cache is asked. */
const batched = `
  GET /users   =========   server
    cache       =          internal
    users        =         select id from users
    address        ==      select street from addresses where user_id = any($1)
`
/** In a loop. */
const loop = `
  GET /users   =====================   server
    users       =                      select id from users
    address       == == == == == ==    select street from addresses where user_id = $1
    audit                          =   insert into audit values ($1)
`

describe('two traces side by side', () => {
  const both = [{ spans: traceOf(1, startMs, batched) }, { spans: traceOf(2, startMs, loop) }]

  test('match by the path of names; a folded loop is one row; what one alone has stands after its siblings', () =>
    withStore(both, async store => {
      const { a, b, rows } = await ask(store, '0101', '02'.repeat(16))
      assert.deepEqual(
        rows.map(row => [row.name, row.depth, row.a?.count ?? null, row.b?.count ?? null]),
        [
          ['GET /users', 0, 1, 1],
          ['cache', 1, 1, null],
          ['users', 1, 1, 1],
          ['address', 1, 1, 6],
          ['audit', 1, null, 1],
        ],
      )
      const address = rows.find(row => row.name === 'address')
      assert.deepEqual(
        [address?.a, address?.b],
        [
          { count: 1, sumNs: 20e6, selfNs: 20e6, offsetNs: 40e6 },
          { count: 6, sumNs: 120e6, selfNs: 120e6, offsetNs: 30e6 },
        ],
      )
      assert.deepEqual([a.durationNs, b.durationNs, b.spans], [90e6, 210e6, 9])
    }))

  test('end in a sentence that names what makes the difference, whichever is the slower', () =>
    withStore(both, async store => {
      assert.match(
        (await ask(store, '0101', '0202')).verdict,
        /^The second takes 120.ms longer; most of it in address \(6 calls, against 1\): 100.ms more\.$/u,
      )
      assert.match((await ask(store, '0202', '0101')).verdict, /^The first takes 120.ms longer/u)
      assert.match((await ask(store, '0202', '0202')).verdict, /^Both take about 210.ms\.$/u)
    }))

  test('of different routes are compared from their roots on', () =>
    withStore(
      [
        { spans: traceOf(1, startMs, batched) },
        { spans: traceOf(2, startMs, loop.replace('/users', '/staff')) },
      ],
      async store => {
        const { rows, a, b } = await ask(store, '0101', '0202')
        assert.deepEqual([a.route, b.route], ['GET /users', 'GET /staff'])
        assert.equal(rows.filter(row => row.depth === 0).length, 1)
      },
    ))

  test('must both be given, and be there', () =>
    withStore(both, async store => {
      const one = (query: string): Promise<unknown> =>
        answer(store, 'compare', new URLSearchParams(query), startMs)
      await assert.rejects(one('a=0101'), { code: 'PARAMETER', message: /`b` must be the id/ })
      await assert.rejects(one('a=0101&b=ffff'), { code: 'TRACE_UNKNOWN' })
      await assert.rejects(one('a=0101&b=0202&since=1h'), { code: 'PARAMETER_UNKNOWN' })
    }))
})
