import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { withinAllowance } from '../dist/answers/allowance.js'
import { judgeRows, KeptRows, unusedColumns } from '../dist/answers/columns.js'
import { clock } from '../dist/clock.js'
import { templateOf } from '../dist/sql/template.js'
import { routeStats } from '../dist/trace/routes.js'

type Row = Readonly<Record<string, unknown>>
const template = templateOf('select * from users')
let routes = 0

interface Case {
  readonly rows: readonly Row[]
  readonly given?: readonly unknown[]
  readonly answer: unknown
  /** What the framework does with the JSON. */
  readonly written?: (json: string) => string
  readonly requests?: number
  readonly isOver?: () => boolean
}

/** The columns that are called unused after some requests with the same rows and the same answer. */
function unusedIn({ rows, given = [], answer, written, requests = 3, isOver }: Case) {
  const stats = routeStats('GET', `/unused/${routes++}`)
  const json = JSON.stringify(answer)
  for (let n = 0; n < requests; n++) {
    const kept = new KeptRows()
    kept.add(template, { rows, fields: Object.keys(rows[0] ?? {}) })
    kept.given(given)
    judgeRows(stats, kept, written?.(json) ?? json, isOver ?? (() => false))
  }
  return unusedColumns(stats, template)?.names
}

/** Rows with a column that nobody gets beside those of the case: each case shows that it would be told. */
const beside = (...columns: readonly Row[]): Row[] =>
  columns.map((row, n) => ({ name: `Annabel Lee ${n}`, left: `left out ${n}`, ...row }))
const named = (rows: readonly Row[], more: (row: Row) => Row) =>
  rows.map(row => ({ name: row['name'], ...more(row) }))

const uuid = (n: number) => `a1b2c3d4-e5f6-7a8b-9c0d-11223344556${n}`

describe('columns that reach no answer', () => {
  const cases: Record<string, Row[]> = {
    'cut within a pair of surrogates': beside(
      { motto: 'fifteen chars..😀 yes' },
      { motto: '15 more chars..😀 oh' },
    ),
    'padded with blanks': beside({ code: 'GERM    ' }, { code: 'FRAN    ' }),
    'with a letter that is another in lower case': beside(
      { motto: 'ΟΔΥΣΣΕΥΣ ΟΔΥΣΣΕΥΣ' },
      { motto: 'ODOS ΟΔΟΣ' },
    ),
  }
  for (const [how, rows] of Object.entries(cases))
    test(`are not those that are sent under another name, ${how}`, () => {
      const column = Object.keys(rows[0] ?? {})[2] as string
      const answer = named(rows, row => ({ says: String(row[column]).trim() }))
      assert.deepEqual(unusedIn({ rows, answer }), ['left'])
    })

  test('nor those in an address, nor UUIDs, which are written in many ways', () => {
    const rows = beside(
      { uid: uuid(1), target: '/a/b?x=y z' },
      { uid: uuid(2), target: '/c/d?x=y z' },
    )
    const answer = named(rows, row => ({
      token: String(row['uid']).replaceAll('-', ''),
      link: `/go?to=${encodeURIComponent(String(row['target']))}`,
    }))
    assert.deepEqual(unusedIn({ rows, answer }), ['left'])
  })

  test('nor those in an answer that is escaped for pages', () => {
    const rows = beside(
      { html: '<p>Hi Anne how are', text: 'Tom & Jerry' },
      { html: '<p>Hi Bert', text: 'Bert & Ernie' },
    )
    const answer = named(rows, ({ html, text }) => ({ text: html, more: text }))
    const written = (json: string) =>
      json.replaceAll(/[<>&]/g, c => `\\u00${c.charCodeAt(0).toString(16)}`)
    assert.deepEqual(unusedIn({ rows, answer, written }), ['left'])
  })

  test('nor those that go into a statement within a list', () => {
    const rows = beside({ key: 'usr_abcdef12' }, { key: 'usr_zzzzzz99' })
    const given = [['usr_abcdef12', 'usr_zzzzzz99']]
    assert.deepEqual(unusedIn({ rows, given, answer: named(rows, () => ({})) }), ['left'])
    const many = [Array.from({ length: 3_000 }, (_, n) => `usr_${n}`)]
    assert.equal(unusedIn({ rows, given: many, answer: named(rows, () => ({})) }), undefined)
  })

  test('nor those of which a part may be sent', () => {
    const rows = beside(
      { settings: { internal: 'hidden', theme: 'dark-blue' } },
      { settings: { internal: 'hiddenx', theme: 'light-red' } },
    )
    const answer = named(rows, row => ({ theme: (row['settings'] as { theme: string }).theme }))
    assert.deepEqual(unusedIn({ rows, answer }), ['left'])
  })

  test('are found by name in any case, also where strings of the answer hold quotes', () => {
    const rows = beside({ full_name: 'of the one' }, { full_name: 'of the other' })
    const answer = named(rows, () => ({ said: 'a "quote" \\', fullName: '...' }))
    assert.deepEqual(unusedIn({ rows, answer }), ['left'])
  })

  test('are not told of rows that the answer may not be about', () => {
    const answer = [{ state: 'open', text: 'of another' }]
    const row = (text: string) => ({ state: 'open', kind: 'in progress', text })
    assert.equal(unusedIn({ rows: [row('the first')], answer }), undefined)
    const both = [{ state: 'open', kind: 'in progress', text: 'of another' }]
    assert.equal(unusedIn({ rows: [row('the first'), row('the last')], answer: both }), undefined)
  })

  test('are told after three requests', () => {
    const rows = beside({}, {})
    const answer = named(rows, () => ({}))
    assert.equal(unusedIn({ rows, answer, requests: 2 }), undefined)
    assert.deepEqual(unusedIn({ rows, answer, requests: 3 }), ['left'])
  })
})

describe('a look into an answer', () => {
  const wide = (n: number) =>
    Object.fromEntries(
      Array.from({ length: 60 }, (_, c) => [`column_${c}`, `value ${c} of row ${n}`]),
    )

  test('stops when its time is over; what was not looked for is not known', () => {
    const rows = [wide(1), wide(2)]
    const answer = rows.map(row => ({ text: row['column_0'], other: row['column_59'] }))
    let asked = 0
    const after20 = () => ++asked % 20 === 0
    const found = unusedIn({ rows, answer, isOver: after20, requests: 9 }) ?? []
    assert.equal(asked, 9 * 20)
    assert.ok(!found.includes('column_0') && !found.includes('column_59'), found.join())
    assert.equal(unusedIn({ rows, answer, requests: 3 })?.length, 58)
    assert.equal(unusedIn({ rows, answer, isOver: () => true }), undefined)
  })

  test('reads nothing of a large document', () => {
    let read = 0
    const document = Object.defineProperty({}, 'text', { enumerable: true, get: () => read++ })
    const rows = beside({ document }, { document })
    assert.deepEqual(unusedIn({ rows, answer: named(rows, () => ({})) }), ['left'])
    assert.equal(read, 0)
  })

  test('is charged with what it took', () => {
    const spin = (ms: number) => {
      const endMs = clock.now() + ms
      while (clock.now() < endMs);
      return true
    }
    let looks = 0
    while (withinAllowance(() => spin(50)) === true && looks < 20) looks++
    assert.ok(looks >= 1 && looks < 20, `${looks} looks of 50 ms each`)
  })
})
