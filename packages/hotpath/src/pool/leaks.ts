import { clock } from '../clock.js'
import { appPlace } from '../trace/call-site.js'
import { contained } from '../trace/counts.js'
import { OpenSpan } from '../trace/span.js'
import { tally } from '../trace/tallies.js'
import { pools } from './policy.js'
import { inRoot } from './root.js'

/** Who borrowed a connection, and where. */
export class Borrower {
  constructor(
    readonly pool: string,
    readonly startMs: number,
    /** Its `stack` is made when somebody asks for it: taking it costs 3 us, writing it 30. */
    readonly trace: { readonly stack?: unknown },
    readonly span: OpenSpan | undefined,
  ) {}
}

/** Looked at this often: a leak is reported within a second of the limit. */
const LOOK_MS = 500
/** Frames of a borrower. Each costs 0.1 us at every borrowing; below them an ORM may have a dozen. */
const FRAMES = 16
/** Places that are told on stderr; more are counted alone. */
const MAX_PLACES = 100

/**
 * The stack of who calls now, not yet written as text.
 *
 * @param above The function of ours below which the frames count.
 */
export function takeTrace(above: (...args: never[]) => unknown): object | undefined {
  if (pools.policy === undefined || pools.policy.leakAfterMs === Number.POSITIVE_INFINITY) {
    return undefined
  }
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
    const stack = framesOf(borrower.trace.stack)
    const place = appPlace(stack)
    const at = place === undefined ? 'unknown' : `${place.file}:${place.line}`
    tally('hotpath.pool.leaks', { 'db.client.connection.pool.name': borrower.pool })
    const { span } = borrower
    if (span !== undefined) {
      const leak = new OpenSpan(span.trace, span, 'internal', 'leak: connection', {
        'hotpath.leak': 'connection',
      })
      leak.startMs = borrower.startMs
      leak.site = place
      span.trace.hold(leak)
      leak.end()
    }
    if (this.told.has(at) || this.told.size >= MAX_PLACES) return
    this.told.add(at)
    const seconds = ((nowMs - borrower.startMs) / 1000).toFixed(1)
    process.stderr.write(
      `hotpath: a connection of ${borrower.pool} was borrowed ${seconds} s ago and has not come back. Release it in a finally block. It was borrowed\n${stack}\n`,
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
