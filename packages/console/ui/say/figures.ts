import { count, duration, thin } from '../../src/diagnose/figures.js'

export { bytes, count, counted, duration, percent } from '../../src/diagnose/figures.js'

/** A duration of nanoseconds. */
export const ofNs = (ns: number): string => duration(ns / 1e6)

/** A percentile, or a dash where too few requests were counted for one. */
export const orDash = (ms: number | null): string => (ms === null ? '–' : duration(ms))

/** Events a second: `0.42/s`, `6.1/s`, `1,240/s`. */
export function rate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 0.01) return '<0.01/s'
  const digits = perSecond < 1 ? 2 : perSecond < 100 ? 1 : 0
  return `${digits === 0 ? count(perSecond) : trimmed(perSecond.toFixed(digits))}/s`
}

const trimmed = (text: string): string => text.replace(/\.?0+$/, '')

/** The first digits of an id, enough to tell it from its neighbours and for `hotpath trace`. */
export const shortId = (id: string): string => id.slice(0, 8)

/** How far `b` is from `a`: `2.5× faster`, `12 % slower`, `the same`. */
export function changeOf(a: number, b: number): string {
  if (a <= 0 || b <= 0) return ''
  const ratio = a / b
  if (ratio > 0.98 && ratio < 1.02) return 'the same'
  const [times, word] = ratio > 1 ? [ratio, 'faster'] : [1 / ratio, 'slower']
  if (times < 1.95) return `${Math.round((times - 1) * 100)}${thin}% ${word}`
  return `${times < 9.95 ? trimmed(times.toFixed(1)) : count(times)}× ${word}`
}
