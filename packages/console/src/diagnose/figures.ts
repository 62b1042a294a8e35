/** How figures are written: at most three significant digits, a thin space before the unit. */

export const thin = '\u2009'

/**
 * A duration.
 *
 * @example
 * duration(0.84) // '840 µs'
 * duration(5.1) // '5.1 ms'
 * duration(1_240) // '1.24 s'
 * duration(1_142_000) // '19 min 2 s'
 */
export function duration(ms: number): string {
  if (ms < 0) return `-${duration(-ms)}`
  if (ms < 0.9995) return `${Math.round(ms * 1e3)}${thin}µs`
  if (ms < 9.95) return `${trimmed(ms, 1)}${thin}ms`
  if (ms < 999.5) return `${Math.round(ms)}${thin}ms`
  const seconds = ms / 1e3
  if (seconds < 9.995) return `${trimmed(seconds, 2)}${thin}s`
  if (seconds < 59.95) return `${trimmed(seconds, 1)}${thin}s`
  return long(Math.round(seconds))
}

function long(seconds: number): string {
  const days = Math.floor(seconds / 86_400)
  const hours = Math.floor((seconds % 86_400) / 3_600)
  const minutes = Math.floor((seconds % 3_600) / 60)
  if (days > 0) return pair(days, 'd', hours, 'h')
  if (hours > 0) return pair(hours, 'h', minutes, 'min')
  return pair(minutes, 'min', seconds % 60, 's')
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  const first = `${large}${thin}${largeUnit}`
  return small === 0 ? first : `${first} ${small}${thin}${smallUnit}`
}

/** A part of a whole: `86 %`, `4.2 %`, and never 0 or 100 % for what is not quite. */
export function percent(part: number): string {
  const value = part * 100
  if (value <= 0) return `0${thin}%`
  if (value < 0.1) return `<0.1${thin}%`
  if (value < 9.95) return `${trimmed(value, 1)}${thin}%`
  if (value > 99.5 && value < 100) return `>99${thin}%`
  return `${Math.round(value)}${thin}%`
}

/** A whole number with its thousands parted: `18,402`. */
export function count(n: number): string {
  return Math.round(n).toLocaleString('en')
}

/** `1 query`, `1,000 queries`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${Math.round(n) === 1 ? one : many}`
}

/** `412 kB`, `1.2 GB`: powers of 1,000, at most three digits. */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = n < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(n) / 3))
  const value = n / 1000 ** power
  const text = power === 0 || value >= 99.5 ? value.toFixed(0) : withoutZeros(value.toPrecision(3))
  return `${text}${thin}${units[power]}`
}

function trimmed(value: number, digits: number): string {
  return withoutZeros(value.toFixed(digits))
}

const withoutZeros = (text: string): string => text.replace(/\.?0+$/, '')
