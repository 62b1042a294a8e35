import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FindingsAnswer } from '../../dist/api/answers.js'
import { drawFinding } from '../../dist/cli/draw/findings.js'
import { bare } from '../../dist/cli/draw/screen.js'
import type { Finding } from '../../dist/model.js'
import type { FindingRecord } from '../../dist/standing/records.js'
import { toldOfAll, toldOfOne } from '../../dist/standing/told.js'
import { draw } from '../draw.js'
import { findingsIn } from '../diagnose/kinds.js'

const loop = (route: string): Finding => {
  const picture = `
    GET /x      ======================  server
      address      == == == == ==       select street from addresses where user_id = $1  #*`
  const [one] = findingsIn([draw(picture, { 'GET /x': { attributes: { 'http.route': route } } })])
  assert.ok(one)
  return one
}
const [a, b, c] = [loop('/a'), loop('/b'), loop('/c')]

/** What was found from 1,000 to 9,000. */
const answer: FindingsAnswer = {
  sinceMs: 1_000,
  untilMs: 9_000,
  service: null,
  services: ['shop'],
  newestMs: 9_000,
  notes: [],
  requests: 30,
  totalMs: 3_000,
  looked: [],
  findings: [a, b, c],
}

function recordOf(finding: Finding, more: Partial<FindingRecord>): FindingRecord {
  const { id, kind, service, route, subject, title } = finding
  const about = { id, kind, service, route, subject, title }
  const times = { sinceMs: 5_000, firstMs: 500, lastSeenMs: 4_000 }
  return {
    ...about,
    ...times,
    status: 'open',
    unseen: 120,
    looked: 30,
    returns: 0,
    history: [{ atMs: 500, what: 'opened' }],
    ...more,
  }
}

const known = (records: readonly FindingRecord[], ignore: readonly Finding[] = []) => ({
  records,
  ignoring: {
    rules: ignore.map(({ id }) => ({ id, reason: 'known', until: '2999-12-31' })),
    root: '/nowhere',
  },
  nowMs: 9_000,
})

describe('an answer about findings', () => {
  test('lists what is open; what was fixed within its window stands below, and says that it shows', () => {
    const told = toldOfAll(answer, known([recordOf(a, { status: 'fixed' })]))
    assert.deepEqual(
      told.findings.map(({ route, status }) => [route, status]),
      [
        ['GET /b', 'open'],
        ['GET /c', 'open'],
      ],
    )
    assert.deepEqual(
      told.fixed?.map(({ route, fixedMs, requests, shows }) => [route, fixedMs, requests, shows]),
      [['GET /a', 5_000, 120, true]],
    )
  })

  test('of a window that began after it was seen last says that it came back', () => {
    const later = { ...answer, sinceMs: 4_500 }
    const told = toldOfAll(later, known([recordOf(a, { status: 'fixed' })]))
    const [first] = told.findings
    assert.deepEqual([first?.route, first?.status], ['GET /a', 'regressed'])
    assert.equal(first?.standing?.sinceMs, undefined, 'since when, no look has seen')
    assert.deepEqual(told.fixed, [])
  })

  test('is of the service that was asked for, also of what was fixed', () => {
    const elsewhere = recordOf(a, { id: 'ffffffff', service: 'other', status: 'fixed' })
    const fixed = (service: string | null) =>
      toldOfAll({ ...answer, service }, known([elsewhere])).fixed?.length
    assert.deepEqual([fixed(null), fixed('other'), fixed('shop')], [1, 1, 0])
  })
})

describe('an answer about one', () => {
  test('has its place among those that are listed: ignored and fixed ones take none', () => {
    const rankOf = (finding: Finding, records: readonly FindingRecord[], ignore: Finding[]) =>
      toldOfOne(answer, finding.id, known(records, ignore)).rank
    assert.equal(rankOf(c, [], []), 3)
    assert.equal(rankOf(c, [], [a]), 2)
    assert.equal(rankOf(c, [recordOf(b, { status: 'fixed' })], [a]), 1)
    assert.equal(rankOf(a, [], [a]), null)
    assert.equal(rankOf(b, [recordOf(b, { status: 'fixed' })], []), null)
  })

  test('tells what became of it', () => {
    const history = [
      { atMs: 500, what: 'opened', version: '1.4.0' },
      { atMs: 5_000, what: 'fixed', version: '1.4.1' },
    ] as const
    const one = toldOfOne(answer, b.id, known([recordOf(b, { status: 'fixed', history })]))
    assert.equal(one.finding.status, 'fixed')
    assert.deepEqual(one.finding.standing?.history, history)
    const screen = { columns: 80, paint: bare, suggest: (command: string) => command }
    const drawn = drawFinding(one, screen).join('\n').replaceAll('\u2009', ' ')
    assert.match(drawn, /Fixed, 4 s ago: it shows in this window, and not in the requests since\./)
    assert.match(drawn, /HISTORY\n +fixed 4 s ago with version 1\.4\.1\n +opened 8 s ago with/)
  })

  test('is found by the first digits of its id, wherever it stands', () => {
    const ignoring = known([], [b])
    assert.equal(toldOfOne(answer, b.id.slice(0, 6).toUpperCase(), ignoring).finding.id, b.id)
    assert.throws(() => toldOfOne(answer, '00000000', ignoring), /No finding of this window/)
    assert.throws(() => toldOfOne(answer, '%E0%A4%A', ignoring), /an id of 8 hexadecimal digits/)
  })
})
