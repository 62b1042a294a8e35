import type { Route } from './block.js'
import type { Sink } from './sink.js'

/** What was recorded, and what of it came to the sink. */
export interface Arrived {
  readonly requests: number
  readonly statements: number
  /** The sampler keeps some a second, of each route. */
  readonly traces: number
}

/** Holds what is measured to it that all of it was recorded: a recorder that loses counts is cheap. */
export class Arrivals {
  sum: Arrived = { requests: 0, statements: 0, traces: 0 }
  private requests = 0
  private statements = 0

  constructor(private readonly sink: Sink) {}

  /** So many requests were answered while the recorder was on. */
  sent(requests: number, route: Route): void {
    this.requests += requests
    this.statements += requests * route.statements
  }

  /**
   * Called once the process has ended, and with it has sent all that it had.
   *
   * @throws When a request or a statement is missing in the histograms, a trace was dropped, or none came.
   */
  check(): void {
    const { requests, statements, traces, dropped } = this.sink.counts()
    const lost = [...dropped].map(([what, n]) => `${n} ${what}`).join(', ')
    const wrong =
      requests !== this.requests || statements !== this.statements || lost !== '' || traces === 0
    if (wrong)
      throw new Error(
        `of ${this.requests} requests and ${this.statements} statements the sink got the counts of ${requests} and ${statements}, and ${traces} traces; dropped: ${lost || 'nothing'}`,
      )
    this.sum = {
      requests: this.sum.requests + requests,
      statements: this.sum.statements + statements,
      traces: this.sum.traces + traces,
    }
    this.requests = this.statements = 0
  }
}
