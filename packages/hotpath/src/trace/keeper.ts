import { clock } from '../clock.js'
import { countDropped } from './counts.js'
import { Ring } from './ring.js'
import { PRODUCTION_RATES, type Reason, Sampler } from './sampler.js'
import type { ActiveTrace, Keeper, OpenSpan } from './span.js'

/** Decides what becomes of the traces of this process, and holds the kept ones for the worker. */
class ProcessKeeper implements Keeper {
  open = 0
  readonly strays = new Set<ActiveTrace>()
  readonly ring = new Ring()
  sampler = new Sampler(PRODUCTION_RATES)
  /** Called when the first trace ended: the worker starts then, and not in programs without one. */
  onFirst: (() => void) | undefined = undefined
  private promises = new WeakMap<ActiveTrace, Reason>()

  decide(trace: ActiveTrace): boolean {
    if (trace.root === undefined) return false
    const reason = this.sampler.promise(trace.root.stats(), trace.remoteSampled, clock.now())
    if (reason !== undefined) this.promises.set(trace, reason)
    return reason !== undefined
  }

  finished(trace: ActiveTrace): void {
    const { root } = trace
    if (root === undefined) return
    const reason = this.sampler.judge(
      {
        stats: root.stats(),
        durationMs: root.endMs - root.startMs,
        statusClass: root.statusClass(),
        spans: trace.spans.length,
        upstream: trace.remoteSampled,
        promised: this.promises.get(trace),
      },
      root.endMs,
    )
    if (reason !== undefined) {
      trace.reason = reason
      this.ring.push(trace.spans.filter(span => span.endMs >= 0))
    }
    if (this.onFirst !== undefined) this.begin()
  }

  begin(): void {
    const start = this.onFirst
    this.onFirst = undefined
    start?.()
  }

  admitsLate(): boolean {
    return this.sampler.late(clock.now())
  }

  late(span: OpenSpan): void {
    this.ring.push([span])
  }

  dropped(reason: 'trace' | 'open' | 'late', n: number): void {
    countDropped('spans', reason, n)
  }
}

export const keeper = new ProcessKeeper()
