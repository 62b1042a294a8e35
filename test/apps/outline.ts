import type { Answer } from './client.js'

/**
 * Where two answers to one request differ in more than ids, times and how much there is: in the status, in
 * the names of headers, or in the fields that all rows of a list have. Empty where they are alike.
 *
 * @param ids Fields whose names are ids.
 */
export function differences(one: Answer, other: Answer, ids?: RegExp): string[] {
  const [a, b] = [outline(one, ids), outline(other, ids)]
  return [...missing(a, b).map(path => `no ${path}`), ...missing(b, a).map(path => `now ${path}`)]
}

/** What the second lacks, but for what stands in lists that are empty there. */
function missing(a: ReadonlySet<string>, b: ReadonlySet<string>): string[] {
  const empty = [...b].filter(path => path.endsWith(nothing)).map(path => path.slice(0, -1))
  return [...a].filter(
    path => !b.has(path) && !path.endsWith(nothing) && !empty.some(list => path.startsWith(list)),
  )
}

function outline({ status, headers, text }: Answer, ids: RegExp | undefined): Set<string> {
  const names = [...headers.keys()].filter(name => !changing.has(name))
  return new Set([`status ${status}`, ...names, ...pathsIn(parsed(text), '', ids)])
}

/** With few bytes they are other ones than with many. */
const changing = new Set(['content-encoding', 'content-length', 'transfer-encoding'])
/** Behind the path of a list without rows. */
const nothing = '∅'
/** Deeper down stands what differs from row to row. */
const depth = 4

function pathsIn(value: unknown, path: string, ids: RegExp | undefined): string[] {
  if (typeof value !== 'object' || value === null || path.split('.').length > depth) return [path]
  if (Array.isArray(value)) {
    const rows = value.map(row => pathsIn(row, `${path}[]`, ids))
    const [first] = rows
    return first?.filter(one => rows.every(row => row.includes(one))) ?? [`${path}[]${nothing}`]
  }
  return Object.entries(value).flatMap(([name, one]) =>
    pathsIn(one, `${path}.${ids?.test(name) === true ? '*' : name}`, ids),
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Fields of the widest object in an answer. */
export function widest({ text }: Answer): number {
  return widestIn(parsed(text))
}

function widestIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return Math.max(own, ...Object.values(value).map(widestIn))
}
