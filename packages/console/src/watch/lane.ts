import type { AlertRule } from '../config/alerts.js'
import type { Store } from '../store/store.js'
import { type Step, stepOf } from './tally.js'

/**
 * A step is judged so long after its end. The recorder reports every 10 s, and the points of a report
 * count where they end: 5 s are left for the way, and for clocks that differ.
 */
export const settleMs = 15_000
const shortestStepMs = 10_000
/** Of a longer `for` each step is longer: what is kept of each route stays small. */
const mostSteps = 60

/** A figure is taken over half of `for`, so that one odd request, in view for so long only, never fires. */
const windowPart = 0.5

export const stepMsOf = ({ forMs }: AlertRule): number =>
  Math.ceil(forMs / mostSteps / shortestStepMs) * shortestStepMs
export const windowStepsOf = (rule: AlertRule): number =>
  Math.max(1, Math.round((rule.forMs * windowPart) / stepMsOf(rule)))
export const windowMsOf = (rule: AlertRule): number => windowStepsOf(rule) * stepMsOf(rule)

/** The steps of all rules that look at steps of one length, read from the store one after another. */
export class Lane {
  readonly stepMs: number
  readonly rules: readonly AlertRule[]
  /** Oldest first; consecutive. */
  #steps: Step[] = []
  readonly #keep: number
  /** As far back as it looks when it begins, or wakes up. */
  readonly #reachMs: number
  /** End of the last step that was judged. */
  lastMs: number | undefined

  constructor(stepMs: number, rules: readonly AlertRule[], lastMs: number | undefined) {
    this.stepMs = stepMs
    this.rules = rules
    this.#keep = Math.max(...rules.map(windowStepsOf))
    this.#reachMs = 2 * Math.max(...rules.map(rule => rule.forMs))
    this.lastMs = lastMs
  }

  /** The last steps that a rule looks at. */
  window(rule: AlertRule): readonly Step[] {
    return this.#steps.slice(-windowStepsOf(rule))
  }

  /** Reads the steps that are complete and not judged yet; `gap` is true when some before were left out. */
  async *due(
    store: Store,
    nowMs: number,
  ): AsyncGenerator<{ readonly step: Step; readonly gap: boolean }> {
    const untilMs = this.#floor(nowMs - settleMs)
    const reachMs = this.#floor(untilMs - this.#reachMs)
    const before = this.lastMs
    // A clock that was put back must not silence us until it has caught up.
    const known = before !== undefined && before >= reachMs && before <= untilMs + 60_000
    const fromMs = known ? before : reachMs
    let gap = before !== undefined && !known
    if (this.#steps.at(-1)?.endMs !== fromMs) this.#steps = []
    const missing = this.#steps.length === 0 ? this.#keep - 1 : 0
    for (let endMs = fromMs - missing * this.stepMs; endMs <= untilMs; endMs += this.stepMs) {
      if (endMs === this.#steps.at(-1)?.endMs) continue
      const window = { sinceMs: endMs - this.stepMs, untilMs: endMs }
      const step = stepOf(endMs, await store.series('http.server.request.duration', window))
      this.#steps = [...this.#steps, step].slice(-this.#keep)
      if (endMs <= fromMs) continue
      yield { step, gap }
      this.lastMs = endMs
      gap = false
    }
    this.lastMs ??= fromMs
  }

  #floor(ms: number): number {
    return Math.floor(ms / this.stepMs) * this.stepMs
  }
}

/** One lane for each length of step. */
export function lanesOf(
  rules: readonly AlertRule[],
  lastMs: Readonly<Record<string, number>>,
): Lane[] {
  const lengths = [...new Set(rules.map(stepMsOf))]
  return lengths.map(
    length =>
      new Lane(
        length,
        rules.filter(rule => stepMsOf(rule) === length),
        lastMs[length],
      ),
  )
}
