import type { Clock } from '../clock.js'

/** What became of somebody who asked to go. */
export type Place =
  /** At once. */
  | 'free'
  /** `go` is called when it is their turn, or `late` when that takes too long. */
  | 'waiting'
  /** It would take too long, or too many wait. */
  | 'full'

export interface PaceOptions {
  readonly intervalMs: number
  readonly burst: number
  readonly maxDelayMs: number
  /** Who may wait, all together. */
  readonly queue: number
}

/** Somebody in a line; `at` is where it ends. */
export interface Waiter {
  readonly client: string
  readonly sinceMs: number
  go(): void
  late(): void
  /** Its client has left, and nobody said so: of requests that stand behind others on one connection. */
  isGone(): boolean
  left: boolean
}

/** Lets a test wind the clock. */
export type After = (ms: number, run: () => void) => () => void

/**
 * Lets some through at a rate, and the rest wait: each client in a line of its own, and the lines in turns, so
 * that one with many requests delays itself and not the others. Who leaves is passed over, and does not use up a
 * turn.
 *
 *     lines: A a1 a2 a3 · B b1      goes: a1 b1 a2 a3
 */
export class Pace {
  waiting = 0
  private nextMs = Number.NEGATIVE_INFINITY
  /** In the order of their turns; each has somebody who waits, or has left. */
  private readonly lines = new Map<string, Waiter[]>()
  private cancel: (() => void) | undefined

  constructor(
    private readonly options: PaceOptions,
    private readonly clock: Clock,
    private readonly after: After,
  ) {}

  /** How long who is refused should stay away. */
  get retryMs(): number {
    return Math.max(this.options.intervalMs, this.dueMs() + this.waiting * this.options.intervalMs)
  }

  /** Asks for a place; `waiter` is called later where it is `waiting`. */
  enter(waiter: Waiter): Place {
    const { intervalMs, maxDelayMs, queue } = this.options
    const dueMs = this.dueMs()
    if (this.waiting === 0 && dueMs <= 0) {
      this.spend()
      return 'free'
    }
    const before = this.before(waiter.client)
    if (this.waiting >= queue || dueMs + before * intervalMs > maxDelayMs) return 'full'
    const line = this.lines.get(waiter.client)
    if (line === undefined) this.lines.set(waiter.client, [waiter])
    else line.push(waiter)
    this.waiting++
    this.arm()
    return 'waiting'
  }

  /** Frees a place. */
  leave(waiter: Waiter): void {
    if (waiter.left) return
    waiter.left = true
    this.waiting--
    const line = this.lines.get(waiter.client)
    const at = line?.indexOf(waiter) ?? -1
    if (line === undefined || at < 0) return
    line.splice(at, 1)
    if (line.length === 0) this.lines.delete(waiter.client)
    if (this.waiting > 0) return
    // A timer would keep a process that ends until then.
    this.cancel?.()
    this.cancel = undefined
  }

  /** Milliseconds until the next may go, by the rate. */
  private dueMs(): number {
    const { intervalMs, burst } = this.options
    return this.nextMs - (burst - 1) * intervalMs - this.clock.now()
  }

  private spend(): void {
    this.nextMs = Math.max(this.nextMs, this.clock.now()) + this.options.intervalMs
  }

  /** Who goes before the next of this client: one of each other line in each round. */
  private before(client: string): number {
    const rounds = (this.lines.get(client)?.length ?? 0) + 1
    let before = 0
    for (const [other, { length }] of this.lines)
      before += other === client ? length : Math.min(length, rounds)
    return before
  }

  private arm(): void {
    if (this.cancel !== undefined || this.waiting === 0) return
    this.cancel = this.after(Math.max(0, this.dueMs()), () => {
      this.cancel = undefined
      this.expire()
      while (this.waiting > 0 && this.dueMs() <= 0) this.turn()
      this.arm()
    })
  }

  private turn(): void {
    const [first] = this.lines
    if (first === undefined) return
    const [client, line] = first
    this.lines.delete(client)
    const waiter = line.shift()
    if (line.length > 0) this.lines.set(client, line)
    if (waiter === undefined) return
    waiter.left = true
    this.waiting--
    if (waiter.isGone()) return
    this.spend()
    waiter.go()
  }

  /** Those whose turn was put off for too long by lines of others that have grown since they came. */
  private expire(): void {
    const { maxDelayMs, intervalMs } = this.options
    const beforeMs = this.clock.now() - maxDelayMs - intervalMs
    for (const [client, line] of this.lines) {
      // The first of a line came first.
      const kept = line.findIndex(({ sinceMs }) => sinceMs >= beforeMs)
      if (kept === 0) continue
      const late = line.splice(0, kept < 0 ? line.length : kept)
      if (line.length === 0) this.lines.delete(client)
      this.waiting -= late.length
      for (const waiter of late) {
        waiter.left = true
        waiter.late()
      }
    }
  }
}
