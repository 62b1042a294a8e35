import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { counts } from '../dist/trace/counts.js'
import { OpenSpan, recorder } from '../dist/trace/recorder.js'
import { Ring } from '../dist/trace/ring.js'
import { RouteStats } from '../dist/trace/routes.js'
import { type Candidate, PRODUCTION_RATES, type Reason, Sampler } from '../dist/trace/sampler.js'
import { ActiveTrace, type Keeper, OPEN_SPANS, TRACE_SPANS } from '../dist/trace/span.js'

const route = () => new RouteStats('GET', '/users/:id', false)

class Requests {
  nowMs = 0
  readonly stats = route()
  constructor(readonly sampler = new Sampler(PRODUCTION_RATES)) {}

  /** `n` requests, one each 10 ms; how many were kept for which reason. */
  run(
    n: number,
    request: Partial<Candidate> = {},
    everyMs = 10,
  ): Partial<Record<Reason | 'not', number>> {
    const kept: Partial<Record<Reason | 'not', number>> = {}
    for (let i = 0; i < n; i++) {
      this.nowMs += everyMs
      const reason =
        this.sampler.judge(
          {
            stats: this.stats,
            durationMs: 10,
            statusClass: 2,
            spans: 20,
            upstream: false,
            promised: undefined,
            ...request,
          },
          this.nowMs,
        ) ?? 'not'
      kept[reason] = (kept[reason] ?? 0) + 1
    }
    return kept
  }
}

describe('the sampler keeps', () => {
  test('the first five of a route, then a fair share a second of the ordinary', () => {
    const kept = new Requests().run(1000)
    assert.equal(kept.new, 5)
    // 10 s at one each two seconds, and the one that was saved up.
    assert.ok((kept.ordinary ?? 0) >= 5 && (kept.ordinary ?? 0) <= 6)
  })

  test('the first five with a status that the route never had', () => {
    const requests = new Requests()
    requests.run(100)
    assert.equal(requests.run(100, { statusClass: 4 }).new, 5)
    assert.equal(requests.run(100, { statusClass: 5 }).new, 5)
  })

  test('the slow: what is above the route’s 95th percentile, not all after it became slow', () => {
    const requests = new Requests()
    requests.run(200)
    assert.equal(requests.run(1, { durationMs: 100 }).slow, 1)
    const later = requests.run(2000, { durationMs: 100 })
    assert.ok((later.slow ?? 0) < 45, `${later.slow} of 2,000 are called slow`)
  })

  test('failed ones and those that the client gave up, at two a second', () => {
    const requests = new Requests()
    requests.run(10, { statusClass: 5 })
    const kept = requests.run(1000, { statusClass: 5 })
    assert.ok((kept.error ?? 0) >= 19 && (kept.error ?? 0) <= 22, String(kept.error))
    assert.ok((requests.run(1000, { statusClass: 0 }).error ?? 0) >= 10)
  })

  test('never more than the spans of a second, whatever they are worth', () => {
    const kept = new Requests().run(1000, { spans: 5000, upstream: true }, 1)
    const all = 1000 - (kept.not ?? 0)
    assert.ok(all <= 3, `${all} traces of 5,000 spans in one second`)
  })

  test('what was promised when an id left the process', () => {
    const requests = new Requests()
    requests.run(1000)
    assert.equal(requests.run(1, { promised: 'ordinary' }).ordinary, 1)
  })

  test('promises are bounded as well', () => {
    const sampler = new Sampler(PRODUCTION_RATES)
    let promised = 0
    for (let n = 0; n < 1000; n++) if (sampler.promise(route(), true, 0) !== undefined) promised++
    assert.equal(promised, PRODUCTION_RATES.tracesPerSecond)
  })
})

class CountingKeeper implements Keeper {
  joined(): void {}
  open = 0
  lateAdmitted = Number.POSITIVE_INFINITY
  readonly strays = new Set<ActiveTrace>()
  readonly drops = new Map<string, number>()
  readonly latecomers: OpenSpan[] = []
  decide = () => true
  finished = (trace: ActiveTrace) => {
    trace.reason = 'new'
  }
  late = (span: OpenSpan) => {
    this.latecomers.push(span)
  }
  admitsLate = () => this.lateAdmitted-- > 0
  dropped = (reason: string, n: number) => {
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + n)
  }
}

/** As a request is: the recorder ends it. */
class RequestSpan extends OpenSpan {
  override endsByItself(): boolean {
    return true
  }
}

function begin(keeper: Keeper, Root = RequestSpan): ActiveTrace {
  const trace = new ActiveTrace(keeper)
  // A request to a server gets a span more whenever a busy machine does not let this process run.
  trace.begin(new Root(trace, undefined, 'consumer', 'root', undefined))
  return trace
}

function child(trace: ActiveTrace): OpenSpan {
  const span = new OpenSpan(trace, trace.root, 'client', 'child', undefined)
  trace.hold(span)
  return span
}

