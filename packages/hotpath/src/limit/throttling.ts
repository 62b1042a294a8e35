import type { Clock } from '../clock.js'
import { durationMs } from '../config/duration.js'
import type { ThrottleConfig } from '../config/limit.js'
import { rateOf } from '../config/rate.js'
import { Asker } from './asker.js'
import { Decided } from './decision.js'
import { type Limiter, limit } from './limiter.js'
import { MOST_KEYS } from './memory-store.js'
import { type After, Pace } from './pace.js'
import { type Refusal, refusalOf } from './refusal.js'
import type { By, WhoSettings } from './who.js'

const DEFAULT_DELAY_MS = 2_000
const DEFAULT_QUEUE = 1_000

/** `throttle` of one route: the line of those who are slowed down. */
export class Throttling {
  readonly asker: Asker
  readonly pace: Pace
  readonly isShadow: boolean
  private readonly shadow: Limiter

  constructor(
    {
      rate,
      burst = 1,
      maxDelay,
      queue = DEFAULT_QUEUE,
      by = 'ip',
      keyHeader,
      mode,
    }: ThrottleConfig,
    settings: WhoSettings,
    clock: Clock,
    wait: After,
    /** A function of the config has thrown. */
    failed: () => void,
  ) {
    const { count, periodMs } = rateOf(rate) ?? { count: 1, periodMs: 1000 }
    const intervalMs = periodMs / count
    const maxDelayMs = maxDelay === undefined ? DEFAULT_DELAY_MS : (durationMs(maxDelay) ?? 0)
    this.isShadow = mode === 'shadow'
    this.pace = new Pace({ intervalMs, burst, maxDelayMs, queue }, clock, wait)
    this.asker = new Asker(by as By, keyHeader, settings, failed)
    // What may wait is what may come at once beyond the burst.
    const room = burst + Math.min(queue, Math.floor(maxDelayMs / intervalMs))
    this.shadow = limit({ rate, burst: room, maxKeys: MOST_KEYS, clock }) as Limiter
  }

  /** Whether somebody who comes now would have been let through, now or later. */
  wouldPass(): boolean {
    const decision = this.shadow.take('all')
    return decision instanceof Promise || decision.allowed
  }

  refusal(): Refusal {
    const { retryMs } = this.pace
    const decision = new Decided(false, 0, 0, retryMs, retryMs, 'delay', '', false)
    return refusalOf(decision, undefined, undefined)
  }
}
