import { clock } from '../../clock.js'
import type { PoolPolicy } from '../policy.js'
import { inRoot } from '../root.js'
import type { Line } from './line.js'

/** Sets of connection options that are shared; an app with more connects as ever. */
const MAX_KEYS = 100
/** Idle connections of all keys together: each is a process of the server's. */
const MAX_IDLE = 200

/** What a server takes at most to close a connection, as far as somebody waits for it. */
const GONE_MS = 1000

/** Idle lines of one set of connection options. */
export interface Place {
  readonly idle: Line[]
  /** Undefined until the first line came back. */
  pooled: boolean | undefined
}

/** Where lines wait between two clients. */
export class Shelf {
  private readonly places = new Map<string, Place>()
  private readonly timers = new Map<Line, NodeJS.Timeout>()

  constructor(private readonly policy: PoolPolicy) {}

  /** Undefined when there are too many keys. */
  place(key: string): Place | undefined {
    const known = this.places.get(key)
    if (known !== undefined) return known
    if (this.places.size >= MAX_KEYS) this.forgetEmpty()
    if (this.places.size >= MAX_KEYS) return undefined
    const place: Place = { idle: [], pooled: undefined }
    this.places.set(key, place)
    return place
  }

  hasRoom(place: Place): boolean {
    return place.idle.length < this.policy.shared && this.timers.size < MAX_IDLE
  }

  /** The line that was used last: the others may grow old. */
  take(place: Place): Line | undefined {
    const line = place.idle.at(-1)
    if (line !== undefined) {
      this.remove(place, line)
      line.connection.ref?.()
    }
    return line
  }

  /** Keeps the line until it is taken, too old, or broken. It does not keep the process alive. */
  put(place: Place, line: Line): void {
    line.idleSinceMs = clock.now()
    place.idle.push(line)
    const expire = () => {
      this.remove(place, line)
      line.close()
    }
    const timer = inRoot(setTimeout, expire, this.policy.sharedIdleMs)
    timer.unref()
    this.timers.set(line, timer)
    line.connection.once('end', () => this.remove(place, line))
    line.connection.unref?.()
  }

  /** Closes all idle lines: the server has no place for somebody else. Resolves once they are gone. */
  clear(): Promise<void>[] {
    return [...this.places.values()].flatMap(place =>
      [...place.idle].map(line => {
        this.remove(place, line)
        const gone = line.gone(GONE_MS)
        line.close()
        return gone
      }),
    )
  }

  private remove(place: Place, line: Line): void {
    clearTimeout(this.timers.get(line))
    this.timers.delete(line)
    const at = place.idle.indexOf(line)
    if (at >= 0) place.idle.splice(at, 1)
  }

  private forgetEmpty(): void {
    for (const [key, place] of this.places) if (place.idle.length === 0) this.places.delete(key)
  }
}
