/** Cache-Control as RFC 9111, 5.2 has it: names in lower case, values without quotes, '' where there is none. */
export type Directives = ReadonlyMap<string, string>

const NONE: Directives = new Map()
/** RFC 9111, 1.2.2: what is larger is taken for this. */
const MOST_SECONDS = 2 ** 31

/**
 * Reads all Cache-Control lines of a message, joined by commas. Of a directive that comes twice the
 * first holds (RFC 9111, 4.2.1). What is no directive is skipped.
 */
export function directivesOf(text: string | undefined): Directives {
  if (text === undefined || text === '') return NONE
  const found = new Map<string, string>()
  for (const [, name = '', quoted, plain = ''] of text.matchAll(
    /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?[^,]*(?:,|$)/g,
  )) {
    const key = name.toLowerCase()
    if (!found.has(key)) found.set(key, quoted ?? plain)
  }
  return found
}

/** Seconds of a directive, undefined when it is not there. What is no number counts as 0: stale. */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const text = directives.get(name)
  if (text === undefined) return undefined
  return /^\d+$/.test(text) ? Math.min(Number(text), MOST_SECONDS) : 0
}
