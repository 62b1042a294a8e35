import type { CdnLimits } from '../config/cdn.js'

/** A bucket of tokens, as the services count calls. */
export class CallBudget {
  private tokens: number
  private filledMs: number

  constructor(
    private readonly limits: CdnLimits,
    nowMs: number,
  ) {
    this.tokens = limits.burst
    this.filledMs = nowMs
  }

  /** Milliseconds until a call is allowed; 0 takes it. */
  take(nowMs: number): number {
    const { perSecond, burst } = this.limits
    this.tokens = Math.min(burst, this.tokens + ((nowMs - this.filledMs) / 1000) * perSecond)
    this.filledMs = nowMs
    // A thousandth: what was waited for is not missed by an error of rounding.
    if (this.tokens < 0.999) return Math.max(1, ((1 - this.tokens) / perSecond) * 1000)
    this.tokens--
    return 0
  }
}
