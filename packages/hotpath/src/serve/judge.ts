/**
 * Whether an answer may be kept for others and how long: RFC 9111, 3 and 4.2, RFC 5861, and what is
 * peculiar to us. docs/response-cache.md lists every MUST and SHOULD with its test.
 *
 * http-cache-semantics was weighed. It decides the same (a property test compares), but from objects of
 * lower-case headers that would be made for every request, copies them for every question, knows no
 * lifetime from a config, no window of staleness without a directive and no set of variants; what a hit
 * asks of an entry here is two subtractions.
 */
import type { Directives } from './directives.js'
import { directivesOf, secondsOf } from './directives.js'
import { fieldOf, type Head, listOf } from './head.js'
import { httpDate } from './http-date.js'

/** What of a policy the judgement needs. */
export interface Bounds {
  readonly ttlMs: number
  readonly staleMs: number | undefined
  readonly allowed: ReadonlySet<string>
}

export interface Lifetime {
  /** Age that the answer had when it came: of an upstream cache. */
  readonly ageMs: number
  /** Fresh until this age. */
  readonly freshMs: number
  /** May be given to this age while it is made anew, and while making it anew fails. */
  readonly revalidateMs: number
  readonly errorMs: number
  /** What the app says, of any cache that is shared; undefined: nothing. */
  readonly explicitMs: number | undefined
  /** Request headers that it depends on, in lower case. */
  readonly vary: readonly string[]
}

/** Why an answer is not kept: a counter's `reason`. */
export type Refusal =
  | 'status'
  | 'no-store'
  | 'private'
  | 'no-cache'
  | 'set-cookie'
  | 'vary'
  | 'nonce'
  | 'stream'
  | 'expired'
  | 'encoding'

/** RFC 9110, 15.1, without 206 and those that are errors of the moment. */
const DEFAULT = new Set([200, 203, 204, 300, 301, 308, 404, 410])
/** Final ones that we know what to do with when the app says how long they live. */
const EXPLICIT = new Set([...DEFAULT, 302, 303, 307, 405, 414, 501])

export function judge(
  head: Head,
  bounds: Bounds,
  authorized: boolean,
  wallMs: number,
): Lifetime | Refusal {
  const { fields, status } = head
  const directives = directivesOf(fieldOf(fields, 'cache-control'))
  if (directives.has('no-store')) return 'no-store'
  if (directives.has('private')) return 'private'
  if (directives.has('no-cache')) return 'no-cache'
  // Without Cache-Control, as old servers say it; some are asked for nothing else.
  if (directives.size === 0 && /no-cache/i.test(fieldOf(fields, 'pragma') ?? '')) return 'no-cache'
  const explicitMs = explicitLifetime(directives, fields, wallMs)
  if (!(explicitMs === undefined ? DEFAULT : EXPLICIT).has(status)) return 'status'
  if (directives.has('must-understand') && !EXPLICIT.has(status)) return 'status'
  // RFC 9111, 3.5, unless the config has named the header, which is the origin's own word.
  if (authorized && !bounds.allowed.has('authorization')) return 'private'
  if (fieldOf(fields, 'set-cookie') !== undefined && !bounds.allowed.has('set-cookie'))
    return 'set-cookie'
  if (/'nonce-/i.test(fieldOf(fields, 'content-security-policy') ?? '')) return 'nonce'
  if (/'nonce-/i.test(fieldOf(fields, 'content-security-policy-report-only') ?? '')) return 'nonce'
  if (isStream(fields)) return 'stream'
  const vary = varyOf(fields)
  if (vary === undefined) return 'vary'
  return lifetime(directives, bounds, explicitMs, fields, vary)
}

/** An answer that has no end, or none that anybody waits for. */
export function isStream(fields: readonly string[]): boolean {
  const type = fieldOf(fields, 'content-type') ?? ''
  return (
    /^(?:text\/event-stream|multipart\/x-mixed-replace|application\/(?:grpc|x-ndjson|stream\+json))/i.test(
      type,
    ) || fieldOf(fields, 'trailer') !== undefined
  )
}

/** Undefined: it depends on more than headers. */
function varyOf(fields: readonly string[]): string[] | undefined {
  const names = listOf(fieldOf(fields, 'vary'))
  if (names.includes('*')) return undefined
  if (hasAccessControl(fields)) names.push('origin')
  if (fieldOf(fields, 'content-encoding') !== undefined) names.push('accept-encoding')
  return names
}

function hasAccessControl(fields: readonly string[]): boolean {
  for (let at = 0; at < fields.length; at += 2)
    if (/^access-control-/i.test(fields[at] as string)) return true
  return false
}

function lifetime(
  directives: Directives,
  bounds: Bounds,
  explicitMs: number | undefined,
  fields: readonly string[],
  vary: readonly string[],
): Lifetime | Refusal {
  const ageMs = 1000 * Math.max(0, integer(listOf(fieldOf(fields, 'age'))[0]) ?? 0)
  // Never fresh for longer than the config says, nor than the app does.
  const freshMs = Math.min(bounds.ttlMs, explicitMs ?? bounds.ttlMs)
  const strict =
    directives.has('must-revalidate') ||
    directives.has('proxy-revalidate') ||
    directives.has('s-maxage')
  const window = (name: string): number => {
    if (strict) return 0
    const told = secondsOf(directives, name)
    const toldMs = told === undefined ? undefined : told * 1000
    return Math.min(toldMs ?? bounds.staleMs ?? 0, bounds.staleMs ?? toldMs ?? 0)
  }
  const revalidateMs = freshMs + window('stale-while-revalidate')
  const errorMs = freshMs + window('stale-if-error')
  if (ageMs >= Math.max(freshMs, revalidateMs, errorMs)) return 'expired'
  return { ageMs, freshMs, revalidateMs, errorMs, explicitMs, vary }
}

/** RFC 9111, 4.2.1: for a shared cache, in this order. */
function explicitLifetime(
  directives: Directives,
  fields: readonly string[],
  wallMs: number,
): number | undefined {
  const seconds = secondsOf(directives, 's-maxage') ?? secondsOf(directives, 'max-age')
  if (seconds !== undefined) return seconds * 1000
  const expires = fieldOf(fields, 'expires')
  if (expires === undefined) return undefined
  const atMs = httpDate(expires)
  const dateMs = httpDate(fieldOf(fields, 'date'))
  // `Expires: 0` and what else is no date: in the past.
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - (Number.isNaN(dateMs) ? wallMs : dateMs))
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined
}
