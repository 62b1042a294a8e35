import type { Held } from '../elsewhere.js'
import type { Commit, Member } from './member.js'
import { ALL } from './strictness.js'

/** The app may replace the global timers; ours must be real. */
const { setTimeout, clearTimeout } = globalThis

/** The server may be at a commit still when its connection is gone. */
const REST_MS = 10_000

/**
 * Connections whose writes cannot be marked one by one: as long as there is one of them, everything is marked,
 * and no process gives a hit.
 */
export class Unmarked implements Held {
  private there = 0
  private mark: Promise<Commit> | undefined = undefined
  private restMs = 0
  private rest: NodeJS.Timeout | undefined = undefined
  /** It was said why there are no hits. */
  private isSaid = false

  /** @param say One line for the person who runs the app. */
  constructor(
    private readonly member: Member,
    private readonly say: (line: string) => void,
  ) {}

  get id(): string {
    return this.member.id
  }

  async arrives(openMs: number, passes: boolean): Promise<void> {
    this.there++
    clearTimeout(this.rest)
    if (!passes && !this.isSaid) {
      this.isSaid = true
      this.say(
        'strict invalidation: this process writes to PostgreSQL in a way that cannot be marked. As long as such connections are open no process gives hits.',
      )
    }
    if (this.mark === undefined) {
      this.member.joins('?')
      this.mark = this.member.begin('?', [ALL], openMs)
    }
    await this.mark
  }

  leaves(idle: boolean): void {
    this.there--
    if (!idle) this.restMs = REST_MS
    if (this.there > 0) return
    this.rest = setTimeout(() => {
      const { mark } = this
      this.mark = undefined
      this.restMs = 0
      this.isSaid = false
      void mark?.then(commit => this.member.settle(commit))
    }, this.restMs).unref()
  }
}
