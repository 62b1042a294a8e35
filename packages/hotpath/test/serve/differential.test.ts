import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import CachePolicy from 'http-cache-semantics'
import { judge } from '../../dist/serve/judge.js'

/**
 * The decisions of judge.ts beside those of http-cache-semantics, a shared cache by RFC 9111 that Apollo,
 * got and npm use. Ours may refuse more, for reasons that are listed; it must never keep what the other
 * would not, nor for longer. Left out are names in capitals, which the other does not read,
 * repetitions, of which it takes the last,
 * and `proxy-revalidate`, which it takes for a lifetime of 0.
 */
const wallMs = Date.UTC(2025, 0, 1)
const at = (seconds: number) => new Date(wallMs + 1000 * seconds).toUTCString()

const seconds = fc.constantFrom('0', '1', '60', '3600', '', 'x', '-1', '"60"')
const directive = fc.oneof(
  fc.constantFrom(
    'public',
    'private',
    'no-store',
    'no-cache',
    'must-revalidate',
    'immutable',
    'other',
    'no-transform',
  ),
  fc
    .tuple(
      fc.constantFrom('max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error'),
      seconds,
    )
    .map(([name, n]) => `${name}=${n}`),
)
const response = fc.record({
  status: fc.constantFrom(
    200,
    200,
    200,
    203,
    204,
    300,
    301,
    302,
    303,
    307,
    308,
    404,
    405,
    410,
    414,
    500,
    501,
    503,
    206,
    304,
  ),
  headers: fc.record(
    {
      'cache-control': fc
        .uniqueArray(directive, { maxLength: 4, selector: text => text.split('=')[0] })
        .map(list => list.join(', ')),
      expires: fc.constantFrom('0', '', at(-10), at(10), at(1000)),
      vary: fc.constantFrom('accept', 'accept', 'origin', '*'),
      age: fc.constantFrom('0', '30', 'x'),
      pragma: fc.constantFrom('other', 'other', 'no-cache'),
    },
    { requiredKeys: [] },
  ),
  authorized: fc.boolean(),
  sets: fc.integer({ min: 0, max: 5 }),
})

/** What ours refuses though RFC 9111 would allow it. */
const STRICTER = new Set(['no-cache', 'set-cookie', 'vary', 'status', 'expired', 'private'])

test('what is kept, and for how long, as http-cache-semantics has it or stricter', () => {
  let kept = 0
  fc.assert(
    fc.property(response, ({ status, headers: some, authorized, sets }) => {
      const headers = sets > 0 ? some : { ...some, 'set-cookie': 'a=b' }
      const fields = Object.entries({ date: at(0), ...headers }).flat()
      const ours = judge(
        { status, reason: '', fields },
        { ttlMs: 1e12, staleMs: 0, allowed: new Set() },
        authorized,
        wallMs,
      )
      const policy = new CachePolicy(
        { url: '/', method: 'GET', headers: authorized ? { authorization: 'x' } : {} },
        { status, headers: { date: at(0), ...headers } },
        { shared: true },
      )
      const explicit =
        /(?:max-age|s-maxage)/i.test(headers['cache-control'] ?? '') ||
        headers.expires !== undefined
      if (typeof ours === 'string') {
        // Without a lifetime from the app the other keeps nothing, we by the ttl of the config.
        if (policy.storable() && policy.timeToLive() > 0)
          assert.ok(
            STRICTER.has(ours),
            `refused for ${ours}: ${JSON.stringify({ status, headers, authorized })}`,
          )
        return
      }
      kept++
      if (!explicit) return
      assert.ok(policy.storable(), JSON.stringify({ status, headers, authorized }))
      const freshMs = ours.freshMs - ours.ageMs
      const theirMs =
        1000 * policy.maxAge() - 1000 * Number(/^\d+$/.test(headers.age ?? '') ? headers.age : 0)
      assert.ok(
        freshMs <= Math.max(0, theirMs) + 1000,
        JSON.stringify({ status, headers, freshMs, theirMs }),
      )
    }),
    { numRuns: 20_000, seed: 1 },
  )
  assert.ok(kept > 1000, `${kept} were kept`)
})
