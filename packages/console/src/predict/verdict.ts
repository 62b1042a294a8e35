import type { Finding, Fix, Prediction } from '../model.js'

/** The sentence that stands first: `One line would take GET /orders from 1.24 s to 182 ms at p95.` */
export interface Verdict {
  /** `One line`, `One index`, `One change of code`. */
  readonly what: string
  readonly fromMs: number
  readonly toMs: number
  /** `at p95`, or `on average` where there are too few requests for a percentile. */
  readonly at: string
}

/** Below this part less nobody would notice. */
const noticed = 0.05

/** From so many times as much of it left, the slowest requests do not stand for the others. */
const lagging = 2

type Figures = Omit<Verdict, 'what'>

/**
 * What would become of the requests of a route, in one figure: their 95th percentile; their average where
 * there are too few for one, or where the slowest gain little and the others much.
 */
export function figuresOf({ before, after }: Prediction): Figures {
  const average = { fromMs: before.averageMs, toMs: after.averageMs, at: 'on average' }
  if (before.p95Ms === null || after.p95Ms === null) return average
  const p95 = { fromMs: before.p95Ms, toMs: after.p95Ms, at: 'at p95' }
  const lags = left(p95) > lagging * left(average)
  return lags || (isNoticed(average) && !isNoticed(p95)) ? average : p95
}

const left = ({ fromMs, toMs }: Figures): number => toMs / Math.max(1e-6, fromMs)

const isNoticed = (figures: Figures): boolean => left(figures) <= 1 - noticed

/** Undefined where nothing is predicted, or next to nothing. */
export function verdictOf({ gain, fixes }: Pick<Finding, 'gain' | 'fixes'>): Verdict | undefined {
  const [fix] = fixes
  if (!gain?.predicted || fix === undefined) return undefined
  const figures = figuresOf(gain.predicted)
  if (!isNoticed(figures)) return undefined
  return { what: nameOf(fix), ...figures }
}

function nameOf({ kind, text }: Fix): string {
  if (kind === 'config') return 'One line'
  if (kind === 'code') return 'One change of code'
  return /^create index\b/i.test(text) ? 'One index' : 'One statement'
}
