import type { Timing } from './host.js'

/** An answer of before the purge is still on its way: it is looked again after this, for so long. */
const POSTPONE_MS = 250
const MOST_POSTPONED_MS = 60_000
/** Items that wait for their second purge; of more the oldest go at once. */
const MOST = 10_000

interface Bucket {
  readonly items: Set<string>
  readonly begunMs: number
  /** When the first of them would be due: those that come soon after wait with it, and do not put it off. */
  readonly firstDueMs: number
  readonly dueMs: number
}

/**
 * What is to be purged a second time. An answer that was made before a write, and sent before it, may
 * reach the CDN after the purge, and would be kept there. So each purge is repeated after a while, and not
 * before the answers that were on their way when it began have been sent.
 */
export class Repeats {
  /** The next one first. */
  private buckets: Bucket[] = []
  private cancel: (() => void) | undefined

  constructor(
    private readonly againMs: number,
    private readonly timing: Timing,
    /** When the oldest answer was begun that is still being sent; Infinity: none is. */
    private readonly oldestOnItsWayMs: () => number,
    private readonly due: (items: ReadonlySet<string>) => void,
  ) {}

  /** @param begunMs When their first purge was begun. */
  add(items: readonly string[], begunMs: number): void {
    if (items.length === 0) return
    // A later purge of the same makes the earlier repetition needless.
    for (const { items: earlier } of this.buckets) for (const item of items) earlier.delete(item)
    this.buckets = this.buckets.filter(({ items: left }) => left.size > 0)
    const dueMs = this.timing.now() + this.againMs
    const last = this.buckets.at(-1)
    if (last !== undefined && dueMs - last.firstDueMs < this.againMs / 10) {
      for (const item of items) last.items.add(item)
      this.buckets[this.buckets.length - 1] = { ...last, begunMs, dueMs }
    } else this.buckets.push({ items: new Set(items), begunMs, firstDueMs: dueMs, dueMs })
    while (this.size() > MOST) this.due(this.buckets.shift()?.items ?? new Set())
    this.wait()
  }

  /** All that wait. */
  take(): string[] {
    const items = this.buckets.flatMap(bucket => [...bucket.items])
    this.buckets = []
    return items
  }

  private size(): number {
    return this.buckets.reduce((sum, { items }) => sum + items.size, 0)
  }

  private wait(): void {
    const next = this.buckets[0]
    if (this.cancel !== undefined || next === undefined) return
    this.cancel = this.timing.after(Math.max(0, next.dueMs - this.timing.now()), () => {
      this.cancel = undefined
      this.look()
    })
  }

  private look(): void {
    const nowMs = this.timing.now()
    while (this.buckets[0] !== undefined && this.buckets[0].dueMs <= nowMs) {
      const bucket = this.buckets.shift() as Bucket
      const isOnItsWay = this.oldestOnItsWayMs() < bucket.begunMs
      if (isOnItsWay && nowMs - bucket.begunMs < MOST_POSTPONED_MS) {
        this.buckets.unshift({ ...bucket, dueMs: nowMs + POSTPONE_MS })
        break
      }
      this.due(bucket.items)
    }
    this.wait()
  }
}
