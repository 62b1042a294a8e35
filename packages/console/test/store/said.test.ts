import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Heard, Saying } from '../../dist/store/said.js'
import { type SpanText, textOf } from '../../dist/store/span-table.js'

const text = (name: string, attributes: Record<string, string> = {}): SpanText =>
  textOf({ kind: 'client', name, service: 'shop', instance: 'one', status: 'ok', attributes })

/** What the store's thread hears, by way of a copy as between threads, and how much of it was said in full. */
const conversation = () => {
  const [saying, heard] = [new Saying(), new Heard()]
  return {
    saying,
    say: (...texts: readonly SpanText[]): number => {
      const said = structuredClone(saying.say(texts))
      assert.deepEqual(heard.hear(said), texts)
      return said.texts.filter(each => typeof each !== 'number').length
    },
  }
}

describe('texts on their way to the thread of the store', () => {
  test('are said twice at most, and all are heard', () => {
    const { say } = conversation()
    const [a, b, c] = [text('a'), text('b'), text('c')]
    assert.equal(say(a, b), 2)
    assert.equal(say(b, c), 2)
    assert.equal(say(c, b, a), 2)
    assert.equal(say(a, b, c), 0)
  })

  test('are all heard when more come than are kept', () => {
    const { say } = conversation()
    const many = Array.from({ length: 30_000 }, (_, i) => text(`${i}`))
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < many.length; i += 3_000)
        for (let again = 0; again < 3; again++) say(...many.slice(i, i + 3_000))
  })

  test('are all heard when large ones fill the room that there is', () => {
    const { say } = conversation()
    const large = Array.from({ length: 40 }, (_, i) => text(`${i}`, { a: 'x'.repeat(500_000) }))
    for (const each of large) for (let again = 0; again < 3; again++) say(each)
  })

  test('are said again after something was said that was not sent', () => {
    const { saying, say } = conversation()
    const [a, b, c, d] = [text('a'), text('b'), text('c'), text('d')]
    for (const full of [2, 2, 0]) assert.equal(say(a, b), full)
    saying.say([c, d])
    saying.say([c, d])
    saying.forget()
    for (const full of [2, 2, 0]) assert.equal(say(c, d), full)
    for (const full of [2, 2, 0]) assert.equal(say(a, b), full)
  })
})
