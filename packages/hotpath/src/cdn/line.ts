import { AsyncResource } from 'node:async_hooks'
import type { CdnPurger, PurgeResult } from '../config/cdn.js'
import { CallBudget } from './budget.js'
import type { CdnHost, Timing } from './host.js'
import { Repeats } from './repeats.js'

/** What comes within it goes in one call. */
const WINDOW_MS = 10
/** Items that wait; of more it is all of them, or the oldest are lost where nothing stands for all. */
const MOST_WAITING = 10_000
const CALL_TIMEOUT_MS = 5_000
/** Calls in a row that failed before it is given up: about 13 s with a CDN that refuses at once. */
const TRIES = 8
const FIRST_RETRY_MS = 100
const MOST_RETRY_MS = 10_000
/** What was given up is tried so often. */
const PROBE_MS = 5_000
/** Whatever a service asks for. */
const MOST_RETRY_AFTER_MS = 300_000

interface Waiter {
  /** The round that ends it. */
  round: number
  resolve(acknowledged: boolean): void
}

/**
 * What one CDN has still to be told: without doubles, in few calls, at its pace, again when it fails. A
 * purge is never forgotten: what is given up waits on, bounded, and is tried every 5 s; until it has got
 * through, `open` is false and the CDN is given nothing new to keep.
 */
export class Line {
  /** With whether they are to be purged once more afterwards. */
  private waiting = new Map<string, boolean>()
  /** What is being purged now. */
  private round = new Map<string, boolean>()
  private rounds = 0
  private readonly waiters: Waiter[] = []
  private readonly repeats: Repeats
  private readonly budget: CallBudget
  private failures = 0
  private notBeforeMs = 0
  private busy = false
  private cancel: (() => void) | undefined
  /** Purges belong to no request: without it, they would be in the trace of the one that wrote. */
  private readonly resource = new AsyncResource('hotpath.cdn')
  private givenUp = false

  /**
   * @param everything What stands for all items; undefined: nothing does.
   * @param keyOf What is sent for an item.
   */
  constructor(
    private readonly purger: CdnPurger,
    private readonly host: CdnHost,
    private readonly timing: Timing,
    private readonly everything: string | undefined,
    private readonly keyOf: (item: string) => string,
    againMs: number,
    oldestOnItsWayMs: () => number,
  ) {
    this.budget = new CallBudget(purger.limits, timing.now())
    this.repeats = new Repeats(againMs, timing, oldestOnItsWayMs, items => {
      for (const item of items) this.keep(item, false)
      this.begin(0)
    })
  }

  /** Whether it takes purges, as far as is known. */
  get open(): boolean {
    return !this.givenUp
  }

  add(items: Iterable<string>): void {
    for (const item of items) this.keep(item, true)
    this.begin(WINDOW_MS)
  }

  addAll(): void {
    if (this.everything === undefined) return
    this.waiting = new Map([[this.everything, true]])
    this.begin(WINDOW_MS)
  }

  /** Resolves when all that was added before was acknowledged: true; or was given up for now: false. */
  settled(): Promise<boolean> {
    if (this.givenUp) return Promise.resolve(false)
    const ahead = (this.round.size > 0 ? 1 : 0) + (this.waiting.size > 0 ? 1 : 0)
    if (ahead === 0) return Promise.resolve(true)
    return new Promise(resolve => this.waiters.push({ round: this.rounds + ahead, resolve }))
  }

  /** The process is about to end: once, without waiting for anything. */
  flush(): void {
    for (const item of this.repeats.take()) this.keep(item, false)
    this.cancel?.()
    this.cancel = undefined
    this.notBeforeMs = 0
    // By no timer, which would keep no process alive: the socket of a call does.
    this.resource.runInAsyncScope(() => void this.work())
  }

  private keep(item: string, again: boolean): void {
    const { waiting, everything } = this
    if (everything !== undefined && waiting.has(everything)) {
      if (again) waiting.set(everything, true)
      return
    }
    if (item === everything) {
      this.waiting = new Map([[item, again || [...waiting.values()].includes(true)]])
      return
    }
    waiting.set(item, again || waiting.get(item) === true)
    if (waiting.size <= MOST_WAITING) return
    if (everything !== undefined) this.waiting = new Map([[everything, true]])
    else {
      const [oldest = ''] = waiting.keys()
      waiting.delete(oldest)
      this.host.countCdn('lost', this.purger.name, 1)
    }
  }

