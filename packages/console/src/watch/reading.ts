import type { AlertRule } from '../config/alerts.js'
import { quantile } from '../diagnose/quantile.js'
import type { Tally } from './tally.js'
import { type Usual, unusualFrom } from '../diagnose/usual.js'

/**
 * What the requests of a window say of an alert. `between` is neither over the bound nor clearly under
 * it: it keeps things as they are. `unknown` is too little traffic, or no earlier day to compare with.
 */
export interface Reading {
  readonly says: 'over' | 'between' | 'under' | 'unknown'
  /** In milliseconds or as a part of 1; null when unknown. */
  readonly value: number | null
  readonly bound: number | null
  /** Errors as they usually are, for `errors: 'unusual'`. */
  readonly usual: number | null
  readonly requests: number
}

/** A figure has to go this far below the bound before it counts as well again, so that it does not flap. */
export const clearAt = 0.9

const quantiles = { p50: 0.5, p95: 0.95, p99: 0.99 } as const

/** Reads the requests of a window for a rule. */
export function read(
  rule: AlertRule,
  { count, errors, histogram }: Pick<Tally, 'count' | 'errors' | 'histogram'>,
  usual: Usual | undefined,
): Reading {
  const unusual = rule.bound === 'unusual'
  const bound = rule.bound === 'unusual' ? usual && unusualFrom(usual, count) : rule.bound
  const common = {
    bound: bound ?? null,
    usual: unusual ? (usual?.share ?? null) : null,
    requests: count,
  }
  const value = count < rule.minRequests ? undefined : figure(rule, count, errors, histogram)
  if (value === undefined || bound === undefined)
    return { ...common, says: 'unknown', value: value ?? null }
  const says = value > bound ? 'over' : value < bound * clearAt ? 'under' : 'between'
  return { ...common, says, value }
}

function figure(
  { metric }: AlertRule,
  count: number,
  errors: number,
  histogram: Tally['histogram'],
): number | undefined {
  if (count === 0) return undefined
  if (metric === 'errors') return errors / count
  if (metric === 'average') return (histogram.sum / count) * 1e3
  const seconds = quantile(histogram, quantiles[metric])
  return seconds === undefined ? undefined : seconds * 1e3
}
