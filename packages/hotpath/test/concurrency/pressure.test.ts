import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LOOK_MS, Pressure } from '../../dist/concurrency/pressure.js'
import { seeded } from './simulated.js'

const [critical, high, normal, low] = [0, 1, 2, 3] as const
const NONE = { loopDelayMs: undefined, queueMs: undefined, memory: undefined }

/** Of a hundred requests of each importance, how many are refused. */
const refused = (pressure: Pressure, nowMs: number): number[] =>
  [critical, high, normal, low].map(
    priority =>
      Array.from({ length: 100 }, () => pressure.refuses(priority as number, nowMs)).filter(
        reason => reason !== undefined,
      ).length,
  )

const STORM_MS = 120_000

interface Storm {
  readonly boundMs: number
  /** On average. */
  readonly computesMs: number
  readonly priority: number
  /** Requests in each turn. */
  readonly read: number
}

/**
 * An event loop that reads so many requests in each turn and answers one after another; those that are refused
 * take 25 us. The delays are what a timer sees.
 */
function storm({ boundMs, computesMs, priority, read }: Storm): {
  delays: number[]
  served: number
} {
  const random = seeded(7)
  const pressure = new Pressure({ ...NONE, loopDelayMs: boundMs }, 0)
  const delays: number[] = []
  let [nowMs, dueMs, served] = [0, LOOK_MS, 0]
  while (nowMs < STORM_MS) {
    if (nowMs >= dueMs) {
      delays.push(nowMs - dueMs)
      pressure.look(nowMs)
      dueMs = nowMs + LOOK_MS
    }
    for (let n = 0; n < read; n++) {
      const isServed = pressure.refuses(priority, nowMs) === undefined
      if (isServed) served++
      nowMs += isServed ? computesMs * (0.5 + random()) : 0.025
    }
  }
  return { delays, served }
}

describe('a process that is hard pressed', () => {
  test('sends the least important away first, and the critical last', () => {
    const of = (delayMs: number): number[] => {
      const pressure = new Pressure({ ...NONE, loopDelayMs: 200 }, 0)
      pressure.look(LOOK_MS + delayMs)
      return refused(pressure, LOOK_MS + delayMs)
    }
    assert.deepEqual(of(0), [0, 0, 0, 0])
    assert.deepEqual(of(70), [0, 0, 0, 0])
    assert.deepEqual(of(110), [0, 0, 0, 100])
    assert.deepEqual(of(131.25), [0, 0, 62, 100])
    assert.deepEqual(of(165), [0, 75, 100, 100])
    assert.deepEqual(of(1_000), [100, 100, 100, 100])
  })

  for (const [computesMs, priority] of [
    [1, normal],
    [10, normal],
    [20, normal],
    [10, high],
  ] as const)
    test(`keeps the loop under its bound in a storm: priority ${priority}, ${computesMs} ms each`, () => {
      const { delays, served } = storm({ boundMs: 200, computesMs, priority, read: 400 })
      const p99 = delays.toSorted((a, b) => a - b)[Math.floor(0.99 * delays.length)] ?? Number.NaN
      assert.ok(p99 < 200, `the 99th percentile of the loop's delay is ${p99} ms`)
      assert.ok(served * computesMs > STORM_MS / 2, `${served} requests were served`)
    })

  test('for memory never quite all: what was held by those before has to be let go by somebody', () => {
    const pressure = new Pressure({ ...NONE, memory: () => 5 }, 0)
    pressure.look(LOOK_MS)
    assert.deepEqual(refused(pressure, LOOK_MS), [95, 95, 95, 95])
  })

  test('knows of a delay while it lasts, before any timer could tell', () => {
    const pressure = new Pressure({ ...NONE, loopDelayMs: 200 }, 0)
    assert.equal(pressure.refuses(2, LOOK_MS), undefined)
    const reasons = [0, 1, 2].map(() => pressure.refuses(2, 400))
    assert.ok(reasons.includes('loop-delay'))
  })

  test('forgets a delay soon', () => {
    const pressure = new Pressure({ ...NONE, loopDelayMs: 200 }, 0)
    pressure.look(500)
    let nowMs = 500
    for (let look = 0; look < 100; look++) pressure.look((nowMs += LOOK_MS))
    assert.deepEqual(refused(pressure, nowMs), [0, 0, 0, 0])
  })

  test('says which of its limits it is', () => {
    let part = 0.2
    const pressure = new Pressure({ loopDelayMs: 200, queueMs: 1_000, memory: () => part }, 0)
    pressure.waited(900)
    assert.deepEqual(pressure.level(LOOK_MS), { level: 0.9, reason: 'queue-time' })
    part = 1.1
    pressure.look(LOOK_MS)
    assert.deepEqual(pressure.level(2 * LOOK_MS), { level: 1.1, reason: 'memory' })
  })
})
