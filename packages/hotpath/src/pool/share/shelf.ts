import { clock } from '../../clock.js'
import { tally } from '../../trace/tallies.js'
import type { PoolPolicy } from '../policy.js'
import { inRoot } from '../root.js'
import type { Unshared } from './key.js'

/** Sets of connection options that are shared; an app with more connects as ever. */
const MAX_KEYS = 100
/** Idle connections of all keys together: each is a process or a thread of the server's. */
const MAX_IDLE = 200
/** A connection is renewed now and then, as a pool does: the server's memory for it grows. */
const MAX_AGE_MS = 30 * 60_000
/** After the server had no connection left, this process keeps none idle for so long. */
const RETREAT_MS = 60_000
/** What a server takes at most to close a connection, as far as somebody waits for it. */
const GONE_MS = 1000
/**
 * The server answered so short a time ago that it need not be asked again. HikariCP allows 500 ms;
 * but an app that connects per request does not expect to be handed a connection that was cut, and
 * a client without a listener for `error` would end its process.
 */
const FRESH_MS = 50

/** A connection that may lie idle. */
export interface Idle {
  readonly bornMs: number
  idleSinceMs: number
  /** Whether it keeps the process alive. */
  ref(): void
  unref(): void
  close(): void
  /** Calls `fn` when the connection has ended, whoever ended it. */
  onEnd(fn: () => void): void
}

/** Idle lines of one set of connection options. */
export interface Place<L extends Idle> {
  readonly idle: L[]
  /** Why its connections cannot be shared; undefined until the first line came back. */
  unfit: Unshared | false | undefined
}

/** Where lines wait between two clients. */
export class Shelf<L extends Idle> {
  private readonly places = new Map<string, Place<L>>()
  private readonly timers = new Map<L, NodeJS.Timeout>()
  private retreatUntilMs = 0

  constructor(private readonly policy: PoolPolicy) {}

  /** Where the lines of a key lie, or why they are not shared, which is counted. */
  place(key: string): Place<L> | undefined {
    const place = this.placeOf(key)
    if (place !== undefined && !place.unfit) return place
    const reason = place?.unfit ?? 'keys'
    tally('hotpath.pool.share', { outcome: 'unshared', reason: String(reason) })
    return undefined
  }

  /** Whether a line that comes back now may stay. */
  canKeep(place: Place<L>, line: L): boolean {
    const nowMs = clock.now()
    if (nowMs < this.retreatUntilMs || nowMs - line.bornMs > MAX_AGE_MS) return false
    return !place.unfit && this.hasRoom(place)
  }

  /** The line that was used last: the others may grow old. */
  take(place: Place<L>): L | undefined {
    const line = place.idle.at(-1)
    if (line !== undefined) {
      this.remove(place, line)
      line.ref()
    }
    return line
  }

  /** Keeps a clean line, or closes it: others may have come back while it was cleaned. */
  putClean(place: Place<L>, line: L): void {
    if (this.hasRoom(place)) {
      tally('hotpath.pool.share', { outcome: 'kept' })
      this.put(place, line)
    } else {
      tally('hotpath.pool.share', { outcome: 'closed', reason: 'full' })
      line.close()
    }
  }

  /** Keeps the line until it is taken, too old, or broken. It does not keep the process alive. */
  put(place: Place<L>, line: L): void {
    line.idleSinceMs = clock.now()
    place.idle.push(line)
    const expire = () => {
      this.remove(place, line)
      line.close()
    }
    const timer = inRoot(setTimeout, expire, this.policy.sharedIdleMs)
    timer.unref()
    this.timers.set(line, timer)
    line.onEnd(() => this.remove(place, line))
    line.unref()
  }

  /** The server has no place for somebody else: closes all idle lines. Each resolves once it is gone. */
  retreat(): Promise<void>[] {
    tally('hotpath.pool.share', { outcome: 'retreat' })
    this.retreatUntilMs = clock.now() + RETREAT_MS
    return [...this.places.values()].flatMap(place =>
      [...place.idle].map(line => {
        this.remove(place, line)
        const ended = gone(line)
        line.close()
        return ended
      }),
    )
  }

  private placeOf(key: string): Place<L> | undefined {
    const known = this.places.get(key)
    if (known !== undefined) return known
    if (this.places.size >= MAX_KEYS) this.forgetEmpty()
    if (this.places.size >= MAX_KEYS) return undefined
    const place: Place<L> = { idle: [], unfit: undefined }
    this.places.set(key, place)
    return place
  }

  private hasRoom(place: Place<L>): boolean {
    return place.idle.length < this.policy.shared && this.timers.size < MAX_IDLE
  }

  private remove(place: Place<L>, line: L): void {
    clearTimeout(this.timers.get(line))
    this.timers.delete(line)
    const at = place.idle.indexOf(line)
    if (at >= 0) place.idle.splice(at, 1)
  }

  private forgetEmpty(): void {
    for (const [key, place] of this.places) if (place.idle.length === 0) this.places.delete(key)
  }
}

/** Whether the line need not be asked whether it still stands. */
export function isFresh(line: Idle): boolean {
  return clock.now() - line.idleSinceMs < FRESH_MS
}

/** Resolves when the line has ended, or the server takes too long. */
function gone(line: Idle): Promise<void> {
  return new Promise(resolve => {
    const timer = inRoot(setTimeout, resolve, GONE_MS)
    line.onEnd(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
