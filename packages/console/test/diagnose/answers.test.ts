import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assemble } from '../../dist/intake/assemble.js'
import type { AttributeValue, Trace } from '../../dist/model.js'
import { draw, type Drawn, spansOf } from '../draw.js'
import { find, findingsIn, kinds } from './kinds.js'

const page = `
  GET /reviews   ======     server
    reviews      ==         select * from reviews where product_id = $1 limit 100 r=100 #* at=src/reviews.ts:7
`
/** What the recorder tells of the request and of its statement. */
const told = (
  answer: Record<string, AttributeValue>,
  result: Record<string, AttributeValue> = {},
) => ({
  'GET /reviews': { attributes: answer },
  reviews: { attributes: result },
})

/** The page in a fraction of the time. */
const quicker = (changes: Record<string, Drawn>, times: number): Trace =>
  assemble(spansOf(page, changes).map(span => ({ ...span, durationNs: span.durationNs / times })))

describe('over-select is named', () => {
  const unused = {
    'hotpath.returned.columns': 9,
    'hotpath.returned.bytes': 90_000,
    'hotpath.columns.unused': ['remark', 'history', 'ip', 'agent'],
    'hotpath.columns.unused_bytes': 600,
  }
  test('where columns of many bytes never reach the answer, with their names', () => {
    const changes = told({}, { ...unused, 'hotpath.columns.unused_bytes': 60_000 })
    const [one, ...others] = find(page, changes)
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'over-select')
    assert.equal(one.title, '4 columns of 9 fetched for nothing')
    assert.match(one.evidence.sentences[0] ?? '', /: remark, history, ip, agent\./)
    assert.match(one.fixes[0]?.text ?? '', /^Ask reviews for the columns by name, without remark/)
    // What the database sent is the most that they can be: 400 fields, and 90 kB.
    assert.equal(one.cost.msPerRequest.toFixed(2), '1.05')
  })

  test('and not for a few bytes, nor for a hash beside what is sent', () => {
    assert.deepEqual(kinds(page, told({}, unused)), ['over-select'])
    const few = { ...unused, 'hotpath.columns.unused_bytes': 20 }
    assert.deepEqual(kinds(page, told({}, few)), [])
    const hash = { ...unused, 'hotpath.columns.unused': ['password_hash'] }
    assert.deepEqual(kinds(page, told({}, hash)), [])
  })

  test('and not for less than 10 kB, in a quick request either', () => {
    const of = (bytes: number) => quicker(told({}, { ...unused, ...size(bytes) }), 100)
    const size = (bytes: number) => ({ 'hotpath.columns.unused_bytes': bytes })
    assert.deepEqual(findingsIn([of(99), of(99)]), [])
    assert.deepEqual(
      findingsIn([of(100), of(100)]).map(({ kind }) => kind),
      ['over-select'],
    )
  })

  test('and not beside the list without a limit that fetches them', () => {
    const list = {
      reviews: {
        attributes: {
          ...unused,
          'db.query.text': 'select * from reviews',
          'db.response.returned_rows': 5_000,
        },
      },
    }
    assert.deepEqual(kinds(page, list), ['unbounded-list'])
  })
})

describe('over-fetch is named', () => {
  const ignored = {
    'http.response.body.size': 1_500,
    'hotpath.answer.fields': 50,
    'hotpath.fields.asked': 10,
    'hotpath.fields.unasked_bytes': 1_200,
  }
  test('where clients name fields and get all, however little it takes of the request', () => {
    const [one, ...others] = find(page, told(ignored))
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'over-fetch')
    assert.equal(one.title, '50 fields for 10 that were asked for')
    assert.deepEqual(one.where, { file: 'src/reviews.ts', line: 7 })
  })

  test('and not where an id and links come along, nor where nobody named any', () => {
    const links = { ...ignored, 'hotpath.answer.fields': 14 }
    assert.deepEqual(kinds(page, told(links)), [])
    const small = { ...ignored, 'hotpath.fields.unasked_bytes': 700 }
    assert.deepEqual(kinds(page, told(small)), [])
    const { 'hotpath.fields.asked': _, ...unasked } = ignored
    assert.deepEqual(kinds(page, told({ ...unasked, 'hotpath.answer.fields': 30 })), [])
  })

  test('where nobody named any, 40 fields are seen, and no gain is claimed', () => {
    const [one] = find(page, told({ 'hotpath.answer.fields': 50 }))
    assert.equal(one?.kind, 'wide-response')
    assert.equal(one.cost.totalMs, 0)
    assert.deepEqual(kinds(page, told({ 'hotpath.answer.fields': 39 })), [])
  })

  test('by those whose fields were counted: a busy machine does not look into all', () => {
    const counted = told({ 'hotpath.answer.fields': 67 })
    const all = [counted, counted, ...[0, 1, 2, 3].map(() => told({}))].map(one => draw(page, one))
    assert.deepEqual(
      findingsIn(all).map(({ kind }) => kind),
      ['wide-response'],
    )
  })
})

