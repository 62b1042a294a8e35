import { isV6, plainAddress } from './address.js'

/** A header by which proxies tell whose request they hand on. */
export type ForwardedHeader = 'x-forwarded-for' | 'forwarded'

/** Hops that are looked at: nobody has more proxies. */
const MOST_HOPS = 32
/** What of a header is read, from its right end. */
const MOST_CHARACTERS = 8_192

/**
 * The addresses of a header, the nearest hop first. Proxies append, so what is true is at the right end, and
 * what is left of it any client may have written: it is read from the right, and undefined stands for an
 * entry that is no address, at which a reader has to stop.
 *
 *     hopsOf('x-forwarded-for', '6.6.6.6, 203.0.113.9') // yields '203.0.113.9', '6.6.6.6'
 */
export function* hopsOf(header: ForwardedHeader, value: string): Generator<string | undefined> {
  const text = value.slice(-MOST_CHARACTERS)
  // What was cut off may be the beginning of the entry at the left end.
  const isCut = text.length < value.length
  let end = text.length
  for (let hops = 0; hops < MOST_HOPS && end >= 0; hops++) {
    const at = header === 'forwarded' ? commaBefore(text, end) : text.lastIndexOf(',', end - 1)
    const entry = end === 0 ? '' : text.slice(at + 1, end).trim()
    if (at < 0 && isCut) return
    yield header === 'forwarded' ? forOf(entry) : addressIn(entry)
    end = at < 0 ? -1 : at
  }
}

/**
 * The comma before `end` that is in no quoted text. Found from the right too: a client that opens a quote and
 * does not close it would else swallow what an honest proxy appended.
 */
function commaBefore(text: string, end: number): number {
  let quoted = false
  for (let at = end - 1; at >= 0; at--) {
    const code = text.charCodeAt(at)
    if (code === 34 && !isEscaped(text, at)) quoted = !quoted
    else if (code === 44 && !quoted) return at
  }
  return -1
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0
  while (text.charCodeAt(at - 1 - slashes) === 92) slashes++
  return slashes % 2 === 1
}

/** One element of Forwarded (RFC 7239, 4): `for=192.0.2.60;proto=http`, in any order. */
function forOf(element: string): string | undefined {
  let found: string | undefined
  for (const pair of pairsOf(element)) {
    const [, name = '', token, quoted] =
      /^\s*([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\.)*)")\s*$/.exec(pair) ??
      []
    if (name === '') return undefined
    if (name.toLowerCase() !== 'for') continue
    // Twice is not allowed: which of the two is meant nobody can tell.
    if (found !== undefined) return undefined
    found = token ?? (quoted as string).replace(/\\(.)/g, '$1')
  }
  return found === undefined ? undefined : nodeOf(found)
}

/** Parts between semicolons that are in no quoted text. */
function pairsOf(element: string): string[] {
  return element.match(/(?:"(?:[^"\\]|\\.)*"|[^;"])+/g)?.join(';') === element
    ? (element.match(/(?:"(?:[^"\\]|\\.)*"|[^;"])+/g) ?? [])
    : []
}

/** A node of RFC 7239, 6: IPv6 only in brackets; `unknown` and `_hidden` are no addresses. */
function nodeOf(node: string): string | undefined {
  return isV6(node) ? undefined : addressIn(node)
}

/** An address with or without a port, IPv6 with or without brackets. */
function addressIn(entry: string): string | undefined {
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::\w{1,16})?$/.exec(entry)?.[1]
  if (bracketed !== undefined) return isV6(bracketed) ? plainAddress(bracketed) : undefined
  if (isV6(entry)) return entry.includes('%') ? undefined : plainAddress(entry)
  return plainAddress(/^([\d.]+)(?::\w{1,16})?$/.exec(entry)?.[1] ?? '')
}
