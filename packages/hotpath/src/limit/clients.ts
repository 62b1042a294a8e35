/**
 * The state of each client, of a bounded number of them. Two generations: who comes is moved to the young
 * one, and when that is half of what is kept, or no longer than a whole window has passed, the old one is
 * let go. So those are forgotten who came least recently, and what a request costs is one look-up.
 */
export class Clients {
  /** Those that were let go for want of room; most of them had nothing to lose. */
  forgotten = 0
  private young = new Map<string, number[]>()
  private old = new Map<string, number[]>()
  private turnsUs = Number.NEGATIVE_INFINITY
  private readonly half: number

  constructor(
    /** Numbers in a state. */
    private readonly size: number,
    most: number,
    /** After so long a state is that of who never came. */
    private readonly idleUs: number,
  ) {
    this.half = Math.max(1, Math.floor(most / 2))
  }

  get count(): number {
    return this.young.size + this.old.size
  }

  /** The state of a client, which may be changed; new ones are all 0. */
  of(key: string, nowUs: number): number[] {
    return this.young.get(key) ?? this.older(key, nowUs)
  }

  /** Undefined where nothing is known of it. */
  known(key: string): number[] | undefined {
    return this.young.get(key) ?? this.old.get(key)
  }

  forget(key: string): void {
    this.young.delete(key)
    this.old.delete(key)
  }

  private older(key: string, nowUs: number): number[] {
    if (this.young.size >= this.half || nowUs >= this.turnsUs) this.turn(nowUs)
    let state = this.old.get(key)
    if (state === undefined) {
      state = []
      // Fractions from the start: the engine need not change how it keeps them.
      for (let at = 0; at < this.size; at++) state.push(0.5)
      state.fill(0)
    } else this.old.delete(key)
    this.young.set(key, state)
    return state
  }

  private turn(nowUs: number): void {
    if (nowUs < this.turnsUs) this.forgotten += this.old.size
    this.old = this.young
    this.young = new Map()
    this.turnsUs = nowUs + this.idleUs
  }
}
