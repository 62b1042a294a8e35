import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { attributes, explicit, nowNs } from './intake/requests.js'
import { countOf, requests, send } from './intake/sending.js'
import { withConsole } from './running.js'

describe('cumulative totals', () => {
  /** A total of `count` requests that all took 16 ms, as of `atS` seconds after `start`. */
  const asOf = (start: bigint, atS: number, count: number): object =>
    explicit(
      [0.01, 0.02],
      [0, count, 0],
      {
        startTimeUnixNano: String(start),
        timeUnixNano: String(start + BigInt(atS) * 1_000_000_000n),
        sum: count / 64,
      },
      { name: requests, unit: 's', temporality: 2 },
    )

  test('become what came on top, also when a process starts anew', async () => {
    await withConsole(async running => {
      // The process is older than the console: what it counted before is not known to be new.
      const before = nowNs() - 3_600_000_000_000n
      await send(running, [asOf(before, 10, 100)])
      assert.equal(await countOf(running), 0)
      await send(running, [asOf(before, 20, 130)])
      assert.equal(await countOf(running), 30)
      // The same report once more, and one that comes late.
      await send(running, [asOf(before, 20, 130)])
      await send(running, [asOf(before, 15, 110)])
      assert.equal(await countOf(running), 30)
      // Started anew while we watched: all of it is new.
      await send(running, [asOf(before + 30_000_000_000n, 10, 7)])
      assert.equal(await countOf(running), 37)
      // Started anew without saying so.
      await send(running, [asOf(before + 30_000_000_000n, 20, 5)])
      assert.equal(await countOf(running), 42)
    })
  })

  test('that come at once, as from a sender that gave up on the first, count once', async () => {
    await withConsole(async running => {
      for (let round = 1; round <= 20; round++) {
        const start = nowNs() + 1_000_000_000n * BigInt(round * 100)
        await Promise.all([
          send(running, [asOf(start, 1, 2)]),
          send(running, [asOf(start, 2, 5)]),
          send(running, [asOf(start, 3, 9)]),
        ])
        assert.equal(await countOf(running), 9 * round)
      }
    })
  })

  test('of a series that appears while its process is watched count whole', async () => {
    await withConsole(async running => {
      const before = nowNs() - 3_600_000_000_000n
      const of = (route: string, atS: number, count: number): object =>
        explicit(
          [0.01, 0.02],
          [0, count, 0],
          {
            startTimeUnixNano: String(before),
            timeUnixNano: String(before + BigInt(atS) * 1_000_000_000n),
            sum: count / 64,
            attributes: attributes({ 'http.request.method': 'GET', 'http.route': route }),
          },
          { name: requests, unit: 's', temporality: 2 },
        )
      await send(running, [of('/a', 10, 100)])
      // The rest of the same export, in a request of its own: as old as the first part.
      await send(running, [of('/b', 10, 50)])
      assert.equal(await countOf(running), 0)
      await send(running, [of('/a', 20, 101), of('/c', 20, 40)])
      assert.equal(await countOf(running), 41)
    })
  })

  test('are subtracted in the buckets in which they came, whatever the extremes do', async () => {
    await withConsole(async running => {
      const start = nowNs() + 1_000_000n
      const bounds = [0.005, 0.1, 1]
      const totals = [1, 2, 3, 5, 8, 13, 21]
      for (const [at, count] of totals.entries()) {
        const times = {
          startTimeUnixNano: String(start),
          timeUnixNano: String(start + BigInt(at + 1) * 1_000_000_000n),
          sum: count * 0.05,
          min: 0.05 / (at + 1),
          max: 0.05 * (at + 1) ** 0.3,
        }
        const as = { name: requests, unit: 's', temporality: 2 }
        await send(running, [explicit(bounds, [0, count, 0, 0], times, as)])
      }
      assert.equal(await countOf(running), totals.at(-1))
    })
  })

  test('of a process younger than the console count whole', async () => {
    await withConsole(async running => {
      await send(
        running,
        [asOf(nowNs() + 1_000_000n, 0, 9)].map(metric => metric),
      )
      assert.equal(await countOf(running), 9)
    })
  })
})
