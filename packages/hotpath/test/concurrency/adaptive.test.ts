import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Outcome, quantile, seeded, SimulatedServer } from './simulated.js'

const served = (outcomes: readonly Outcome[]): number =>
  outcomes.filter(({ refused }) => refused === undefined).length

describe('an adaptive limit', () => {
  for (const [connections, serviceMs] of [
    [10, 20],
    [10, 50],
    [25, 20],
  ] as const)
    test(`finds what ${connections} connections of ${serviceMs} ms take, at five times as many requests`, () => {
      for (const seed of [1, 2]) {
        const most = (connections / serviceMs) * 1_000
        const calm = new SimulatedServer(connections, serviceMs, {}, seeded(seed))
        calm.load(most * 0.3, 10_000)
        calm.run(11_000)
        const storm = new SimulatedServer(connections, serviceMs, {}, seeded(seed))
        storm.load(most * 5, 10_000)
        storm.run(11_000)
        const late = storm.between(2_000, 10_000)
        assert.ok(served(late) / 8 >= 0.95 * most, `seed ${seed}: ${served(late) / 8} of ${most}`)
        const unloaded = quantile(calm.outcomes, 0.99)
        assert.ok(quantile(late, 0.99) < 3 * unloaded, `seed ${seed}: ${quantile(late, 0.99)}`)
        const { limit } = storm.places
        assert.ok(limit >= connections && limit < 2.5 * connections, `seed ${seed}: ${limit}`)
      }
    })

  // What is sent away at 0.8 of what can be done was 7 % when a crowd was over only once nobody waited for long.
  for (const serviceMs of [2, 5, 8])
    test(`sends away next to nobody where code of ${serviceMs} ms that never waits has time left`, () => {
      const computing = (part: number): SimulatedServer => {
        const server = new SimulatedServer(1, serviceMs)
        server.computes = true
        server.load((part * 1_000) / serviceMs, 60_000)
        server.run(61_000)
        return server
      }
      const refused = (part: number): number => {
        const outcomes = computing(part).between(2_000, 60_000)
        return 1 - served(outcomes) / outcomes.length
      }
      assert.ok(refused(0.5) < 0.002, `at 0.5: ${refused(0.5)}`)
      assert.ok(refused(0.7) < 0.01, `at 0.7: ${refused(0.7)}`)
      assert.ok(refused(0.8) < 0.04, `at 0.8: ${refused(0.8)}`)
      const storm = computing(5).between(2_000, 60_000)
      assert.ok(served(storm) / 58 > 0.95 * (1_000 / serviceMs), `${served(storm)} in a storm`)
      assert.ok(
        quantile(storm, 0.99) < 20 + 5 * serviceMs,
        `${quantile(storm, 0.99)} ms in a storm`,
      )
    })

  test('lets through what it can when the storm is over, at once', () => {
    const server = new SimulatedServer(10, 20)
    server.load(2_500, 5_000)
    server.run(5_500)
    server.load(200, 3_000)
    server.run(9_000)
    const after = server.between(5_500, 9_000)
    assert.equal(served(after), after.length)
  })

  test('follows what is behind it: more connections, and ones that have become slower', () => {
    const server = new SimulatedServer(10, 20)
    server.load(5_000, 50_000)
    server.run(10_000)
    const before = served(server.between(5_000, 10_000)) / 5
    server.connections = 40
    server.run(20_000)
    const wide = served(server.between(15_000, 20_000)) / 5
    assert.ok(wide > 3.5 * before, `${wide} after ${before}`)
    // All answers take five times as long by themselves: it is measured anew, and nobody is sent away for it.
    server.serviceMs = 100
    server.run(50_000)
    const slow = served(server.between(40_000, 49_000)) / 9
    assert.ok(slow > 0.85 * 400, `${slow} of 400`)
  })
})

describe('those who wait', () => {
  test('are let in by importance, and among equals in the order of their coming', () => {
    const server = new SimulatedServer(1, 10, { limit: 1 })
    server.arrive(2)
    for (const priority of [3, 2, 1, 2, 3, 1]) server.arrive(priority)
    server.run(1_000)
    assert.deepEqual(
      server.outcomes.map(({ priority }) => priority),
      [2, 1, 1, 2, 2, 3, 3],
    )
  })

  test('are refused in time where no place becomes free, and told why', () => {
    const server = new SimulatedServer(1, 10_000, { limit: 1, queue: 3, queueMs: 100 })
    // Less important ones are not let in past those who wait.
    for (let n = 0; n < 6; n++) server.arrive(3)
    // The line is full: the last two are told at once.
    assert.deepEqual(
      server.outcomes.map(({ refused }) => refused),
      ['full', 'full'],
    )
    // Somebody more important takes the place of the one who came first.
    server.arrive(1)
    assert.equal(server.outcomes.at(-1)?.refused, 'displaced')
    server.run(200)
    assert.deepEqual(
      server.outcomes
        .slice(3)
        .map(({ refused, tookMs }) => [refused, tookMs >= 100 && tookMs <= 200]),
      [
        ['waited', true],
        ['waited', true],
        ['waited', true],
      ],
    )
    assert.equal(server.places.waiting, 0)
  })

  test('for whether the process lives go past those who are stuck, to twice the limit', () => {
    const server = new SimulatedServer(100, 10_000, { limit: 3 })
    for (let n = 0; n < 3; n++) server.arrive(2)
    for (let n = 0; n < 5; n++) server.arrive(0)
    assert.equal(server.places.inFlight, 6)
    assert.equal(server.places.waiting, 2)
  })

  test('take all places that are free at once, however many are sent away at that moment', () => {
    // A turn of the event loop takes 50 ms, in which nobody looks after those who wait.
    const options = {
      limit: 3,
      soon: (fn: () => void) => server.at(50, fn),
      after: () => {},
    }
    const server: SimulatedServer = new SimulatedServer(10, 200, options, () => 0.5)
    server.refusalMs = 1
    for (let n = 0; n < 60; n++) server.arrive(2)
    server.run(230)
    // Less important ones are not let in past those who wait.
    for (let n = 0; n < 6; n++) server.arrive(3)
    server.run(320)
    assert.ok(server.outcomes.filter(({ refused }) => refused === 'waited').length >= 57)
    assert.equal(server.places.inFlight, 3)
  })

  test('are never more than may be, whoever comes', () => {
    const random = seeded(7)
    const server = new SimulatedServer(3, 30, { limit: 3, queue: 5 }, random)
    for (const priority of [0, 1, 2, 3]) server.load(200, 2_000, priority)
    for (let at = 0; at < 3_000; at += 1) {
      server.run(at)
      assert.ok(server.places.waiting <= 5)
      assert.ok(server.places.inFlight <= 6)
    }
    const all = server.outcomes.length
    const important = server.outcomes.filter(({ priority }) => priority <= 1)
    const others = server.outcomes.filter(({ priority }) => priority === 3)
    assert.ok(all > 1_000)
    // There is room for 100 a second: the less important ones go first.
    assert.ok(served(others) < 0.1 * served(important))
    assert.equal(server.places.inFlight, 0)
    assert.equal(server.places.waiting, 0)
  })
})
