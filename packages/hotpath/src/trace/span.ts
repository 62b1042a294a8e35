import { clock } from '../clock.js'
import type { Attributes } from './attributes.js'
import { frameOf } from './block-frames.js'
import { type CallSite, captureCallSite } from './call-site.js'
import { randomHex } from './ids.js'
import { type RouteStats, workStats } from './routes.js'
import type { Template } from '../sql/template.js'
import { BLOCK_MS, hasTurn, takesTurn } from './turn.js'

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer'
export type SpanStatus = 'unset' | 'ok' | 'error'

/** What another process needs to continue a trace. */
export interface SpanContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  readonly sampled: boolean
}

/** Spans of one trace that are kept; the rest is counted. Also the console's cap for a waterfall. */
export const TRACE_SPANS = 5000
/**
 * Spans of all open traces together: ten thousand open event-streams with five hundred statements
 * each would otherwise be five million. At about 250 bytes a span this is 25 MB.
 */
export const OPEN_SPANS = 100_000
/** Of a trace that has not begun, or ended: nothing is added to it. */
const NONE: OpenSpan[] = []
const BLOCKED: Attributes = { 'hotpath.blocked': true }
/**
 * Work that a request left behind belongs to it for this long. Later it is a timer or a listener
 * that happened to be made in a request, and starts a trace of its own.
 */
const LATE_MS = 60_000

/** What becomes of traces: the recorder's side of a span. */
export interface Keeper {
  /** Spans held by open traces below their roots. */
  open: number
  /** Open traces with spans below a root that only the app can end, the oldest first. */
  readonly strays: Set<ActiveTrace>
  /** Asked once, when an id is about to leave the process: will this trace be kept? */
  decide(trace: ActiveTrace): boolean
  /** It continues the trace of another process, or of this one. */
  joined(trace: ActiveTrace): void
  /** The root ended. */
  finished(trace: ActiveTrace): void
  /** Asked for each span that begins after the end of its root, in a trace that is kept. */
  admitsLate(): boolean
  /** A span ended after its root, in a trace that is kept. */
  late(span: OpenSpan): void
  dropped(reason: 'trace' | 'open' | 'late', n: number): void
}

/**
 * One timed operation while it runs. Subclasses add what they know and put it into words in
 * `describe`, which is called for kept traces only.
 */
export class OpenSpan {
  /** -1 while the span runs. */
  endMs = -1
  status: SpanStatus = 'unset'
  /** '' until somebody needs it. */
  id = ''
  /** Where in the app's code it was asked for; on the first few of their kind. */
  site: CallSite | undefined = undefined
  /** Its trace has a place for it, within the bounds. */
  held = false

  constructor(
    readonly trace: ActiveTrace,
    readonly parent: OpenSpan | undefined,
    readonly kind: SpanKind,
    public name: string,
    public attributes: Attributes | undefined,
    public startMs: number = clock.now(),
  ) {}

  /** Ends the span; a second call does nothing. */
  end(status?: SpanStatus, attributes?: Attributes): void {
    if (this.endMs >= 0) return
    this.endMs = clock.now()
    if (status !== undefined) this.status = status
    if (attributes !== undefined) this.add(attributes)
    if (this === this.trace.root) this.trace.finish()
    else if (!this.trace.ended) {
      // Work within a span of the app's own is the request's; of other spans somebody else did it.
      if (this.kind === 'internal') this.trace.acts(this.endMs)
      this.trace.goesOn(this.endMs)
    } else if (this.held) this.trace.late(this)
  }

  add(attributes: Attributes): void {
    this.attributes =
      this.attributes === undefined ? attributes : { ...this.attributes, ...attributes }
  }

  /** The ids, made now if they were not; `sampled` is decided now and kept. */
  context(): SpanContext {
    return { traceId: this.trace.traceId, spanId: this.spanId, sampled: this.trace.sampled() }
  }

  get spanId(): string {
    if (this.id === '') this.id = randomHex(8)
    return this.id
  }

  /** What tells its kind apart where call sites are taken. */
  siteKey(): string {
    return this.name
  }

  /** The attributes that leave; called for kept traces only. */
  describe(): Attributes {
    return this.attributes ?? {}
  }

  /** What came before it and is told only in a trace that is kept. */
  before(): OpenSpan | undefined {
    return undefined
  }

  /** The connection to a database that it has; undefined: none, or not known. */
  connection(): object | undefined {
    return undefined
  }

  /** What is known of the route that this span, as a root, belongs to. */
  stats(): RouteStats {
    return workStats(this.name)
  }

  /** Whether it ends even if the app forgets it. */
  endsByItself(): boolean {
    return false
  }

  /** First digit of the answer's status; 0 when the client left. */
  statusClass(): number {
    return this.status === 'error' ? 5 : 2
  }
}

/** Keeps rows of a request until its answer is there; never throws. */
export interface RowKeeper {
  add(template: Template, results: unknown): void
  given(values: readonly unknown[]): void
}

