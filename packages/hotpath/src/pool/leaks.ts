import { clock } from '../clock.js'
import { appPlace } from '../trace/call-site.js'
import { contained } from '../trace/counts.js'
import type { RouteStats } from '../trace/routes.js'
import { OpenSpan } from '../trace/span.js'
import { tally } from '../trace/tallies.js'
import { pools } from './policy.js'
import { inRoot } from './root.js'

/** A stack: its text is made when somebody asks for it, which costs ten times as much as to take it. */
interface Stack {
  readonly stack?: unknown
}

/** A borrower, as far as it was looked at. */
export interface Taken {
  /** Of the route as it was known then. */
  readonly looks: Looks
  readonly own: Stack | undefined
}

/** Who borrowed a connection, and where. */
export class Borrower {
  constructor(
    readonly pool: string,
    readonly startMs: number,
    readonly trace: Taken,
    readonly span: OpenSpan | undefined,
  ) {}
}

/** Looked at this often: a leak is reported within a second of the limit. */
const LOOK_MS = 500
/** Frames of a borrower; below ours an ORM may have a dozen. */
const FRAMES = 16
/** Places that are told on stderr; more are counted alone. */
const MAX_PLACES = 100
/** Borrowers of a route that are looked at first, and then one at each doubling. */
const FIRST_LOOKS = 5

/**
 * Borrowers of a route. To take the stack of each costs 7 to 14 us, a fifth of what a cheap request takes, so
 * that is done for the first few, and for all once one of the route has leaked whose stack was not taken.
 */
interface Looks {
  asked: number
  all: boolean
  /** The newest that was taken. */
  last: Stack
}
const looksOf = new WeakMap<RouteStats, Looks>()
/** What borrows outside of any request, as a timer does. */
const elsewhere: Looks = { asked: 0, all: true, last: {} }

function looks(span: OpenSpan | undefined): Looks {
  const stats = (span?.trace.root ?? span)?.stats()
  if (stats === undefined) return elsewhere
  let known = looksOf.get(stats)
  if (known === undefined) {
    known = { asked: 0, all: false, last: {} }
    looksOf.set(stats, known)
  }
  return known
}

/**
 * Who calls now, for a report of a leak; undefined where none is asked for.
 *
 * @param above The function of ours below which the frames count.
 */
export function takeTrace(
  above: (...args: never[]) => unknown,
  span: OpenSpan | undefined,
): Taken | undefined {
  const { policy } = pools
  if (policy === undefined || policy.leakAfterMs === Number.POSITIVE_INFINITY) return undefined
  const known = looks(span)
  const n = ++known.asked
  const wanted = known.all || n <= FIRST_LOOKS || (n & (n - 1)) === 0
  if (wanted) known.last = stackOf(above)
  return { looks: known, own: wanted ? known.last : undefined }
}

function stackOf(above: (...args: never[]) => unknown): Stack {
  const limit = Error.stackTraceLimit
  const holder = {}
  try {
    Error.stackTraceLimit = FRAMES
    Error.captureStackTrace(holder, above)
  } catch {
    // An app may freeze Error: without a stack the leak is still counted.
  } finally {
    if (Error.stackTraceLimit !== limit) Error.stackTraceLimit = limit
  }
  return holder
}

/** All loans that may become a leak, the oldest first. */
class Leaks {
  private readonly lent = new Set<Borrower>()
  private readonly told = new Set<string>()
  private timer: NodeJS.Timeout | undefined

  watch(borrower: Borrower): void {
    this.lent.add(borrower)
    if (this.timer !== undefined) return
    this.timer = inRoot(setInterval, () => contained('pool.leaks', () => this.look()), LOOK_MS)
    this.timer.unref()
  }

  forget(borrower: Borrower): void {
    this.lent.delete(borrower)
  }

  private look(): void {
    const limitMs = pools.policy?.leakAfterMs ?? Number.POSITIVE_INFINITY
    const nowMs = clock.now()
    for (const borrower of this.lent) {
      if (nowMs - borrower.startMs < limitMs) break
      this.lent.delete(borrower)
      this.report(borrower, nowMs)
    }
    if (this.lent.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }

  private report(borrower: Borrower, nowMs: number): void {
    const { looks, own } = borrower.trace
    // From now on each borrower of this route is looked at.
    looks.all = true
    const stack = framesOf((own ?? looks.last).stack)
    const place = appPlace(stack)
    const at = `${own === undefined}${place === undefined ? 'unknown' : `${place.file}:${place.line}`}`
    tally('hotpath.pool.leaks', { 'db.client.connection.pool.name': borrower.pool })
    const { span } = borrower
    if (span !== undefined) {
      const leak = new OpenSpan(span.trace, span, 'internal', 'leak: connection', {
        'hotpath.leak': 'connection',
        'db.client.connection.pool.name': borrower.pool,
      })
      leak.startMs = borrower.startMs
      if (own !== undefined) leak.site = place
      span.trace.hold(leak)
      leak.end()
    }
    if (this.told.has(at) || this.told.size >= MAX_PLACES) return
    this.told.add(at)
    const seconds = ((nowMs - borrower.startMs) / 1000).toFixed(1)
    process.stderr.write(
      `hotpath: a connection of ${borrower.pool} was borrowed ${seconds} s ago and has not come back. Release it in a finally block. ${own === undefined ? 'Its stack was not taken, but those of this route are from now on; another was borrowed' : 'It was borrowed'}\n${stack}\n`,
    )
  }
}

export const leaks = new Leaks()

/** The frames alone: the line above them has no message. */
function framesOf(stack: unknown): string {
  if (typeof stack !== 'string') return '    at an unknown place'
  const lines = stack.split('\n').filter(line => /^\s+at /.test(line))
  return lines.length === 0 ? '    at an unknown place' : lines.join('\n')
}
