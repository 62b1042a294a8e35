import { ConsoleError } from '../errors.js'
import type { Store, Window } from '../store/store.js'
import type { WindowAnswer } from './answers.js'
import { notesOf } from './notes.js'

/** What was asked for, with its end: all parts of one answer are of the same window. */
export interface AskedWindow extends Window {
  readonly untilMs: number
}

/** 15 minutes: long enough for a round of trying things out, short enough to show what is so now. */
export const defaultSince = '15m'

const unitMs = { s: 1e3, m: 60e3, h: 3_600e3, d: 86_400e3, w: 604_800e3 }

/**
 * The window of `since`, `until` and `service`. `since` is a length back from `until` (`90s`, `15m`,
 * `2h`, `3d`, `1w`) or a time (`2026-11-24T10:00`, local unless it says otherwise); `until` is a time.
 */
export function windowOf(query: URLSearchParams, nowMs: number): AskedWindow {
  const until = query.get('until')
  const untilMs = until === null ? nowMs : timeOf('until', until)
  const sinceMs = since(query.get('since') ?? defaultSince, untilMs)
  const service = query.get('service')
  return { sinceMs, untilMs, ...(service ? { service } : {}) }
}

function since(text: string, untilMs: number): number {
  const length = /^(\d{1,6}(?:\.\d{1,3})?)\s*([smhdw])$/.exec(text.trim())
  if (length) {
    const unit = unitMs[length[2] as keyof typeof unitMs]
    if (Number(length[1]) > 0) return Math.max(0, untilMs - Number(length[1]) * unit)
  }
  const sinceMs = timeOf('since', text)
  if (sinceMs <= untilMs) return sinceMs
  const expected = 'a time before the end of the window'
  throw new ConsoleError('PARAMETER', { name: 'since', expected, got: text })
}

function timeOf(name: string, text: string): number {
  // Date.parse takes '1' for the year 2001: only what looks like ISO 8601 is a time.
  const ms = /^\d{4}-\d{2}-\d{2}([T ].*)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isFinite(ms)) return ms
  const expected =
    name === 'since'
      ? 'a length such as 90s, 15m, 2h or 3d, or a time such as 2026-11-24T10:00'
      : 'a time such as 2026-11-24T10:00'
  throw new ConsoleError('PARAMETER', { name, expected, got: text })
}

/** The head of each answer about a window. */
export async function windowAnswer(store: Store, window: AskedWindow): Promise<WindowAnswer> {
  const { service, ...everyone } = window
  const [services, extent, notes] = await Promise.all([
    store.services(everyone),
    store.extent(),
    notesOf(store, window),
  ])
  return {
    sinceMs: window.sinceMs,
    untilMs: window.untilMs,
    service: service ?? null,
    services,
    newestMs: extent.newestMs ?? null,
    notes,
  }
}

/** Refuses parameters that the answer does not know: a misspelt filter must not answer for everything. */
export function allowOnly(query: URLSearchParams, names: readonly string[]): void {
  allowOnlyThese(query, ['since', 'until', 'service', ...names])
}

/** The same for an answer that is about no window. */
export function allowOnlyThese(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys())
    if (!known.includes(name))
      throw new ConsoleError('PARAMETER_UNKNOWN', { name, known: known.join(', ') })
}

/** A whole number of a query, within bounds. */
export function numberOf(
  query: URLSearchParams,
  name: string,
  fallback: number,
  least: number,
  most: number,
): number {
  const text = query.get(name)
  if (text === null) return fallback
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  const expected = `a whole number from ${least} to ${most}`
  throw new ConsoleError('PARAMETER', { name, expected, got: text })
}
