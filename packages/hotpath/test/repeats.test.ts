import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Repeats } from '../dist/answers/repeats.js'

const answer = (url: string, caller: string, body: string | Uint8Array = '{}') => ({
  method: 'GET',
  url,
  version: '1.1',
  requestFields: ['authorization', caller],
  statusCode: 200,
  head: 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n',
  body,
})

describe('answers that repeat', () => {
  test('are told apart by route, address and caller', () => {
    const [one, other] = [new Repeats(), new Repeats()]
    for (const repeats of [one, other])
      for (const [url, caller] of [
        ['/a', 'x'],
        ['/b', 'x'],
        ['/a', 'y'],
      ] as const)
        repeats.compare(answer(url, caller), [], 1)
    assert.deepEqual([one.asked, one.same, other.same], [3, 0, 0])
    one.compare(answer('/a', 'x'), [], 2)
    one.compare(answer('/a', 'y', '[]'), [], 2)
    assert.deepEqual([one.same, one.changed, one.personal], [1, 1, 5])
  })

  test('do so for 30 s', () => {
    const repeats = new Repeats()
    for (const atMs of [1, 30_001, 30_002, 60_002]) repeats.compare(answer('/a', ''), [], atMs)
    assert.equal(repeats.same, 2)
  })

  test('take less than 2 MB of all routes together', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const routes = Array.from({ length: 20 }, () => new Repeats())
    collect()
    const before = process.memoryUsage().heapUsed
    for (const repeats of routes)
      for (let n = 0; n < 64 * 63; n++)
        repeats.compare(answer(`/p/${n % 64}`, `caller ${n}`, `{"n":${n}}`), [], 100_000 + n / 10)
    collect()
    const bytes = process.memoryUsage().heapUsed - before
    assert.ok(bytes < 2_000_000, `${bytes} bytes of ${routes.length} routes`)
  })
})
