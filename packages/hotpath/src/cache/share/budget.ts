/** What a call of the app may wait is counted in ticks. */
const TICK_MS = 10

/**
 * What one call of the app waits for the store, over all that it asks of it. Spent, the call goes on
 * without the store.
 *
 * It is counted in ticks of one timer for all that wait: a timer for each costs more than the rest of a
 * call. A process that was busy or not scheduled for longer than a tick counts one, since it could not have
 * taken the answer: the store is not blamed for the garbage collection of its client. So 50 ms are 40 to 50.
 */
export class Budget {
  #leftMs: number

  constructor(ms: number) {
    this.#leftMs = ms
  }

  get leftMs(): number {
    return this.#leftMs
  }

  /** `run`'s answer; `late` when the rest of the budget was over first, `error` when it failed. Never rejects. */
  spend<T>(run: () => Promise<T>): Promise<T | Failed> {
    return this.spendFor(run, answer => answer)
  }

  /** The same, with what is made of it: a promise less than by `then`. `make` must not throw. */
  spendFor<T, R>(run: () => Promise<T>, make: (answer: T | Failed) => R): Promise<R> {
    return new Promise(resolve => {
      const wait: Wait = {
        leftMs: this.#leftMs,
        late: () => {
          waiting.delete(wait)
          this.#leftMs = 0
          resolve(make(LATE))
        },
      }
      const settle = (answer: T | Failed): void => {
        if (waiting.delete(wait)) this.#leftMs = wait.leftMs
        resolve(make(answer))
      }
      waiting.add(wait)
      timer ??= setInterval(tick, TICK_MS)
      try {
        run().then(settle, () => settle(ERROR))
      } catch {
        settle(ERROR)
      }
    })
  }
}

export class Failed {
  constructor(readonly how: 'late' | 'error') {}
}

const LATE = new Failed('late')
const ERROR = new Failed('error')

interface Wait {
  leftMs: number
  late(): void
}

const waiting = new Set<Wait>()
let timer: NodeJS.Timeout | undefined
/** Ticks in a row with nobody waiting: under load the timer is kept. */
let idle = 0

function tick(): void {
  if (waiting.size > 0) idle = 0
  else if (++idle > 10) {
    clearInterval(timer)
    timer = undefined
    idle = 0
    return
  }
  for (const wait of waiting) {
    wait.leftMs -= TICK_MS
    // Node runs timers before it reads from sockets: what has arrived is taken first.
    if (wait.leftMs <= 0) setImmediate(() => waiting.has(wait) && wait.late())
  }
}
