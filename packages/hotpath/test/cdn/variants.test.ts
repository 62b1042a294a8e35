import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SentTargets } from '../../dist/cdn/sent.js'

describe('what a CDN that drops by path was sent', () => {
  const made = (most?: number) => {
    const forgotten: string[] = []
    return { forgotten, sent: new SentTargets(target => forgotten.push(target), most) }
  }

  test('a target is known by what each of its variants was made of', () => {
    const { sent } = made()
    sent.add('/menu', ['row 1'])
    sent.add('/menu', ['row 2'])
    assert.deepEqual(sent.of(['row 1']), ['/menu'])
    // Purged: the CDN has no variant of it any more.
    assert.deepEqual(sent.of(['row 2']), [])
  })

  test('a target of which many variants were made is bounded: it is purged, and known by the last', () => {
    const { sent, forgotten } = made()
    for (let n = 0; n < 300; n++)
      sent.add(
        '/menu',
        Array.from({ length: 50 }, (_, i) => `row ${n * 50 + i}`),
      )
    assert.ok(forgotten.includes('/menu'))
    assert.deepEqual(sent.of(['row 14999']), ['/menu'])
  })

  test('what is forgotten for want of room is handed over to be purged', () => {
    const { sent, forgotten } = made(2)
    for (const target of ['/a', '/b', '/c']) sent.add(target, ['menu'])
    assert.deepEqual(forgotten, ['/a'])
    assert.equal(sent.size, 2)
  })
})