describe('a large answer', () => {
  const large = {
    'http.response.body.size': 800_000,
    'hotpath.answer.type': 'json',
    'hotpath.answer.compressed': 'unasked',
  }
  test('is named with the time that it takes to be made and sent', () => {
    const [one, ...others] = find(page, told(large))
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'large-payload')
    assert.equal(one.cost.msPerRequest, 40)
  })

  test('and not when it is a picture', () => {
    assert.deepEqual(kinds(page, told({ ...large, 'hotpath.answer.type': 'other' })), [])
  })

  test('is one finding with what makes it large: the result, the list, the columns', () => {
    const result = { 'hotpath.returned.bytes': 2_000_000 }
    assert.deepEqual(kinds(page, told(large, result)), ['large-result'])
    const uncompressed = { ...large, 'hotpath.answer.compressed': 'no' }
    assert.deepEqual(kinds(page, told(uncompressed, result)), ['large-result'])
    const list = told(uncompressed, {
      'db.query.text': 'select * from reviews',
      'db.response.returned_rows': 5_000,
      ...result,
    })
    assert.deepEqual(kinds(page, list), ['unbounded-list'])
  })

  test('is uncompressed where clients would take it so, and it would be small then', () => {
    const [one, ...others] = find(page, told({ ...large, 'hotpath.answer.compressed': 'no' }))
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'uncompressed')
    assert.equal(one.title, '800\u2009kB sent without compression')
  })

  test('is said once of a service: one remedy is for all routes', () => {
    const changes = told({ ...large, 'hotpath.answer.compressed': 'no' })
    const other = page.replace('GET /reviews', 'GET /archive')
    const found = findingsIn([
      ...[0, 1].map(() => draw(page, changes)),
      ...[0, 1].map(() => draw(other, { 'GET /archive': changes['GET /reviews'] })),
    ])
    assert.deepEqual(
      found.map(({ kind }) => kind),
      ['uncompressed'],
    )
    assert.match(found[0]?.evidence.sentences.at(-1) ?? '', /^So are GET \/(archive|reviews)\.$/)
    // Whichever of them is the dearest now: else it would be fixed and found anew every other minute.
    const alone = findingsIn(
      [0, 1].map(() => draw(other, { 'GET /archive': changes['GET /reviews'] })),
    )
    const [one] = find(page, changes)
    assert.deepEqual([alone[0]?.route, alone[0]?.id], ['GET /archive', one?.id])
  })

  for (const said of ['yes', 'unasked', 'between'])
    test(`and not where the recorder says ${said}`, () => {
      const answer = { 'http.response.body.size': 100_000, 'hotpath.answer.compressed': said }
      assert.deepEqual(kinds(page, told({ ...answer, 'hotpath.answer.type': 'json' })), [])
    })

  test('and not for what fits into ten packets', () => {
    const small = { ...large, 'http.response.body.size': 14_000 }
    assert.deepEqual(kinds(page, told({ ...small, 'hotpath.answer.compressed': 'no' })), [])
  })
})

describe('a large-result is named', () => {
  test('for one statement that brings a megabyte', () => {
    const [one, ...others] = find(page, told({}, { 'hotpath.returned.bytes': 2_000_000 }))
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'large-result')
    assert.equal(one.title, 'A result of 2\u2009MB')
  })

  test('and not for less, nor where half of it are columns that nobody gets', () => {
    assert.deepEqual(kinds(page, told({}, { 'hotpath.returned.bytes': 900_000 })), [])
    const unused = {
      'hotpath.returned.bytes': 2_000_000,
      'hotpath.columns.unused': ['a', 'b', 'c'],
      'hotpath.columns.unused_bytes': 15_000,
    }
    assert.deepEqual(kinds(page, told({}, unused)), ['over-select'])
  })
})

