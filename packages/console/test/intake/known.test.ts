import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Known } from '../../dist/intake/otlp/known.js'

/** Reads a text, as an object that can be told from another one that says the same. */
const reader = () => {
  const known = new Known<{ readonly text: string }>(16, 64)
  return (bytes: Buffer): { readonly text: string } =>
    known.get(bytes, 0, bytes.length, () => ({ text: bytes.toString() }))
}

test('what comes again is the object that was made when it came the second time', () => {
  const read = reader()
  const [first, second, third] = ['shop', 'shop', 'shop'].map(text => read(Buffer.from(text)))
  assert.deepEqual(first, { text: 'shop' })
  assert.notEqual(second, first)
  assert.equal(third, second)
})

test('what never comes again drives nothing out', () => {
  const read = reader()
  read(Buffer.from('shop'))
  const kept = read(Buffer.from('shop'))
  for (let id = 0; id < 1_000; id++) read(Buffer.from(`/orders/${id}`))
  assert.equal(read(Buffer.from('shop')), kept)
})

test('what is remembered is a copy: nothing of the request that it came in is held or read again', () => {
  const read = reader()
  const request = Buffer.from('shop')
  read(request)
  const kept = read(request)
  request.fill('x')
  assert.equal(read(Buffer.from('shop')), kept)
  assert.deepEqual(read(request), { text: 'xxxx' })
})
