/** How hard pressed the process is; 1 is what the config says must not be reached. */
export interface Level {
  readonly level: number
  readonly reason: ShedReason
}

export type ShedReason = 'loop-delay' | 'memory' | 'queue-time'

/**
 * From which level requests of a priority are refused, and over which stretch from none to all: of those that are
 * `normal` none is left in good time before 1.
 */
const FROM = { critical: 1.5, high: 0.95, normal: 0.75, low: 0.5 } as const
const STRETCH = 0.2
const STARTS: readonly number[] = [FROM.critical, FROM.high, FROM.normal, FROM.low]
/**
 * For memory never all: garbage is collected when something is allocated, and without it memory stays where it is.
 * The other two pass by themselves, and of 400 requests that are read in one turn a twentieth is another turn.
 */
const MOST_SHARE: Readonly<Record<ShedReason, number>> = {
  'loop-delay': 1,
  'queue-time': 1,
  memory: 0.95,
}

/**
 * So much of the delay of the loop that must not be reached is taken for all of it, since a turn of the loop is
 * not over when those who come next are refused: the last request that was let in computes, the rest that was read
 * with it is refused (400 at 25 us are 10 ms), and the turn began up to a look before what is known of it. At
 * 200 ms all of `normal` are refused from 142 ms on, of `high` from 172: the 99th percentile stays below 200 for
 * requests of 10 ms, for `normal` ones of 20 too. In a storm of `normal` ones of 10 ms it is 157, without this 210.
 */
const ACTS_AT = 0.75

/** How often the delay of the loop is looked at, as by Node's own monitor, and what is left of a peak each time. */
export const LOOK_MS = 10
const FADING = 0.965
/** Each so many looks memory is read: 20 us. */
const MEMORY_EVERY = 10

/** What must not be reached; undefined: it is not looked at. */
export interface PressureLimits {
  readonly loopDelayMs: number | undefined
  readonly queueMs: number | undefined
  /** Memory in use as a part of what it may be. */
  readonly memory: (() => number) | undefined
}

/**
 * How hard pressed this process is, and whom to send away for it. The delay of the event loop is the lateness
 * of a timer; while it is late it is known to be at least so late, so that of many requests that are read in
 * one turn of the loop the last ones are refused already.
 */
export class Pressure {
  #dueMs: number
  #delayMs = 0
  #queueMs = 0
  #memory = 0
  #looks = 0
  /** By priority: how much of the next refusal has added up. */
  readonly #owed = STARTS.map(() => 0)

  constructor(
    private readonly limits: PressureLimits,
    nowMs: number,
  ) {
    this.#dueMs = nowMs + LOOK_MS
  }

  /** The timer went off. */
  look(nowMs: number): void {
    this.#delayMs = Math.max(nowMs - this.#dueMs, this.#delayMs * FADING)
    this.#queueMs *= FADING
    this.#dueMs = nowMs + LOOK_MS
    if (this.limits.memory !== undefined && this.#looks++ % MEMORY_EVERY === 0)
      this.#memory = this.limits.memory()
  }

  /** Somebody waited for so long. */
  waited(ms: number): void {
    if (ms > this.#queueMs) this.#queueMs = ms
  }

  level(nowMs: number): Level {
    const { loopDelayMs, queueMs } = this.limits
    const delay = loopDelayMs === undefined ? 0 : this.delayMs(nowMs) / (ACTS_AT * loopDelayMs)
    const queue = queueMs === undefined ? 0 : this.#queueMs / queueMs
    const level = Math.max(delay, queue, this.#memory)
    const reason = level === delay ? 'loop-delay' : level === queue ? 'queue-time' : 'memory'
    return { level, reason }
  }

  /** The delay of the event loop, as far as it is known now. */
  delayMs(nowMs: number): number {
    return Math.max(this.#delayMs, nowMs - this.#dueMs)
  }

  /** Why a request of this priority is sent away; undefined: it is not. 0 is `critical`. */
  refuses(priority: number, nowMs: number): ShedReason | undefined {
    const { level, reason } = this.level(nowMs)
    const over = (level - (STARTS[priority] as number)) / STRETCH
    if (over <= 0) return undefined
    // As many of a hundred as it is over: without chance, so that none of few is spared for long.
    const owed = (this.#owed[priority] as number) + Math.min(over, 1) * MOST_SHARE[reason]
    const isDue = owed > 1 - 1e-9
    this.#owed[priority] = isDue ? owed - 1 : owed
    return isDue ? reason : undefined
  }
}
