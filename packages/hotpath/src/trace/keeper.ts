import { clock } from '../clock.js'
import { countDropped } from './counts.js'
import { Ring } from './ring.js'
import { PRODUCTION_RATES, type Reason, Sampler } from './sampler.js'
import type { ActiveTrace, Keeper, OpenSpan } from './span.js'

/** Told of the traces with one id, where a piece of code is followed. */
export interface Follower {
  joined(trace: ActiveTrace): void
  ended(trace: ActiveTrace): void
}

const NOBODY: readonly Follower[] = []

/** Decides what becomes of the traces of this process, and holds the kept ones for the worker. */
class ProcessKeeper implements Keeper {
  open = 0
  readonly strays = new Set<ActiveTrace>()
  readonly ring = new Ring()
  sampler = new Sampler(PRODUCTION_RATES)
  /** Called when the first trace ended: the worker starts then, and not in programs without one. */
  onFirst: (() => void) | undefined = undefined
  /** By trace id, several where one follows within another; empty but in tests that follow their code. */
  readonly followers = new Map<string, Set<Follower>>()
  private promises = new WeakMap<ActiveTrace, Reason>()

  decide(trace: ActiveTrace): boolean {
    if (trace.root === undefined) return false
    const reason = this.sampler.promise(trace.root.stats(), trace.remoteSampled, clock.now())
    if (reason !== undefined) this.promises.set(trace, reason)
    return reason !== undefined
  }

  joined(trace: ActiveTrace): void {
    for (const follower of this.followersOf(trace)) follower.joined(trace)
  }

  finished(trace: ActiveTrace): void {
    const { root } = trace
    if (root === undefined) return
    for (const follower of this.followersOf(trace)) follower.ended(trace)
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
      this.ring.push(trace.spans.filter(span => span.endMs >= 0).flatMap(told))
    }
    if (this.onFirst !== undefined) this.begin()
  }

  /** Makes no id where nobody follows. */
  followersOf(trace: ActiveTrace): Iterable<Follower> {
    return (this.followers.size > 0 && this.followers.get(trace.traceId)) || NOBODY
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
    this.ring.push(told(span))
  }

  dropped(reason: 'trace' | 'open' | 'late', n: number): void {
    countDropped('spans', reason, n)
  }
}

function told(span: OpenSpan): OpenSpan[] {
  const before = span.before()
  return before === undefined ? [span] : [before, span]
}

export const keeper = new ProcessKeeper()
