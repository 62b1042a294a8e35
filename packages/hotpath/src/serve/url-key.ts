import { isSecretParameter, type ResponseCacheKey } from '../config/response-cache.js'

/** What of the query a policy keeps in its keys. */
export type QueryRule = NonNullable<ResponseCacheKey['query']> | undefined

/** The part of a key that the query makes, and the values that were left out of it. */
export interface KeyedQuery {
  /** With its `?`; '' where there is none. */
  readonly query: string
  readonly left: readonly string[]
}

const NOTHING_LEFT: readonly string[] = []
const EMPTY: KeyedQuery = { query: '', left: NOTHING_LEFT }
/** Longer ones are not sorted: each order is a key of its own. */
const MOST_PARAMETERS = 100

/**
 * The query with its parameters in the order of their names; those of one name keep theirs, which is
 * what handlers see as a list. Names are compared as they are spelt: `%61=1` is another key than `a=1`.
 * Undefined: two readers of the query may see different parameters in it, so nothing may be left out.
 */
export function keyedQuery(url: string, rule: QueryRule): KeyedQuery | undefined {
  const at = url.indexOf('?')
  if (at < 0) return EMPTY
  const text = url.slice(at + 1)
  // Some parsers end a parameter at a semicolon: an ignored one could hide another.
  if (rule !== undefined && /[;#]/.test(text)) return undefined
  const parts = text.split('&')
  if (parts.length > MOST_PARAMETERS) return { query: `?${text}`, left: NOTHING_LEFT }
  const kept: string[] = []
  const left: string[] = []
  for (const part of parts) (isKept(nameOf(part), rule) ? kept : left).push(part)
  if (kept.length > 1)
    kept.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0))
  return {
    query: kept.length === 0 && left.length > 0 ? '' : `?${kept.join('&')}`,
    left: left.length === 0 ? NOTHING_LEFT : left.map(part => part.slice(nameOf(part).length + 1)),
  }
}

function nameOf(part: string): string {
  const equals = part.indexOf('=')
  return equals < 0 ? part : part.slice(0, equals)
}

function isKept(name: string, rule: QueryRule): boolean {
  if (rule === undefined) return true
  return 'ignore' in rule
    ? !rule.ignore.includes(name)
    : rule.only.includes(name) || isSecretParameter(name)
}

/** Server, scheme, host, path and query: always in the key, the path as it was sent. */
export function urlKey(
  server: unknown,
  scheme: string,
  host: string,
  url: string,
  query: string,
): string {
  const at = url.indexOf('?')
  return `${serverId(server)} ${scheme}://${host} ${at < 0 ? url : url.slice(0, at)}${query}`
}

const ids = new WeakMap<object, number>()
let servers = 0

/** A process may have a public server and one for its own people, and Host is what the client says. */
function serverId(server: unknown): number {
  const known = ids.get(server as object)
  if (known !== undefined) return known
  ids.set(server as object, ++servers)
  return servers
}
