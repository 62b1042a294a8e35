import { MemoryStore } from 'express-rate-limit'
import { limit } from 'hotpath/limit'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { interleave } from '../measure/interleave.js'

const KEYS = 1_000
const keys = Array.from({ length: KEYS }, (_, n) => `client:${n}`)
/** Some of what is asked is refused, in all of them alike. */
const PER_SECOND = 1_000
const BURST = 100
const INTERVAL_MS = 1_000 / PER_SECOND
const CAPACITY_MS = BURST * INTERVAL_MS

/** Nanoseconds of one decision, round by round. */
export interface InMemory {
  /** GCRA as few lines over a Map, which forgets nobody. */
  readonly map: readonly number[]
  /** A/A. */
  readonly mapAgain: readonly number[]
  readonly hotpath: readonly number[]
  /** Two windows. */
  readonly two: readonly number[]
  readonly sliding: readonly number[]
  readonly rlf: readonly number[]
  readonly expressRateLimit: readonly number[]
}

interface Bare {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  readonly resetMs: number
  readonly retryAfterMs: number
}

const untilMs = new Map<string, number>()

function bare(key: string): Bare {
  const nowMs = performance.now()
  const aheadMs = Math.max(0, (untilMs.get(key) ?? 0) - nowMs)
  const afterMs = aheadMs + INTERVAL_MS
  if (afterMs > CAPACITY_MS) {
    const remaining = Math.floor((CAPACITY_MS - aheadMs) / INTERVAL_MS)
    return {
      allowed: false,
      limit: PER_SECOND,
      remaining,
      resetMs: aheadMs,
      retryAfterMs: afterMs - CAPACITY_MS,
    }
  }
  untilMs.set(key, nowMs + afterMs)
  const remaining = Math.floor((CAPACITY_MS - afterMs) / INTERVAL_MS)
  return { allowed: true, limit: PER_SECOND, remaining, resetMs: afterMs, retryAfterMs: 0 }
}

/** Decisions one after another, over 1,000 clients. */
export async function measureMemory(
  rounds: number,
  calls: number,
  random: () => number,
): Promise<InMemory> {
  const hotpath = limit({ rate: `${PER_SECOND}/s`, burst: BURST })
  const two = limit({ rate: [`${PER_SECOND}/s`, `${30 * PER_SECOND}/m`], burst: [BURST, BURST] })
  const sliding = limit({ rate: `${PER_SECOND}/s`, algorithm: 'sliding-window' })
  const rlf = new RateLimiterMemory({ points: PER_SECOND, duration: 1 })
  const theirs = new MemoryStore()
  theirs.init({ windowMs: 1_000 } as Parameters<MemoryStore['init']>[0])
  // A loop for each, written out: one that is given what to call is compiled for none of them.
  const arms = {
    map: perCall(calls, n => {
      let allowed = 0
      for (let i = 0; i < n; i++) if (bare(keys[i % KEYS] as string).allowed) allowed++
      return allowed
    }),
    mapAgain: perCall(calls, n => {
      let allowed = 0
      for (let i = 0; i < n; i++) if (bare(keys[i % KEYS] as string).allowed) allowed++
      return allowed
    }),
    hotpath: perCall(calls, n => {
      let allowed = 0
      for (let i = 0; i < n; i++) if (hotpath.take(keys[i % KEYS] as string).allowed) allowed++
      return allowed
    }),
    two: perCall(calls, n => {
      let allowed = 0
      for (let i = 0; i < n; i++) if (two.take(keys[i % KEYS] as string).allowed) allowed++
      return allowed
    }),
    sliding: perCall(calls, n => {
      let allowed = 0
      for (let i = 0; i < n; i++) if (sliding.take(keys[i % KEYS] as string).allowed) allowed++
      return allowed
    }),
    rlf: perCall(calls, async n => {
      let allowed = 0
      for (let i = 0; i < n; i++) {
        // A refusal is an exception there.
        const consumed = await rlf.consume(keys[i % KEYS] as string).catch(() => undefined)
        if (consumed !== undefined) allowed++
      }
      return allowed
    }),
    expressRateLimit: perCall(calls, async n => {
      let allowed = 0
      for (let i = 0; i < n; i++) {
        const { totalHits } = await theirs.increment(keys[i % KEYS] as string)
        if (totalHits <= PER_SECOND) allowed++
      }
      return allowed
    }),
  }
  await interleave(arms, 3, random)
  const results = await interleave(arms, rounds, random)
  theirs.shutdown()
  const of = (name: keyof typeof arms) => results.map(round => round[name])
  return {
    map: of('map'),
    mapAgain: of('mapAgain'),
    hotpath: of('hotpath'),
    two: of('two'),
    sliding: of('sliding'),
    rlf: of('rlf'),
    expressRateLimit: of('expressRateLimit'),
  }
}

function perCall(
  calls: number,
  run: (calls: number) => number | Promise<number>,
): () => Promise<number> {
  return async () => {
    const beganAt = performance.now()
    if ((await run(calls)) < 0) throw new Error('less than none was allowed')
    return ((performance.now() - beganAt) * 1e6) / calls
  }
}
