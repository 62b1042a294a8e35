import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Pace, type PaceOptions } from '../../dist/limit/pace.js'

/** A pace in a time that the test winds, and who went when. */
class Scene {
  readonly went: string[] = []
  readonly late: string[] = []
  /** Whose clients have left without a word. */
  readonly gone = new Set<string>()
  readonly pace: Pace
  #nowMs = 0
  #timers: { atMs: number; run: () => void }[] = []

  constructor(options: Partial<PaceOptions> = {}) {
    const all = { intervalMs: 100, burst: 1, maxDelayMs: 1_000, queue: 100, ...options }
    const clock = { now: () => this.#nowMs, origin: 0 }
    this.pace = new Pace(all, clock, (ms, run) => {
      const timer = { atMs: this.#nowMs + ms, run }
      this.#timers.push(timer)
      return () => void (this.#timers = this.#timers.filter(one => one !== timer))
    })
  }

  /** `a1` is of the client a. */
  come(name: string) {
    const waiter = {
      client: name.slice(0, 1),
      sinceMs: this.#nowMs,
      left: false,
      go: () => void this.went.push(`${name}@${this.#nowMs}`),
      late: () => void this.late.push(`${name}@${this.#nowMs}`),
      isGone: () => this.gone.has(name),
    }
    const place = this.pace.enter(waiter)
    if (place === 'free') waiter.go()
    return { place, leave: () => this.pace.leave(waiter) }
  }

  pass(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.atMs - b.atMs)
      if (next === undefined || next.atMs > endMs) break
      this.#timers = this.#timers.filter(one => one !== next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
    }
    this.#nowMs = endMs
  }
}

describe('a pace', () => {
  test('lets the first go at once, and spaces out those behind it', () => {
    const scene = new Scene()
    for (const name of ['a1', 'a2', 'a3']) scene.come(name)
    scene.pass(1000)
    assert.deepEqual(scene.went, ['a1@0', 'a2@100', 'a3@200'])
    scene.come('a4')
    assert.equal(scene.went.at(-1), 'a4@1000')
  })

  test('lets a burst go at once', () => {
    const scene = new Scene({ burst: 3 })
    for (const name of ['a1', 'a2', 'a3', 'a4']) scene.come(name)
    scene.pass(1000)
    assert.deepEqual(scene.went, ['a1@0', 'a2@0', 'a3@0', 'a4@100'])
  })

  test('lets clients take turns: one with many delays itself', () => {
    const scene = new Scene()
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2']) scene.come(name)
    scene.pass(1000)
    const order = scene.went.map(one => one.split('@')[0])
    assert.deepEqual(order, ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4'])
  })

  test('refuses who would wait too long, and says when there is room', () => {
    const scene = new Scene({ maxDelayMs: 250 })
    const places = ['a1', 'a2', 'a3', 'a4'].map(name => scene.come(name).place)
    assert.deepEqual(places, ['free', 'waiting', 'waiting', 'full'])
    assert.equal(scene.pace.retryMs, 300)
    // Another client has its turn before a has its third.
    assert.equal(scene.come('b1').place, 'waiting')
    scene.pass(1000)
    assert.deepEqual(scene.late, [])
  })

  test('lets no more wait than there is room for', () => {
    const scene = new Scene({ queue: 2 })
    const places = ['a1', 'a2', 'b1', 'c1'].map(name => scene.come(name).place)
    assert.deepEqual(places, ['free', 'waiting', 'waiting', 'full'])
  })

  test('passes over who has left, whose place is free for another', () => {
    const scene = new Scene({ queue: 2 })
    scene.come('a1')
    const left = scene.come('a2')
    scene.come('b1')
    left.leave()
    assert.equal(scene.pace.waiting, 1)
    assert.equal(scene.come('c1').place, 'waiting')
    scene.pass(1000)
    assert.deepEqual(scene.went, ['a1@0', 'b1@100', 'c1@200'])
    left.leave()
    assert.equal(scene.pace.waiting, 0, 'leaving twice is leaving once')
  })

  test('passes over who has left without a word, and they use up no turn', () => {
    const scene = new Scene()
    for (const name of ['a1', 'b1', 'c1']) scene.come(name)
    scene.gone.add('b1')
    scene.pass(1000)
    assert.deepEqual(scene.went, ['a1@0', 'c1@100'])
  })

  test('keeps nobody waiting whose turn ever new clients put off', () => {
    const scene = new Scene()
    for (let n = 0; n < 9; n++) scene.come(`a${n}`)
    for (const client of 'bcdefghijklmnopqrstuvwxyz') {
      scene.pass(100)
      scene.come(`${client}1`)
      scene.come(`${client}2`)
    }
    scene.pass(10_000)
    assert.ok(scene.late.length > 0)
    for (const one of scene.late)
      if (one.startsWith('a')) assert.ok(Number(one.split('@')[1]) <= 1_200, one)
  })

  test('never goes faster than the rate, keeps nobody longer than it may, and loses nobody', () => {
    const step = fc.record({
      client: fc.constantFrom('a', 'b', 'c'),
      afterMs: fc.integer({ min: 0, max: 150 }),
      leaves: fc.integer({ min: 0, max: 4 }).map(n => n === 0),
    })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        (steps, burst) => {
          const scene = new Scene({ burst, queue: 8 })
          let [entered, leftN, nowMs] = [0, 0, 0]
          const cameMs = new Map<string, number>()
          for (const [n, { client, afterMs, leaves }] of steps.entries()) {
            scene.pass(afterMs)
            nowMs += afterMs
            const { place, leave } = scene.come(`${client}${n}`)
            cameMs.set(`${client}${n}`, nowMs)
            if (place !== 'full') entered++
            if (place === 'waiting' && leaves) {
              leave()
              leftN++
            }
            assert.ok(scene.pace.waiting <= 8)
          }
          scene.pass(100_000)
          assert.equal(scene.went.length + scene.late.length + leftN, entered)
          const times = scene.went.map(one => Number(one.split('@')[1]))
          for (let n = burst; n < times.length; n++)
            assert.ok((times[n] as number) - (times[n - burst] as number) >= 100 - 1e-6)
          for (const one of scene.went) {
            const [name = '', ms] = one.split('@')
            assert.ok(Number(ms) - (cameMs.get(name) ?? 0) <= 1_100)
          }
        },
      ),
      { numRuns: 500, seed: 5 },
    )
  })
})
