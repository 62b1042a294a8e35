import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeNext } from '../../dist/cache/second-chance.js'
import { Tags } from '../../dist/cache/tags.js'

const filled = (names: string) => new Map([...names].map(name => [name, { name, used: false }]))

test('who was used since is passed over once, and waits behind those who came later', () => {
  const map = filled('abcd')
  for (const used of ['a', 'b'] as const) Object.assign(map.get(used) as object, { used: true })
  assert.equal(takeNext(map)?.name, 'c')
  assert.deepEqual([...map.keys()], ['d', 'a', 'b'])
  assert.deepEqual([takeNext(map)?.name, takeNext(map)?.name], ['d', 'a'])
  assert.equal(takeNext(filled('')), undefined)
})

test('where all are used somebody goes all the same, after a hundred were passed over', () => {
  const map = new Map(Array.from({ length: 500 }, (_, n) => [`${n}`, { n, used: true }]))
  assert.equal(takeNext(map)?.n, 100)
  assert.equal(map.size, 499)
})

test('a tag that is asked for again and again outlives many that are asked for once', () => {
  const tags = new Tags(10)
  const database = tags.of('pg:1/2')
  const { version } = database
  const first = tags.of('row 0')
  for (let row = 1; row < 50; row++) {
    tags.of(`row ${row}`)
    assert.equal(tags.of('pg:1/2'), database)
  }
  assert.deepEqual([tags.size, database.version, first.version], [10, version, -1])
})
