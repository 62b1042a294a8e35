import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { advance, enoughUnseen, type FindingRecord, routeKey } from '../../dist/standing/records.js'
import { draw } from '../draw.js'
import { findingsIn } from '../diagnose/kinds.js'

const loop = `
  GET /users  ======================  server
    address      == == == == ==       select street from addresses where user_id = $1  #*`
const seen = findingsIn([draw(loop)])
const came = (n: number) => new Map([[routeKey('shop', 'GET /users'), n]])
const statusOf = (records: readonly FindingRecord[]) => records.map(({ status }) => status)

describe('a finding', () => {
  test('is open from when it was seen first', () => {
    const first = advance([], seen, came(5), 1_000)
    const again = advance(first, seen, came(5), 2_000)
    assert.deepEqual(
      again.map(({ status, sinceMs, lastSeenMs, unseen }) => [status, sinceMs, lastSeenMs, unseen]),
      [['open', 1_000, 2_000, 0]],
    )
  })

  test('is fixed only after enough requests of its route, counted over many looks', () => {
    let records = advance([], seen, came(5), 1_000)
    records = advance(records, [], new Map([[routeKey('shop', 'GET /other'), 10_000]]), 2_000)
    assert.deepEqual(statusOf(records), ['open'], 'nobody asked for it')
    records = advance(records, [], came(enoughUnseen - 1), 3_000)
    assert.deepEqual(statusOf(records), ['open'])
    records = advance(records, [], came(1), 4_000)
    assert.deepEqual(
      records.map(({ status, sinceMs }) => [status, sinceMs]),
      [['fixed', 4_000]],
    )
  })

  test('that shows in between is not fixed by the sum of what was before', () => {
    let records = advance([], seen, came(5), 1_000)
    records = advance(records, [], came(enoughUnseen - 1), 2_000)
    records = advance(records, seen, came(1), 3_000)
    records = advance(records, [], came(1), 4_000)
    assert.deepEqual(statusOf(records), ['open'])
  })

  test('that comes back has regressed, and can be fixed again', () => {
    let records = advance([], seen, came(5), 1_000)
    records = advance(records, [], came(enoughUnseen), 2_000)
    records = advance(records, seen, came(1), 3_000)
    assert.deepEqual(
      records.map(({ status, sinceMs, firstMs, returns }) => [status, sinceMs, firstMs, returns]),
      [['regressed', 3_000, 1_000, 1]],
    )
    records = advance(records, seen, came(1), 4_000)
    assert.deepEqual([statusOf(records), records[0]?.sinceMs], [['regressed'], 3_000])
    records = advance(records, [], came(enoughUnseen), 5_000)
    assert.deepEqual(statusOf(records), ['fixed'])
  })

  test('is one of a thousand at most: those seen last stay', () => {
    const old = Array.from(
      { length: 1_200 },
      (_, i): FindingRecord => ({
        ...(advance([], seen, came(1), i)[0] as FindingRecord),
        id: String(i),
      }),
    )
    const kept = advance(old, seen, came(1), 5_000)
    assert.equal(kept.length, 1_000)
    assert.ok(kept.some(({ id }) => id === seen[0]?.id) && kept.every(({ id }) => id !== '0'))
  })
})
