import { ConsoleError } from '../errors.js'

/** 4 digits tell 65,000 ids apart; fewer are a slip of the hand. */
const least = 4

/** Refuses what can be no id of `digits` hexadecimal digits, whole or the start of one. */
export function checkPrefix(id: string, digits: number): string {
  const prefix = id.toLowerCase()
  if (/^[0-9a-f]+$/.test(prefix) && prefix.length >= least && prefix.length <= digits) return prefix
  const expected = `an id of ${digits} hexadecimal digits or the first of them, at least ${least}`
  throw new ConsoleError('PARAMETER', { name: 'ID', expected, got: id })
}

/** The one id that begins with the prefix; undefined for none, an error for several. */
export function onlyMatch(prefix: string, ids: readonly string[]): string | undefined {
  const matches = [...new Set(ids.filter(id => id.startsWith(prefix)))]
  if (matches.length <= 1) return matches[0]
  const some = matches.slice(0, 5).map(id => id.slice(0, Math.max(12, prefix.length + 4)))
  const more = matches.length > 5 ? ` and ${matches.length - 5} more` : ''
  throw new ConsoleError('ID_AMBIGUOUS', { id: prefix, matches: some.join(', ') + more })
}
