import { randomUUID } from 'node:crypto'
import type { Budget } from './budget.js'
import type { Link } from './link.js'

/** Sixty times its length: a computation that never ends must not hold up the other processes for ever. */
const EXTENSIONS = 180

/** Where the right is asked for. */
export interface Leasing {
  readonly link: Link
  /** For how long it is given, without a sign of life. */
  readonly leaseMs: number
  budget(): Budget
}

const process = randomUUID()
let number = 0

/** The right to compute a key for all processes; held on to while the computation runs. */
export class Lease {
  /** Of one flight: a second one of this process waits like any other. */
  readonly #holder = `${process} ${++number}`
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly shared: Leasing,
    private readonly storeKey: string,
  ) {}

  /** Undefined: the store does not say. */
  async take(budget: Budget): Promise<boolean | undefined> {
    const held = await this.#ask(budget)
    // It may yet be given, too late: nobody would have it, and all would wait for its end.
    if (held === undefined) void this.end()
    return held
  }

  #ask(budget: Budget): Promise<boolean | undefined> {
    return this.shared.link.lease(this.storeKey, this.#holder, this.shared.leaseMs, budget)
  }

  /** From now on it is extended until its end. */
  hold(): this {
    let left = EXTENSIONS
    this.#timer = setInterval(() => {
      if (left-- > 0) void this.#ask(this.shared.budget())
      else clearInterval(this.#timer)
    }, this.shared.leaseMs / 3)
    this.#timer.unref()
    return this
  }

  /** Never rejects. */
  end(): Promise<void> {
    clearInterval(this.#timer)
    return this.shared.link.release(this.storeKey, this.#holder, this.shared.budget())
  }
}
