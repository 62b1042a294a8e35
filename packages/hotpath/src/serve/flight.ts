import { AsyncResource } from 'node:async_hooks'

/** A refresh that takes longer is given up, and the next request begins another. */
export const MOST_REFRESH_MS = 30_000

/** How long followers wait for an answer that another request makes, then they ask the app themselves. */
const MOST_WAIT_MS = 5_000

const MOST_ABANDONED_MS = 1_000

/** How a flight ended. */
export type Landing = 'stored' | 'failed' | 'none'

/**
 * One request that makes an answer, and those that wait for it. Each follower goes on in the async
 * context in which it came, in a turn of its own: an exception of its handler is not the leader's.
 */
export class Flight {
  private followers: ((landing: Landing) => void)[] = []
  private timer: NodeJS.Timeout | undefined = undefined
  over = false

  constructor(private readonly ended: () => void) {}

  follow(go: (landing: Landing) => void): void {
    if (this.followers.length === 0) this.limit(MOST_WAIT_MS)
    this.followers.push(AsyncResource.bind(go))
  }

  /** The leader's client has left. Most handlers go on, and what they make is wanted; some stop. */
  abandoned(): void {
    this.limit(MOST_ABANDONED_MS)
  }

  /** Ends it after this time at the latest. */
  limit(ms: number): void {
    if (this.over) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.land('none'), ms)
    this.timer.unref()
  }

  /** Followers look again, or go to the app themselves. */
  land(landing: Landing): void {
    if (this.over) return
    this.over = true
    clearTimeout(this.timer)
    this.ended()
    const { followers } = this
    this.followers = []
    for (const go of followers) setImmediate(go, landing)
  }
}
