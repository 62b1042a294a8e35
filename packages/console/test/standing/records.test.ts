import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readRecords, writeRecords } from '../../dist/standing/file.js'
import {
  advance,
  enoughLooked,
  enoughUnseen,
  type FindingRecord,
  type Look,
  routeKey,
} from '../../dist/standing/records.js'
import { draw } from '../draw.js'
import { findingsIn } from '../diagnose/kinds.js'
import { withDirectory } from '../store-of.js'

const loop = `
  GET /users  ======================  server
    address      == == == == ==       select street from addresses where user_id = $1  #*`
const seen = findingsIn([draw(loop)])
const [{ id }] = seen as [(typeof seen)[number]]

/** A look at `requests` of its route, of which traces of `looked` were there. */
const at = (requests: number, looked = requests, more: Partial<Look> = {}): Look => ({
  seen: [],
  traffic: new Map([[routeKey('shop', 'GET /users'), { requests, looked }]]),
  ...more,
})
const showing = (more: Partial<Look> = {}): Look => at(5, 5, { seen, ...more })
const statusOf = (records: readonly FindingRecord[]) => records.map(({ status }) => status)
const historyOf = (records: readonly FindingRecord[]) => records[0]?.history

describe('a finding', () => {
  test('is open from when it was seen first', () => {
    const first = advance([], showing(), 1_000)
    const again = advance(first, showing(), 2_000)
    assert.deepEqual(
      again.map(({ status, sinceMs, lastSeenMs, unseen }) => [status, sinceMs, lastSeenMs, unseen]),
      [['open', 1_000, 2_000, 0]],
    )
  })

  test('is fixed only after enough requests of its route, counted over many looks', () => {
    let records = advance([], showing(), 1_000)
    const other = new Map([[routeKey('shop', 'GET /other'), { requests: 10_000, looked: 20 }]])
    records = advance(records, { seen: [], traffic: other }, 2_000)
    assert.deepEqual(statusOf(records), ['open'], 'nobody asked for it')
    records = advance(records, at(enoughUnseen - 1), 3_000)
    assert.deepEqual(statusOf(records), ['open'])
    records = advance(records, at(1), 4_000)
    assert.deepEqual(
      records.map(({ status, sinceMs }) => [status, sinceMs]),
      [['fixed', 4_000]],
    )
  })

  test('is not fixed by requests that were counted and not looked at', () => {
    let records = advance([], showing(), 1_000)
    records = advance(records, at(1_000_000, 0), 2_000)
    assert.deepEqual(statusOf(records), ['open'], 'no trace of its route arrived')
    records = advance(records, at(1_000, enoughLooked - 1), 3_000)
    assert.deepEqual(statusOf(records), ['open'])
    assert.deepEqual(statusOf(advance(records, at(1_000, 1), 4_000)), ['fixed'])
  })

  test('that shows in between is not fixed by the sum of what was before', () => {
    let records = advance([], showing(), 1_000)
    records = advance(records, at(enoughUnseen - 1), 2_000)
    records = advance(records, showing(), 3_000)
    records = advance(records, at(1, enoughLooked), 4_000)
    records = advance(records, at(enoughUnseen - 2, 0), 5_000)
    assert.deepEqual(statusOf(records), ['open'])
  })

  test('that comes back has regressed, and can be fixed again', () => {
    let records = advance([], showing(), 1_000)
    records = advance(records, at(enoughUnseen), 2_000)
    records = advance(records, showing(), 3_000)
    assert.deepEqual(
      records.map(({ status, sinceMs, firstMs, returns }) => [status, sinceMs, firstMs, returns]),
      [['regressed', 3_000, 1_000, 1]],
    )
    records = advance(records, showing(), 4_000)
    assert.deepEqual([statusOf(records), records[0]?.sinceMs], [['regressed'], 3_000])
    records = advance(records, at(enoughUnseen), 5_000)
    assert.deepEqual(statusOf(records), ['fixed'])
  })

  test('is one of a thousand at most: those seen last stay', () => {
    const old = Array.from(
      { length: 1_200 },
      (_, i): FindingRecord => ({
        ...(advance([], showing(), i)[0] as FindingRecord),
        id: String(i),
      }),
    )
    const kept = advance(old, showing(), 5_000)
    assert.equal(kept.length, 1_000)
    assert.ok(kept.some(one => one.id === id) && kept.every(one => one.id !== '0'))
  })
})

describe('its history', () => {
  test('tells each turn, with its time and what ran then', () => {
    const running = (version: string) => ({ versions: new Map([['shop', version]]) })
    let records = advance([], showing(running('1.4.0')), 1_000)
    records = advance(records, showing(running('1.4.0')), 2_000)
    records = advance(records, at(enoughUnseen, enoughUnseen, running('1.4.1')), 3_000)
    records = advance(records, showing(running('1.5.0')), 4_000)
    assert.deepEqual(historyOf(records), [
      { atMs: 1_000, what: 'opened', version: '1.4.0' },
      { atMs: 3_000, what: 'fixed', version: '1.4.1' },
      { atMs: 4_000, what: 'regressed', version: '1.5.0' },
    ])
  })

  test('tells when it was ignored, why, and when no longer', () => {
    const because = (reason: string) => ({ ignored: new Map([[id, reason]]) })
    let records = advance([], showing(), 1_000)
    records = advance(records, showing(because('JIRA-7')), 2_000)
    records = advance(records, showing(because('JIRA-7')), 3_000)
    records = advance(records, showing(because('JIRA-8')), 4_000)
    records = advance(records, showing(), 5_000)
    assert.deepEqual(historyOf(records)?.slice(1), [
      { atMs: 2_000, what: 'ignored', reason: 'JIRA-7' },
      { atMs: 4_000, what: 'ignored', reason: 'JIRA-8' },
      { atMs: 5_000, what: 'no longer ignored' },
    ])
  })

  test('has twenty turns at most: the first, and the latest', () => {
    let records = advance([], showing(), 0)
    for (let turn = 1; turn <= 30; turn++) {
      records = advance(records, at(enoughUnseen), turn * 10)
      records = advance(records, showing(), turn * 10 + 5)
    }
    const history = historyOf(records) ?? []
    assert.equal(history.length, 20)
    assert.deepEqual([history[0]?.what, history.at(-1)?.atMs], ['opened', 305])
  })
})

describe('the file of records', () => {
  const [record] = advance([], showing(), 1_000) as [FindingRecord]

  test('is read as it was written', () =>
    withDirectory(async directory => {
      const path = join(directory, 'records.json')
      writeRecords(path, [record])
      assert.deepEqual(readRecords(path), [record])
    }))

  test('of a version without looks and history is read all the same', () =>
    withDirectory(async directory => {
      const path = join(directory, 'records.json')
      const { looked: _, history: _history, ...older } = record
      writeFileSync(path, JSON.stringify({ version: 1, records: [older] }))
      assert.deepEqual(readRecords(path), [{ ...record, looked: 0, history: [] }])
    }))

  test('with anything else in it counts as none: findings are found again', () =>
    withDirectory(async directory => {
      const path = join(directory, 'records.json')
      for (const broken of [
        '{',
        'null',
        JSON.stringify({ version: 2, records: [record] }),
        JSON.stringify({ version: 1, records: [{ ...record, service: undefined }] }),
        JSON.stringify({ version: 1, records: [{ ...record, returns: 'twice' }] }),
      ]) {
        writeFileSync(path, broken)
        assert.deepEqual(readRecords(path), [], broken)
      }
    }))
})
