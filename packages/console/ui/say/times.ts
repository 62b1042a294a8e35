/** Times as the reader's clock shows them; UTC is said on hover. */
const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})
const seconds = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

/** `10:14`. */
export const minuteOf = (ms: number): string => clock.format(ms)

/** `10:14:07`, with its day when that is not today. */
export function secondOf(ms: number): string {
  const text = seconds.format(ms)
  return isToday(ms) ? text : `${day.format(ms)}, ${text}`
}

/** `10:14:07.312`. */
export const instantOf = (ms: number): string =>
  `${secondOf(ms)}.${String(Math.floor(ms % 1000)).padStart(3, '0')}`

/** What a `title` says: the same time in UTC, to the millisecond. */
export const utcOf = (ms: number): string => `${new Date(ms).toISOString()} (UTC)`

/** `just now`, `3 min ago`. */
export function agoOf(ms: number, nowMs = Date.now()): string {
  const s = Math.max(0, Math.round((nowMs - ms) / 1e3))
  if (s < 10) return 'just now'
  if (s < 60) return `${s} s ago`
  if (s < 3_600) return `${Math.floor(s / 60)} min ago`
  if (s < 86_400) return `${Math.floor(s / 3_600)} h ago`
  return `${Math.floor(s / 86_400)} d ago`
}

/** `Last 15 min` for a length of `since`; a time as it is. */
export function windowName(since: string, until: string | null = null): string {
  if (until !== null) return `${minuteOf(Date.parse(since))} to ${minuteOf(Date.parse(until))}`
  const [, n, unit] = /^(\d+)([smhdw])$/.exec(since) ?? []
  if (n === undefined) return `Since ${secondOf(Date.parse(since))}`
  const names: Readonly<Record<string, string>> = { s: 's', m: 'min', h: 'h', d: 'd', w: 'w' }
  return `Last ${n} ${names[unit ?? ''] ?? ''}`
}

const isToday = (ms: number): boolean => new Date(ms).toDateString() === new Date().toDateString()
