import type { AlertRule } from '../config/alerts.js'

/**
 * A step is judged so long after its end. The recorder reports every 10 s, and the points of a report
 * count where they end: 5 s are left for the way. What comes later still (a sender whose clock is behind)
 * counts in the windows that are judged after it came.
 */
export const settleMs = 15_000
const shortestStepMs = 10_000
/** Of a longer `for` each step is longer: fewer reads of a longer window. */
const mostSteps = 60

/** A figure is taken over half of `for`, so that one odd request, in view for so long only, never fires. */
const windowPart = 0.5

const stepMsOf = ({ forMs }: AlertRule): number =>
  Math.ceil(forMs / mostSteps / shortestStepMs) * shortestStepMs

/** The stretch of time over which the figures of a rule are taken: whole steps. */
export function windowMsOf(rule: AlertRule): number {
  const stepMs = stepMsOf(rule)
  return Math.max(1, Math.round((rule.forMs * windowPart) / stepMs)) * stepMs
}

export interface DueStep {
  readonly endMs: number
  /** True when steps before it were left out. */
  readonly gap: boolean
}

/** The rules that are judged at the same times, and how far they have been. */
export class Lane {
  readonly stepMs: number
  readonly rules: readonly AlertRule[]
  /** As far back as it looks when it begins, or wakes up. */
  readonly #reachMs: number
  /** End of the last step that was judged. */
  lastMs: number | undefined

  constructor(stepMs: number, rules: readonly AlertRule[], lastMs: number | undefined) {
    this.stepMs = stepMs
    this.rules = rules
    this.#reachMs = 2 * Math.max(...rules.map(rule => rule.forMs))
    this.lastMs = lastMs
  }

  /** The steps that are complete and not judged yet, in order. */
  due(nowMs: number): DueStep[] {
    const untilMs = this.#floor(nowMs - settleMs)
    const reachMs = this.#floor(untilMs - this.#reachMs)
    const before = this.lastMs
    // A clock that was put back must not silence us until it has caught up.
    const isKnown = before !== undefined && before >= reachMs && before <= untilMs + 60_000
    const fromMs = isKnown ? before : reachMs
    const steps = Math.max(0, Math.floor((untilMs - fromMs) / this.stepMs))
    return Array.from({ length: steps }, (_, i) => ({
      endMs: fromMs + (i + 1) * this.stepMs,
      gap: i === 0 && before !== undefined && !isKnown,
    }))
  }

  #floor(ms: number): number {
    return Math.floor(ms / this.stepMs) * this.stepMs
  }
}

/** One lane for each length of step. `lastMs` is by that length. */
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
