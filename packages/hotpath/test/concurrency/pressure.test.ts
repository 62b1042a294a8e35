import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Pressure } from '../../dist/concurrency/pressure.js'

const [critical, high, normal, low] = [0, 1, 2, 3]
const NONE = { loopDelayMs: undefined, queueMs: undefined, memory: undefined }

/** Of a hundred requests of each importance, how many are refused. */
const refused = (pressure: Pressure, nowMs: number): number[] =>
  [critical, high, normal, low].map(
    priority =>
      Array.from({ length: 100 }, () => pressure.refuses(priority as number, nowMs)).filter(
        reason => reason !== undefined,
      ).length,
  )

describe('a process that is hard pressed', () => {
  test('sends the least important away first, and the critical last', () => {
    const of = (delayMs: number): number[] => {
      const pressure = new Pressure({ ...NONE, loopDelayMs: 200 }, 0)
      pressure.look(20 + delayMs)
      return refused(pressure, 20 + delayMs)
    }
    assert.deepEqual(of(0), [0, 0, 0, 0])
    assert.deepEqual(of(90), [0, 0, 0, 0])
    assert.deepEqual(of(150), [0, 0, 0, 100])
    assert.deepEqual(of(175), [0, 0, 62, 100])
    assert.deepEqual(of(220), [0, 75, 100, 100])
    assert.deepEqual(of(1_000), [100, 100, 100, 100])
  })

  test('for memory never quite all: what was held by those before has to be let go by somebody', () => {
    const pressure = new Pressure({ ...NONE, memory: () => 5 }, 0)
    pressure.look(20)
    assert.deepEqual(refused(pressure, 20), [95, 95, 95, 95])
  })

  test('knows of a delay while it lasts, before any timer could tell', () => {
    const pressure = new Pressure({ ...NONE, loopDelayMs: 200 }, 0)
    assert.equal(pressure.refuses(2, 20), undefined)
    const reasons = [0, 1, 2].map(() => pressure.refuses(2, 400))
    assert.ok(reasons.includes('loop-delay'))
  })

  test('forgets a delay soon', () => {
    const pressure = new Pressure({ ...NONE, loopDelayMs: 200 }, 0)
    pressure.look(500)
    let nowMs = 500
    for (let look = 0; look < 50; look++) pressure.look((nowMs += 20))
    assert.deepEqual(refused(pressure, nowMs), [0, 0, 0, 0])
  })

  test('says which of its limits it is', () => {
    let part = 0.2
    const pressure = new Pressure({ loopDelayMs: 200, queueMs: 1_000, memory: () => part }, 0)
    pressure.waited(900)
    assert.deepEqual(pressure.level(20), { level: 0.9, reason: 'queue-time' })
    part = 1.1
    pressure.look(20)
    assert.deepEqual(pressure.level(40), { level: 1.1, reason: 'memory' })
  })
})
