import { type Follower, keeper } from './keeper.js'
import { recorder } from './recorder.js'
import { RouteStats } from './routes.js'
import { ActiveTrace, OpenSpan, type SpanKind } from './span.js'

/** What a piece of code does, recorded for itself: see `follow`. */
export interface Following {
  /** Runs the code, within a trace of its own. */
  run<T>(fn: () => T): T
  /**
   * Its spans so far, by start, and those of requests that it sent to servers of this process, and of what is
   * followed within it.
   */
  spans(): OpenSpan[]
  /** Ends the trace, and forgets it. */
  end(): void
}

/** A span with what is known of its kind for itself, so that each code that is followed tells its own places. */
class Followed extends OpenSpan {
  private readonly own = new RouteStats('', this.name, false)

  constructor(trace: ActiveTrace, kind: SpanKind, name: string) {
    super(trace, undefined, kind, name, undefined)
  }

  override stats(): RouteStats {
    return this.own
  }
}

/**
 * Follows a piece of code: all that is recorded while it runs, whether it is kept or not. Within code that is
 * followed already, both are told.
 *
 *     const following = follow('expectNoNPlusOne')
 *     await following.run(fn)
 *     following.spans()
 */
export function follow(name: string): Following {
  const trace = new ActiveTrace(keeper)
  const root = trace.begin(new Followed(trace, 'internal', name))
  const open = new Set<ActiveTrace>()
  const ended: OpenSpan[] = []
  const follower: Follower = {
    joined: other => void open.add(other),
    ended: other => {
      if (open.delete(other)) ended.push(...other.spans)
    },
  }
  const current = recorder.current()
  const outer = current === undefined ? [] : keeper.followersOf(current.trace)
  keeper.followers.set(trace.traceId, new Set([...outer, follower]))
  keeper.joined(trace)
  return {
    run: fn => recorder.runIn(root, fn),
    // A request is over when its socket says so, which may be after its caller has gone on.
    spans: () =>
      [...ended, ...[...open].flatMap(({ spans }) => spans)].sort((a, b) => a.startMs - b.startMs),
    end: () => {
      root.end()
      for (const [id, followers] of keeper.followers)
        if (followers.delete(follower) && followers.size === 0) keeper.followers.delete(id)
    },
  }
}
