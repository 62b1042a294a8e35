import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { count, duration, percent } from '../../dist/diagnose/figures.js'
import { middle, width } from '../../dist/cli/draw/text.js'

const blank = (text: string) => text.replaceAll('\u2009', ' ')

test('durations have at most three significant digits and the unit that fits', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 µs'],
    [0.84, '840 µs'],
    [0.9996, '1 ms'],
    [5.12, '5.1 ms'],
    [9.96, '10 ms'],
    [41.3, '41 ms'],
    [999.6, '1 s'],
    [1_240, '1.24 s'],
    [9_996, '10 s'],
    [59_960, '1 min'],
    [1_142_000, '19 min 2 s'],
    [5_400_000, '1 h 30 min'],
    [90_000_000, '1 d 1 h'],
  ]
  for (const [ms, text] of cases) assert.equal(blank(duration(ms)), text)
})

test('parts are never rounded to nothing or to all', () => {
  assert.deepEqual(
    [0, 0.0004, 0.0421, 0.0996, 0.46, 0.998, 1].map(part => blank(percent(part))),
    ['0 %', '<0.1 %', '4.2 %', '10 %', '46 %', '>99 %', '100 %'],
  )
})

test('counts have their thousands parted', () => {
  assert.equal(count(18_402), '18,402')
})

test('a text that is cut in the middle fits, and keeps both ends', () => {
  assert.equal(middle('GET /api/v1/customers/:id', 16), 'GET /api…ers/:id')
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 0, max: 30 }),
      (text, columns) => {
        assert.ok(width(middle(text, columns)) <= columns)
      },
    ),
    { numRuns: 1_000 },
  )
})
