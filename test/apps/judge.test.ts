import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Finding } from '@hotpath/console'
import type { Truth } from './application.js'
import type { Answer } from './client.js'
import { atOdds } from './evidence.js'
import { figures, judge, readable } from './judge.js'
import { differences } from './outline.js'
import type { Plain } from './run.js'
import type { Logged } from './server-log.js'

const finding = (kind: string, route: string, subject: string): Finding =>
  ({ kind, route, subject, evidence: { sentences: [] } }) as unknown as Finding

const loop: Truth = {
  kind: 'n-plus-one',
  route: 'GET /posts',
  statement: 'from comments where post = ?',
  times: 6,
  sets: 6,
  why: 'once for each post',
}

describe('what Hotpath says is judged', () => {
  test('by kind, route and a part of the statement', () => {
    const { right, wrong, missed } = judge(
      [
        finding('n-plus-one', 'GET /posts', 'select *\n from "comments" where post = ?'),
        finding('n-plus-one', 'GET /posts', 'select * from authors where id = ?'),
        finding('slow-statement', 'GET /posts', 'select * from comments where post = ?'),
        finding('n-plus-one', 'GET /others', 'select * from comments where post = ?'),
      ],
      [loop, { kind: 'uncompressed', route: 'GET /posts', why: '400 kB' }],
    )
    assert.equal(right.length, 1)
    assert.deepEqual(
      wrong.map(({ kind, route }) => `${kind} ${route}`),
      ['n-plus-one GET /posts', 'slow-statement GET /posts', 'n-plus-one GET /others'],
    )
    assert.deepEqual(
      missed.map(({ kind }) => kind),
      ['uncompressed'],
    )
  })

  test('and what depends on the machine is right where it is said, and else not missed', () => {
    const slow: Truth = { kind: 'slow-statement', route: 'GET /a', why: '10 ms', timed: true }
    assert.deepEqual(judge([], [slow]).missed, [])
    assert.equal(judge([finding('slow-statement', 'GET /a', 'select 1')], [slow]).right.length, 1)
  })

  test('in figures of each kind and of all', () => {
    const judged = judge([finding('n-plus-one', 'GET /a', 'x')], [loop])
    assert.deepEqual(figures([judged]), [
      { kind: 'n-plus-one', right: 0, wrong: 1, missed: 1, precision: 0, recall: 0 },
      { kind: 'all', right: 0, wrong: 1, missed: 1, precision: 0, recall: 0 },
    ])
  })
})

describe('the truth is held against the log', () => {
  const request = (calls: number): Logged[] =>
    Array.from({ length: calls }, (_, i) => ({
      text: `select * from "comments" where post = '${i}'`,
      parameters: '',
      ms: 0.1,
    }))
  const plain = (calls: readonly number[], statements: number): Plain => ({
    drive: {
      route: 'GET /posts',
      statements,
      send: () => Promise.reject(new Error('is not sent')),
    },
    requests: calls.map(request),
    answer: answer({}),
    isSame: true,
    quickestMs: 1,
  })

  test('and holds where most requests are as it says: others run beside some of them', () => {
    assert.deepEqual(atOdds([plain([6, 6, 9, 6, 6], 6)], [loop]), [])
  })

  test('and does not where the application asks otherwise', () => {
    assert.match(atOdds([plain([7, 7, 7], 6)], [loop]).join('\n'), /7 statements in the log, 6/)
    assert.match(atOdds([plain([7, 7, 7], 7)], [loop]).join('\n'), /7 with 7 sets in the log, 6/)
  })

  test('and what nobody judged is said', () => {
    assert.match(atOdds([plain([6, 6, 6], 6)], []).join('\n'), /not judged: 6 with 6 sets/)
    assert.deepEqual(atOdds([plain([4, 4, 4], 4)], []), [])
  })

  test('by texts without quotes and literals', () => {
    assert.equal(
      readable(`select  "a1".*\n from "Post" a1 where id = 'x''y' and n = 12 and m = $1`),
      'select a1.* from Post a1 where id = ? and n = ? and m = $1',
    )
  })
})

describe('answers are alike', () => {
  test('where they differ in values, in how many rows there are, and in fields that not all rows have', () => {
    const one = answer({ rows: [{ id: 1, at: 2 }, { id: 2 }], next: null })
    assert.deepEqual(
      differences(one, answer({ rows: [{ id: 7, by: 1 }, { id: 9 }], next: null })),
      [],
    )
    assert.deepEqual(differences(one, answer({ rows: [], next: null })), [])
  })

  test('and not where the status, a field or a header is another', () => {
    const one = answer({ rows: [{ id: 1 }] })
    assert.deepEqual(differences(one, { ...one, status: 500 }), ['no status 200', 'now status 500'])
    assert.deepEqual(differences(one, answer({ rows: [{ key: 1 }] })), [
      'no .rows[].id',
      'now .rows[].key',
    ])
    const etag = new Headers({ etag: 'x' })
    assert.deepEqual(differences({ ...one, headers: etag }, one), ['no etag'])
  })
})

function answer(body: unknown): Answer {
  return { status: 200, headers: new Headers(), text: JSON.stringify(body) }
}