/** All that belongs to one request, or to one operation outside of requests. */
export class ActiveTrace {
  root: OpenSpan | undefined = undefined
  /**
   * In order of start, the root first; emptied at the end: a timer or a socket that was made in a
   * request holds its trace as long as it lives.
   */
  spans: OpenSpan[] = NONE
  /** Spans over the cap. */
  dropped = 0
  ended = false
  /** Why the trace is kept; '' while that is open, or when it is not. */
  reason = ''
  /** What a framework said: its route's template; null: it has none for this path. */
  route: string | null | undefined = undefined
  /** The span of another process that called us, believed. */
  remoteParent = ''
  /** The caller believed and kept its trace. */
  remoteSampled = false
  /** A caller that is not believed. */
  link: SpanContext | undefined = undefined
  /** Spans that it held when it ended, and those that came later. */
  private taken = 0
  /** When its code was last seen to do something. */
  private seenMs = 0
  /** What the stages of statements keep for the time of this request; told of its end, and never throws. */
  statements: { end(): void } | undefined = undefined
  /** What its statements read, where that is looked into; null: it is not. */
  rows: RowKeeper | null | undefined = undefined
  /** When its answer began to be put into bytes, as long as that goes on; else -1. */
  serialisingMs = -1
  private id = ''
  private decision: boolean | undefined = undefined

  constructor(readonly keeper: Keeper) {}

  /**
   * Makes `root` the span with which the trace ends. A root alone is not counted: one that the app
   * forgets to end is held by nobody.
   */
  begin<T extends OpenSpan>(root: T): T {
    this.root = root
    // A literal has room for one; `push` on an empty list makes room for seventeen, and most traces have one.
    this.spans = [root]
    this.goesOn(root.startMs)
    return root
  }

  get traceId(): string {
    if (this.id === '') this.id = randomHex(16)
    return this.id
  }

  /** Continues the trace of a caller that is believed. */
  continues(remote: SpanContext): void {
    this.id = remote.traceId
    this.remoteParent = remote.spanId
    this.remoteSampled = remote.sampled
    this.keeper.joined(this)
  }

  sampled(): boolean {
    this.decision ??= this.ended ? this.reason !== '' : this.keeper.decide(this)
    return this.decision
  }

  /** What its code waited for is there. */
  goesOn(nowMs: number): void {
    this.seenMs = nowMs
    if (this.root?.kind === 'server') takesTurn(this)
  }

  /**
   * Its code does something: begins a span, or ends its answer. If it has kept the event loop for long
   * until now, that becomes a span of its own, with the place that was reached.
   */
  acts(nowMs: number): void {
    const { root, seenMs } = this
    // A span that is known afterwards, such as a wait, begins in the past.
    if (nowMs <= seenMs) return
    this.seenMs = nowMs
    const isOwn = hasTurn(this)
    if (!isOwn || nowMs - seenMs < BLOCK_MS || root?.kind !== 'server') return
    if (this.spans.length >= TRACE_SPANS) return
    const span = new OpenSpan(this, root, 'internal', 'blocked: event loop', BLOCKED, seenMs)
    span.endMs = nowMs
    // Each has its own: they are few, and a place costs nothing beside 20 ms.
    span.site = captureCallSite()
    const frame = frameOf(span, root.stats())
    if (frame !== undefined) {
      span.site = frame.site
      span.add({ 'hotpath.blocked.share': Math.round(frame.share * 100) / 100 })
    }
    this.keep(span)
  }

  /** Keeps the span, or counts it when there are too many. */
  hold(span: OpenSpan): void {
    if (this.ended) this.holdLate(span)
    else {
      this.acts(span.startMs)
      this.keep(span)
    }
  }

  private keep(span: OpenSpan): void {
    if (this.spans.length >= TRACE_SPANS) this.drop('trace', 1)
    else if (!this.hasRoom()) this.drop('open', 1)
    else {
      if (this.spans.length === 1 && this.root?.endsByItself() === false)
        this.keeper.strays.add(this)
      this.spans.push(span)
      this.keeper.open++
      span.held = true
    }
  }

  finish(): void {
    this.ended = true
    this.statements?.end()
    this.statements = undefined
    this.taken = this.spans.length
    this.keeper.open -= this.taken - 1
    if (this.taken > 1) this.keeper.strays.delete(this)
    this.keeper.finished(this)
    this.spans = NONE
  }

  late(span: OpenSpan): void {
    if (this.reason !== '') this.keeper.late(span)
  }

  /** Work that a request left behind has the room that the request left, and its share of the sampler's. */
  private holdLate(span: OpenSpan): void {
    if (this.reason === '') return
    if (this.taken >= TRACE_SPANS) this.drop('trace', 1)
    else if (!this.keeper.admitsLate()) this.drop('late', 1)
    else {
      this.taken++
      span.held = true
    }
  }

  /** Where all open traces hold too much, the oldest whose root the app seems to have forgotten lets go. */
  private hasRoom(): boolean {
    const { keeper } = this
    if (keeper.open < OPEN_SPANS) return true
    for (const stray of keeper.strays) {
      stray.letGo()
      if (keeper.open < OPEN_SPANS) return true
    }
    return false
  }

  private letGo(): void {
    const given = this.spans.splice(1)
    for (const span of given) span.held = false
    this.keeper.strays.delete(this)
    this.keeper.open -= given.length
    this.drop('open', given.length)
  }

  private drop(reason: 'trace' | 'open' | 'late', n: number): void {
    this.dropped += n
    this.keeper.dropped(reason, n)
  }

  /** Too long after its end to have caused what happens now. */
  isPast(nowMs: number): boolean {
    return this.ended && this.root !== undefined && nowMs - this.root.endMs > LATE_MS
  }
}
