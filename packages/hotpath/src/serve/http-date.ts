/** `Sun Nov  6 08:49:37 1994`: of UTC, though it does not say so (RFC 9110, 5.6.7). */
const ASCTIME = /^[A-Z]{3} [A-Z]{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/i
/** What names another zone than GMT or UTC, or none, is no date (RFC 9111, 4.2). */
const ZONED = /^[A-Z]{3,9}, .* (?:GMT|UTC)$/i

/** Milliseconds since 1970 of a date as HTTP has it, in each of its three forms; NaN for all else. */
export function httpDate(text: string | undefined): number {
  if (text === undefined) return Number.NaN
  if (ASCTIME.test(text)) return Date.parse(`${text} GMT`)
  return ZONED.test(text) ? Date.parse(text) : Number.NaN
}