describe('slow-serialisation is named', () => {
  const slow = { 'hotpath.answer.serialised_ms': 30, 'http.response.body.size': 20_000 }
  test('where a small answer takes long to be written, and not as a blocked event loop besides', () => {
    const blocked = page.replace(
      /( +)reviews .*$/m,
      line => `${line}\n    block           ===     internal`,
    )
    const block = { name: 'blocked: event loop', attributes: { 'hotpath.blocked': true } }
    const [one, ...others] = find(blocked, { ...told(slow), block })
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'slow-serialisation')
    assert.equal(one.title, '30\u2009ms to put the answer into JSON')
    // Of which the writing takes a part only.
    const part = told({ ...slow, 'hotpath.answer.serialised_ms': 10 })
    const both = kinds(blocked, { ...part, block })
    assert.deepEqual(both.sort(), ['blocked-event-loop', 'slow-serialisation'])
  })

  test('and not where one took no time: a busy machine stretches the others', () => {
    const quick = told({ ...slow, 'hotpath.answer.serialised_ms': 1 })
    const both = [slow, slow].map(answer => draw(page, told(answer)))
    assert.deepEqual(findingsIn([...both, draw(page, quick)]), [])
    assert.deepEqual(findingsIn(both).length, 1)
  })

  test('and not in the first requests of a process, which compile what writes it', () => {
    const first = told({ ...slow, 'hotpath.sampled.reason': 'new' })
    assert.deepEqual(findingsIn([draw(page, first), draw(page, first)]), [])
    assert.deepEqual(findingsIn([draw(page, told(slow))]), [])
  })

  test('and not for what the size of the answer takes on such a machine', () => {
    const size = { 'http.response.body.size': 400_000, 'hotpath.answer.serialised_ms': 19 }
    assert.deepEqual(kinds(page, told({ ...slow, ...size })), [])
  })

  test('and not for a few milliseconds, nor for a large answer', () => {
    const little = told({ ...slow, 'hotpath.answer.serialised_ms': 4 })
    assert.deepEqual(findingsIn([quicker(little, 10), quicker(little, 10)]), [])
    const share = { 'hotpath.answer.serialised_ms': 5.5 }
    assert.deepEqual(kinds(page, told({ ...slow, ...share })), [])
    const large = { 'http.response.body.size': 2_000_000, 'hotpath.answer.type': 'json' }
    assert.deepEqual(kinds(page, told({ ...slow, ...large })), ['large-payload'])
  })
})

describe('cacheable is named', () => {
  const repeats = {
    'hotpath.repeats.asked': 100,
    'hotpath.repeats.same': 70,
    'hotpath.repeats.changed': 0,
    'hotpath.repeats.personal': 0,
  }
  test('where answers repeat with nothing written in between', () => {
    const [one, ...others] = find(page, told(repeats))
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'cacheable')
    assert.equal(one.title, '70\u2009% of its answers could come from a cache')
    assert.equal(one.cost.msPerRequest, 42)
    assert.match(one.fixes[0]?.text ?? '', /'GET \/reviews': \{ cache: \{ ttl: '30s' \} \}/)
  })

  for (const [why, other] of [
    ['hardly any repeats', { 'hotpath.repeats.same': 20 }],
    ['too few were asked', { 'hotpath.repeats.asked': 9, 'hotpath.repeats.same': 8 }],
    ['answers change without a write that was seen', { 'hotpath.repeats.changed': 8 }],
    ['they come from a cache', { 'hotpath.cache': 'hit' }],
  ] as const)
    test(`and not where ${why}`, () => {
      assert.deepEqual(kinds(page, told({ ...repeats, ...other })), [])
    })

  test('and not where one request was quick: a busy machine stretches the others', () => {
    const slow = draw(page, told(repeats))
    assert.deepEqual(findingsIn([slow, slow, quicker(told(repeats), 40)]), [])
  })

  test('and not where a loop makes it slow', () => {
    const loop = `
  GET /users   ==================     server
    users      =                      select id from users
    address     == == == == ==        select street from addresses where user_id = $1 #*
`
    assert.deepEqual(kinds(loop, { 'GET /users': { attributes: repeats } }), ['n-plus-one'])
  })
})
