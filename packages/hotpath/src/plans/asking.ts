import type { Template } from '../sql/template.js'
import type { Attributes } from '../trace/attributes.js'
import { plans } from './policy.js'

/** An index look-up takes less, so that a plan would say nothing new. */
const SLOW_MS = 10
/** One question at a time, and no more often than this. */
const PAUSE_MS = 250
/** What was seen holds for so long: an index may have been made, a table may have grown. */
const AGAIN_MS = 60_000
/** A database that cannot be asked is let alone for so long, after so many tries in a row. */
const REST_MS = 600_000
const MOST_TRIES = 3
const MOST_STATEMENTS = 500
const MOST_CHARACTERS = 10_000

/** What is known of all statements of one template. */
export interface Planned {
  readonly template: Template
  /** What its plan showed, as attributes of its spans. */
  plan: Attributes | undefined
}

/** What a question came to: the plan's attributes, nothing of interest, or no answer. */
export type Plan = Attributes | 'nothing' | 'failed'

/** When the database is asked for the plan of a statement. */
export class Asking {
  private readonly askedMs = new Map<string, number>()
  private busy = false
  private nextMs = 0
  private tries = 0

  constructor(private readonly now: () => number) {}

  /**
   * Asks with `ask` if it is time to: for a single SELECT that took long. `ask` must call back, once.
   *
   * @param tookMs What the statement took.
   */
  look(statement: Planned, tookMs: number, ask: (tell: (plan: Plan) => void) => void): void {
    if (!plans.looked || tookMs < SLOW_MS || this.busy) return
    const { text } = statement.template
    const nowMs = this.now()
    if (nowMs < this.nextMs || !isAsked(statement.template)) return
    if (nowMs - (this.askedMs.get(text) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return
    if (this.askedMs.size >= MOST_STATEMENTS) this.askedMs.clear()
    this.askedMs.set(text, nowMs)
    this.busy = true
    ask(plan => {
      this.busy = false
      this.tries = plan === 'failed' ? this.tries + 1 : 0
      this.nextMs = this.now() + (this.tries >= MOST_TRIES ? REST_MS : PAUSE_MS)
      if (this.tries >= MOST_TRIES) this.tries = 0
      if (plan !== 'failed') statement.plan = plan === 'nothing' ? undefined : plan
    })
  }
}

/** One that reads, alone in its text: what stands behind a `;` would be run. */
function isAsked({ operation, text }: Template): boolean {
  return (
    /^(?:select|with)$/i.test(operation) &&
    text.length <= MOST_CHARACTERS &&
    !/;\s*\S/.test(text) &&
    /^\s*(?:select|with)\b/i.test(text)
  )
}
