/** What a request may wait is counted in ticks. */
const TICK_MS = 10
/** 40 to 50 ms. */
const PATIENCE_TICKS = 5
/** Ticks in a row with nobody waiting: under load the timer is kept. */
const IDLE_TICKS = 10

let ticks = 0
let idle = 0
let timer: NodeJS.Timeout | undefined

/**
 * One request that waits for a store: late in 40 to 50 ms, unless it is over before. One timer for all: one for
 * each costs more than the rest of a decision. A process that was busy for longer than a tick counts one: it could
 * not have taken the answer, and the store is not blamed for that.
 *
 * All wait equally long, so they are a ring in the order in which they came. Who is over leaves it at once: what
 * is held longer than a garbage collection of the young costs more than the decision.
 */
export abstract class Wait {
  before: Wait = this
  behind: Wait = this
  over = false
  private readonly sinceTick = ticks

  /** It waits no longer. */
  protected abstract late(): void

  begin(): void {
    const { before } = ring
    this.before = before
    this.behind = ring
    before.behind = this
    ring.before = this
    timer ??= setInterval(tick, TICK_MS)
  }

  /** True for the first who says so. */
  end(): boolean {
    if (this.over) return false
    this.over = true
    this.before.behind = this.behind
    this.behind.before = this.before
    // One that has grown old would hold all that came behind it until the next collection of the old.
    this.before = this
    this.behind = this
    return true
  }

  get isLate(): boolean {
    return ticks - this.sinceTick >= PATIENCE_TICKS
  }

  /** Node runs timers before it reads from sockets: what has arrived is taken first. */
  giveUp(): void {
    if (this.end()) this.late()
  }
}

/** Where the ring begins and ends; waits for nothing. */
const ring = new (class extends Wait {
  protected late(): void {}
})()

function tick(): void {
  ticks++
  for (let wait = ring.behind; wait !== ring && wait.isLate; wait = wait.behind)
    setImmediate(giveUp, wait)
  idle = ring.behind === ring ? idle + 1 : 0
  if (idle > IDLE_TICKS) {
    clearInterval(timer)
    timer = undefined
    idle = 0
  }
}

const giveUp = (wait: Wait): void => wait.giveUp()

/** `run`'s answer; undefined when it fails, or takes longer than this. For what no request waits for. */
export function within<T>(ms: number, run: () => T | Promise<T>): Promise<T | undefined> {
  return new Promise(resolve => {
    const timeout = setTimeout(resolve, ms, undefined)
    timeout.unref()
    const settle = (answer?: T): void => {
      clearTimeout(timeout)
      resolve(answer)
    }
    ;(async () => run())().then(settle, () => settle())
  })
}
