import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { CdnPurger, PurgeResult } from 'hotpath/cdn'
import { Line } from '../../dist/cdn/line.js'

const OK: PurgeResult = { ok: true }

/** Time that a test lets pass, and a CDN that answers as it is told. */
class Lab {
  nowMs = 0
  readonly calls: { readonly atMs: number; readonly items: readonly string[] }[] = []
  readonly counts = new Map<string, number>()
  readonly lines: string[] = []
  answer: () => PurgeResult | Promise<PurgeResult> = () => OK
  oldestMs = Number.POSITIVE_INFINITY
  readonly line: Line
  #timers: { readonly atMs: number; readonly fn: () => void }[] = []

  constructor(limits: Partial<CdnPurger['limits']> = {}, everything: 'ALL' | 'none' = 'ALL') {
    const purger: CdnPurger = {
      name: 'front',
      by: 'key',
      reads: { lifetime: 'CDN-Cache-Control', mostKeys: 9, mostBytes: 999, vary: 'any' },
      limits: { perCall: 100, perSecond: 1_000, burst: 1_000, ...limits },
      purge: async items => {
        this.calls.push({ atMs: this.nowMs, items })
        return this.answer()
      },
    }
    const host = {
      caught: (where: string) => assert.fail(where),
      say: (line: string) => void this.lines.push(line),
      countCdn: (name: string, _: string, n: number) =>
        void this.counts.set(name, (this.counts.get(name) ?? 0) + n),
    }
    const timing = {
      now: () => this.nowMs,
      after: (ms: number, fn: () => void) => {
        const timer = { atMs: this.nowMs + ms, fn }
        this.#timers.push(timer)
        return () => void (this.#timers = this.#timers.filter(one => one !== timer))
      },
    }
    const all = everything === 'ALL' ? everything : undefined
    const oldest = (): number => this.oldestMs
    this.line = new Line(purger, host, timing, all, item => item, 1_000, oldest)
  }

  /** Lets time pass, each timer at its time. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms
    for (;;) {
      await turn()
      const [next] = this.#timers.sort((a, b) => a.atMs - b.atMs)
      if (next === undefined || next.atMs > endMs) break
      this.#timers.shift()
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.fn()
    }
    this.nowMs = endMs
  }

  get items(): string[] {
    return this.calls.flatMap(call => call.items)
  }
}

const turn = () => new Promise<void>(resolve => void setImmediate(() => setImmediate(resolve)))
const many = (n: number, prefix = 'k') => Array.from({ length: n }, (_, at) => `${prefix}${at}`)

describe('purges of one CDN', () => {
  test('go together when they come together, each once', async () => {
    const lab = new Lab()
    lab.line.add(['a', 'b'])
    lab.line.add(['b', 'c'])
    await lab.pass(50)
    assert.deepEqual(
      lab.calls.map(call => call.items),
      [['a', 'b', 'c']],
    )
  })

  test('are no more than it takes in one call', async () => {
    const lab = new Lab({ perCall: 40 })
    lab.line.add(many(100))
    await lab.pass(50)
    assert.deepEqual(
      lab.calls.map(call => call.items.length),
      [40, 40, 20],
    )
  })

  test('come at its pace: a burst, and then so many a second', async () => {
    const lab = new Lab({ perCall: 1, perSecond: 2, burst: 3 })
    lab.line.add(many(7))
    await lab.pass(900)
    assert.equal(lab.calls.length, 4)
    await lab.pass(1_500)
    assert.equal(lab.calls.length, 7)
  })

  test('are repeated once, a second after', async () => {
    const lab = new Lab()
    lab.line.add(['a'])
    await lab.pass(900)
    assert.equal(lab.calls.length, 1)
    await lab.pass(200)
    assert.deepEqual(lab.items, ['a', 'a'])
    await lab.pass(60_000)
    assert.equal(lab.calls.length, 2)
  })

  test('are repeated under steady writes as well', async () => {
    const lab = new Lab()
    for (let n = 0; n < 100; n++) {
      lab.line.add([`k${n}`])
      await lab.pass(40)
    }
    const second = lab.calls.filter(call => call.items.includes('k0'))[1]
    assert.ok(second !== undefined && second.atMs < 1_300, `at ${second?.atMs} ms`)
  })

  test('are repeated after the answers that were on their way have gone out', async () => {
    const lab = new Lab()
    lab.oldestMs = 5
    lab.line.add(['a'])
    await lab.pass(5_000)
    assert.equal(lab.calls.length, 1)
    lab.oldestMs = 3_000
    await lab.pass(500)
    assert.equal(lab.calls.length, 2)
  })

  test('wait a minute for such an answer, no longer', async () => {
    const lab = new Lab()
    lab.oldestMs = 5
    lab.line.add(['a'])
    await lab.pass(62_000)
    assert.equal(lab.calls.length, 2)
  })

  test('are tried again, later each time', async () => {
    const lab = new Lab()
    lab.answer = () => ({ ok: false, reason: 'status 503' })
    lab.line.add(['a'])
    await lab.pass(1_000)
    const gaps = lab.calls.slice(1).map((call, at) => call.atMs - (lab.calls[at]?.atMs ?? 0))
    assert.deepEqual(gaps, [100, 200, 400])
    lab.answer = () => OK
    await lab.pass(10_000)
    assert.deepEqual(lab.lines, [])
  })

  test('wait as long as the CDN asks for', async () => {
    const lab = new Lab()
    lab.answer = () => ({ ok: false, reason: 'status 429', retryAfterMs: 7_000 })
    lab.line.add(['a'])
    await lab.pass(10)
    lab.answer = () => OK
    lab.line.add(['b'])
    await lab.pass(6_900)
    assert.equal(lab.calls.length, 1)
    await lab.pass(200)
    assert.deepEqual(lab.calls[1]?.items, ['a', 'b'])
  })

  test('that fail for good are said once and counted, and nothing new is given to the CDN', async () => {
    const lab = new Lab()
    lab.answer = () => {
      throw Object.assign(new Error('a secret'), { code: 'ECONNREFUSED' })
    }
    lab.line.add(['a'])
    const waited = lab.line.settled()
    await lab.pass(60_000)
    assert.equal(await waited, false)
    assert.equal(lab.line.open, false)
    assert.equal(lab.lines.length, 1)
    assert.match(lab.lines[0] ?? '', /^front does not take purges \(ECONNREFUSED\)/)
    assert.equal(lab.counts.get('given_up'), 1)
    assert.ok((lab.counts.get('failures') ?? 0) >= 8)
  })

  test('that were given up get through when it is back: then it is given answers again', async () => {
    const lab = new Lab()
    lab.answer = () => ({ ok: false, reason: 'status 403', final: true })
    lab.line.add(['a'])
    await lab.pass(20)
    lab.line.add(['b'])
    assert.equal(lab.line.open, false)
    assert.equal(await lab.line.settled(), false)
    lab.answer = () => OK
    await lab.pass(31_000)
    assert.deepEqual(lab.calls[1]?.items, ['a', 'b'])
    assert.equal(lab.line.open, true)
    assert.equal(lab.lines.length, 2)
  })

  test('are all of it when too many wait', async () => {
    const lab = new Lab()
    lab.answer = () => ({ ok: false, reason: 'status 503' })
    lab.line.add(many(10_001))
    await lab.pass(20)
    lab.answer = () => OK
    lab.line.add(['one more'])
    await lab.pass(500)
    assert.deepEqual(lab.calls.at(-1)?.items, ['ALL'])
  })

  test('are counted as lost where nothing stands for all', async () => {
    const lab = new Lab({ perCall: 20_000 }, 'none')
    lab.line.add(many(10_003))
    await lab.pass(50)
    assert.equal(lab.counts.get('lost'), 3)
    assert.equal(lab.calls[0]?.items.length, 10_000)
  })

  test('of all make single ones needless', async () => {
    const lab = new Lab()
    lab.line.add(['a'])
    lab.line.addAll()
    lab.line.add(['b'])
    await lab.pass(50)
    assert.deepEqual(lab.items, ['ALL'])
  })

  test('are waited for: those before, not those after', async () => {
    const lab = new Lab()
    let answered: (result: PurgeResult) => void = () => {}
    lab.answer = () => new Promise(resolve => void (answered = resolve))
    lab.line.add(['a'])
    await lab.pass(20)
    lab.line.add(['b'])
    let done = false
    const waited = lab.line.settled().then(acknowledged => {
      done = true
      return acknowledged
    })
    answered(OK)
    await lab.pass(20)
    assert.equal(done, false)
    answered(OK)
    await lab.pass(20)
    lab.line.add(['c'])
    assert.equal(await waited, true)
  })

  test('at the end of the process go out at once, the repetitions too', async () => {
    const lab = new Lab()
    lab.line.add(['a'])
    await lab.pass(50)
    lab.line.add(['b'])
    lab.line.flush()
    await lab.pass(0)
    assert.deepEqual(lab.calls[1]?.items.toSorted(), ['a', 'b'])
  })

  test('are never forgotten: whatever fails in between, each write is followed by a purge that took', async () => {
    const step = fc.record({
      add: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 5 }),
      ok: fc.boolean(),
      passMs: fc.integer({ min: 0, max: 3_000 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
        const lab = new Lab({ perCall: 3, perSecond: 10, burst: 5 })
        const writtenMs = new Map<string, number>()
        const tookMs = new Map<string, number>()
        let ok = true
        lab.answer = () => {
          const { items = [] } = lab.calls.at(-1) ?? {}
          if (ok) for (const item of items) tookMs.set(item, lab.nowMs)
          return ok ? OK : { ok: false, reason: 'status 500' }
        }
        for (const { add, ok: next, passMs } of steps) {
          ok = next
          const items = add.map(n => `k${n}`)
          for (const item of items) writtenMs.set(item, lab.nowMs)
          lab.line.add(items)
          await lab.pass(passMs)
        }
        ok = true
        await lab.pass(120_000)
        for (const [item, atMs] of writtenMs) {
          const took = tookMs.get(item) ?? -1
          assert.ok(took >= atMs + 1_000, `${item}: written ${atMs}, purged last ${took}`)
        }
      }),
      { numRuns: 200 },
    )
  })
})
