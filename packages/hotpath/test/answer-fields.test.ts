import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fieldsOf } from '../dist/answers/fields.js'

const wide = Object.fromEntries(Array.from({ length: 67 }, (_, i) => [`field_${i}`, i]))
const sent = (answer: unknown) => fieldsOf(JSON.stringify(answer), undefined)?.sent

describe('the fields of an answer are those of what it is about', () => {
  test('of one object, or of the first of a list', () => {
    assert.equal(sent(wide), 67)
    assert.equal(sent([wide, { id: 1 }]), 67)
  })

  test('within the object that most APIs put around it', () => {
    assert.equal(sent({ data: wide }), 67)
    assert.equal(sent({ results: [wide], count: 1 }), 67)
    assert.equal(sent({ data: { viewer: { orders: [wide] } } }), 67)
  })

  test('and not of what hangs below it', () => {
    const order = { id: 1, at: 2, total: 3, currency: 'EUR', state: 'paid', customer: wide }
    assert.equal(sent([order]), 6)
  })

  test('and there are none in a text or a number', () => {
    assert.equal(sent('text'), undefined)
    assert.equal(sent({ data: [1, 2] }), 1)
  })
})
