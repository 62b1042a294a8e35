import type { IncomingMessage } from 'node:http'
import type { Entry } from './entry.js'
import { valueOf } from './facts.js'
import { httpDate } from './http-date.js'
import { rawHeadersOf } from './raw-headers.js'

export { fieldsOf304 } from './response-fields.js'

/**
 * Whether the client has what we would send (RFC 9110, 13.2.2): If-None-Match decides alone where it is
 * there, by the weak comparison; else If-Modified-Since, where the answer has a date.
 */
export function isNotModified(request: IncomingMessage, entry: Entry): boolean {
  if (entry.status !== 200) return false
  const rawHeaders = rawHeadersOf(request)
  const tags = valueOf(rawHeaders, 'if-none-match')
  if (tags !== '') return entry.etag !== undefined && matchesAny(tags, entry.etag)
  const since = httpDate(valueOf(rawHeaders, 'if-modified-since'))
  return entry.lastModifiedMs <= since
}

/** `"a", W/"b"` or `*`. A tag may hold commas, so the list is not split at them. */
export function matchesAny(list: string, etag: string): boolean {
  if (list.trim() === '*') return true
  const opaque = etag.replace(/^W\//, '')
  for (const [tag] of list.matchAll(/"[\x21\x23-\x7e\x80-\xff]*"/g)) if (tag === opaque) return true
  return false
}
