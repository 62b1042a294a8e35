const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** What `durationMs` reads, for messages. */
export const DURATION = "a duration such as '500ms', '5s', '10m' or '1h'"

/** `'5s'` is 5,000; undefined for what is no duration, or none above zero. */
export function durationMs(value: unknown): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(String(value)) ?? []
  const ms = Number(amount) * (UNITS_MS[unit] ?? Number.NaN)
  // What a timer of Node can wait: 2^31 - 1 ms, 24 days.
  return ms > 0 && ms < 2 ** 31 ? ms : undefined
}