  private begin(ms: number): void {
    if (this.busy || this.cancel !== undefined) return
    if (this.waiting.size === 0 && this.round.size === 0) return
    this.wait(Math.max(ms, this.notBeforeMs - this.timing.now()))
  }

  private wait(ms: number): void {
    this.cancel?.()
    this.cancel = this.resource.runInAsyncScope(() =>
      this.timing.after(ms, () => {
        this.cancel = undefined
        void this.work()
      }),
    )
  }

  private async work(): Promise<void> {
    if (this.busy) return
    this.busy = true
    try {
      for (;;) {
        if (this.round.size === 0) {
          if (this.waiting.size === 0) return
          this.round = this.waiting
          this.waiting = new Map()
        }
        const pauseMs = this.budget.take(this.timing.now())
        if (pauseMs > 0) {
          this.wait(pauseMs)
          return
        }
        const items = [...this.round.keys()].slice(0, this.purger.limits.perCall)
        const begunMs = this.timing.now()
        const result = await this.call(items)
        if (!result.ok) {
          this.failed(result)
          return
        }
        this.succeeded(items, begunMs)
      }
    } catch {
      this.host.caught('cdn.line')
    } finally {
      this.busy = false
    }
  }

  private async call(items: readonly string[]): Promise<PurgeResult> {
    this.host.countCdn('calls', this.purger.name, 1)
    try {
      const keys = [...new Set(items.map(this.keyOf))]
      return await this.purger.purge(keys, AbortSignal.timeout(CALL_TIMEOUT_MS))
    } catch (error) {
      const { code, name } = error as { code?: unknown; name?: unknown }
      return { ok: false, reason: String(code ?? name).slice(0, 100) }
    }
  }

  private succeeded(items: readonly string[], begunMs: number): void {
    const again = items.filter(item => this.round.get(item) === true)
    this.repeats.add(again, begunMs)
    for (const item of items) this.round.delete(item)
    this.host.countCdn('purged', this.purger.name, items.length)
    this.failures = 0
    if (this.givenUp) {
      this.givenUp = false
      this.host.say(`${this.purger.name} takes purges again.`)
    }
    if (this.round.size === 0) this.endRound(true)
  }

  private failed(result: PurgeResult & { ok: false }): void {
    this.failures++
    this.host.countCdn('failures', this.purger.name, 1)
    const backoffMs = Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.failures - 1))
    const askedMs = Math.min(result.retryAfterMs ?? 0, MOST_RETRY_AFTER_MS)
    let delayMs = Math.max(backoffMs, askedMs)
    if (result.final === true || this.failures >= TRIES) {
      this.giveUp(result.reason)
      delayMs = Math.max(askedMs, PROBE_MS)
    }
    // What came meanwhile goes with it: one bound for both.
    const failed = this.round
    this.round = new Map()
    for (const [item, again] of failed) this.keep(item, again)
    if (this.givenUp) this.endRound(false)
    else for (const waiter of this.waiters) waiter.round = this.rounds + 1
    this.notBeforeMs = this.timing.now() + delayMs
    this.wait(delayMs)
  }

  private giveUp(reason: string): void {
    if (this.givenUp) return
    this.givenUp = true
    this.host.countCdn('given_up', this.purger.name, 1)
    this.host.say(
      `${this.purger.name} does not take purges (${reason}): what it holds may be old for as long as its ttl, and it is given nothing new. It is tried again every ${PROBE_MS / 1000} s.`,
    )
  }

  private endRound(acknowledged: boolean): void {
    this.rounds++
    for (let at = this.waiters.length - 1; at >= 0; at--) {
      const waiter = this.waiters[at] as Waiter
      if (acknowledged && waiter.round > this.rounds) continue
      this.waiters.splice(at, 1)
      waiter.resolve(acknowledged)
    }
  }
}
