import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clock } from '../dist/clock.js'
import { guessRoute } from '../dist/gate/route-guess.js'
import { statementOf } from '../dist/gate/statement-span.js'
import { templateOf } from '../dist/sql/template.js'
import { RouteStats } from '../dist/trace/routes.js'
import { takeSeries } from '../dist/trace/series.js'

/** A word without digits, which a guess keeps: 0 is `aaa`. */
const word = (n: number): string =>
  [676, 26, 1].map(place => String.fromCharCode(97 + (Math.floor(n / place) % 26))).join('')

describe('what an app or its callers may make without end has a bound:', () => {
  test('routes that are guessed, 300', () => {
    const guesses = Array.from({ length: 400 }, (_, n) => guessRoute(`/${word(n)}`))
    assert.equal(guesses[299], `/${word(299)}`)
    assert.equal(guesses[300], '/*')
    assert.equal(new Set(guesses).size, 301)
    assert.equal(guessRoute(`/${word(7)}`), `/${word(7)}`, 'those known stay')
    assert.equal(
      guessRoute(`/${'a/'.repeat(600)}`),
      '/*',
      'and a target of 1,200 characters is none',
    )
  })

  test('statements of a route that say where they are asked for, 500', () => {
    const stats = new RouteStats('GET', '/', false)
    const site = { file: '/app/a.js', line: 1, column: 1, mapped: false }
    const wants = (n: number) => stats.wantsSite(`select ${word(n)}`)
    assert.ok(Array.from({ length: 500 }, (_, n) => wants(n)).every(Boolean))
    assert.equal(wants(500), false)
    stats.noteSite(`select ${word(500)}`, site)
    assert.equal(stats.onlySite(`select ${word(500)}`), undefined)
    assert.equal(wants(3), true)
  })

  test('kinds of failure of one statement, 20', () => {
    const statement = statementOf(templateOf('select failing'), 'postgresql')
    takeSeries()
    const codes = Array.from({ length: 30 }, (_, n) => `P${String(n).padStart(4, '0')}`)
    for (const code of [...codes, ...codes]) statement.record(0.1, code)
    const counted = takeSeries().map(({ attributes, delta }) => [
      attributes['error.type'],
      delta.count,
    ])
    assert.deepEqual(counted, [...codes.slice(0, 20).map(code => [code, 2]), ['error', 20]])
  })

  test('statements that are known, 2,000', () => {
    const template = (n: number) => templateOf(`select ${word(n)}`)
    // One is known from above.
    for (let n = 0; n < 1999; n++) statementOf(template(n), 'postgresql')
    assert.equal(
      statementOf(template(1998), 'postgresql'),
      statementOf(template(1998), 'postgresql'),
    )
    assert.notEqual(
      statementOf(template(1999), 'postgresql'),
      statementOf(template(1999), 'postgresql'),
    )
  })
})

test('a wall clock that is set moves the times that are sent; jitter does not', t => {
  const { now } = Date
  const before = clock.origin
  let movedMs = 20
  t.mock.method(Date, 'now', () => now() + movedMs)
  assert.equal(clock.origin, before)
  movedMs = 3_600_000
  const moved = clock.origin
  assert.ok(Math.abs(moved - before - movedMs) < 1000)
  movedMs += 20
  assert.equal(clock.origin, moved)
  movedMs = 0
  assert.ok(Math.abs(clock.origin - before) < 1000)
})