describe('bounds', () => {
  test('a trace holds 5,000 spans; the rest is counted on it', () => {
    const keeper = new CountingKeeper()
    const trace = begin(keeper)
    for (let n = 0; n < TRACE_SPANS + 9; n++) child(trace).end()
    assert.equal(trace.spans.length, TRACE_SPANS)
    assert.equal(trace.dropped, 10)
    assert.deepEqual([...keeper.drops], [['trace', 10]])
    trace.root?.end()
    assert.equal(keeper.open, 0)
  })

  test('all open traces together hold 100,000: open event-streams do not add up', () => {
    const keeper = new CountingKeeper()
    const traces = Array.from({ length: OPEN_SPANS / 4000 + 1 }, () => begin(keeper))
    for (const trace of traces) for (let n = 0; n < 4000; n++) child(trace)
    assert.equal(keeper.open, OPEN_SPANS)
    assert.deepEqual([...keeper.drops], [['open', 4000]])
    for (const trace of traces) trace.root?.end()
    assert.equal(keeper.open, 0)
  })

  test('spans that the app forgets to end make room for others, the oldest first', () => {
    const keeper = new CountingKeeper()
    for (let n = 0; n < OPEN_SPANS + 1; n++) begin(keeper, OpenSpan)
    assert.equal(keeper.open, 0, 'roots alone take no room')
    const forgotten = Array.from({ length: OPEN_SPANS / 4000 }, () => begin(keeper, OpenSpan))
    const late = forgotten.map(trace => child(trace))
    for (const trace of forgotten) for (let n = 0; n < 3999; n++) child(trace)
    assert.deepEqual([...keeper.drops], [])
    const request = begin(keeper)
    const held = child(request)
    assert.equal(held.held, true)
    assert.deepEqual([...keeper.drops], [['open', 4000]], 'those of the oldest are counted')
    assert.equal(forgotten[0]?.spans.length, 1)
    assert.equal(keeper.open, OPEN_SPANS - 4000 + 1)
    for (const trace of [...forgotten, request]) trace.root?.end()
    assert.equal(keeper.open, 0)
    assert.equal(keeper.strays.size, 0)
    late[0]?.end()
    assert.deepEqual(keeper.latecomers, [], 'what was counted as dropped is not sent')
  })

  test('a span that ends after its root is sent on its own, once', () => {
    const keeper = new CountingKeeper()
    const trace = begin(keeper)
    const span = child(trace)
    trace.root?.end()
    span.end()
    span.end()
    assert.deepEqual(keeper.latecomers, [span])
  })

  test('what begins after the end has the room that the trace left; the rest is counted', () => {
    const keeper = new CountingKeeper()
    const trace = begin(keeper)
    const unawaited = Array.from({ length: TRACE_SPANS + 100 }, () => child(trace))
    trace.root?.end()
    for (const span of unawaited) span.end()
    assert.equal(keeper.latecomers.length, TRACE_SPANS - 1, 'dropped ones stay dropped')
    child(trace).end()
    assert.equal(keeper.latecomers.length, TRACE_SPANS - 1)
    assert.deepEqual([...keeper.drops], [['trace', 102]])
    const other = begin(keeper)
    other.root?.end()
    keeper.lateAdmitted = 3
    for (let n = 0; n < 5; n++) child(other).end()
    assert.equal(keeper.latecomers.length, TRACE_SPANS + 2)
    assert.equal(keeper.drops.get('late'), 2)
  })

  test('late spans spend the sampler’s spans of the second', () => {
    const sampler = new Sampler(PRODUCTION_RATES)
    let admitted = 0
    for (let n = 0; n < 6000; n++) if (sampler.late(0)) admitted++
    assert.equal(admitted, PRODUCTION_RATES.spansPerSecond)
    assert.equal(sampler.late(1000), true)
  })

  test('a trace that ended holds no spans: what was made in it may live for hours', () => {
    const trace = begin(new CountingKeeper())
    child(trace).end()
    trace.root?.end()
    assert.deepEqual(trace.spans, [])
  })

  test('work a minute after the end is of a trace of its own', () => {
    const trace = begin(new CountingKeeper())
    const root = trace.root as OpenSpan
    root.end()
    assert.equal(recorder.parentOf(root), root)
    root.endMs -= 59_000
    assert.equal(recorder.parentOf(root), root)
    root.endMs -= 1_500
    assert.equal(recorder.parentOf(root), undefined)
  })

  test('the ring lets the oldest go, and counts their spans', () => {
    const ring = new Ring(10)
    const trace = begin(new CountingKeeper())
    const spans = Array.from({ length: 25 }, () => child(trace))
    const before = counts.dropped.get('spans ring') ?? 0
    for (let n = 0; n < 25; n += 4) ring.push(spans.slice(n, n + 4))
    const taken = ring.take(100)
    assert.deepEqual(taken, spans.slice(-taken.length))
    assert.ok(taken.length <= 10)
    assert.equal((counts.dropped.get('spans ring') ?? 0) - before, 25 - taken.length)
    assert.equal(ring.spans, 0)
  })
})
