import { fieldOf, type Head, listOf } from './head.js'

/**
 * Fields that belong to one answer and are never given again: framing and the connection (RFC 9110,
 * 7.6.1), what Node writes itself, who got the answer, and how long it took.
 */
const NEVER = new Set([
  'age',
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'request-id',
  'server-timing',
  'set-cookie',
  'set-cookie2',
  'te',
  'traceparent',
  'tracestate',
  'traceresponse',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-amzn-trace-id',
  'x-correlation-id',
  'x-request-id',
  'x-response-time',
  'x-runtime',
  'x-trace-id',
  'cache-status',
])

/** Of these the ones that no cache in front of us gives again either, or that it sets itself. */
const FRAMING = new Set([
  'age',
  'cache-status',
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
])

const isNever = (name: string): boolean => NEVER.has(name) || /^(?:x-)?rate-?limit/.test(name)

/** Whether it has a field that nobody else may be given, besides those that frame it. */
export function isPersonal(head: Head): boolean {
  for (let at = 0; at < head.fields.length; at += 2) {
    const name = (head.fields[at] as string).toLowerCase()
    if (isNever(name) && !FRAMING.has(name)) return true
  }
  return false
}

/** The fields that may be given again, in their order. */
export function keptFields(head: Head): string[] {
  const hop = listOf(fieldOf(head.fields, 'connection'))
  const kept: string[] = []
  for (let at = 0; at + 1 < head.fields.length; at += 2) {
    const name = (head.fields[at] as string).toLowerCase()
    if (isNever(name) || hop.includes(name)) continue
    kept.push(head.fields[at] as string, head.fields[at + 1] as string)
  }
  return kept
}

/** Fields of a 304 (RFC 9110, 15.4.5): what the client needs to go on with what it has. */
export function fieldsOf304(fields: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = (fields[at] as string).toLowerCase()
    // Content-Location is asked for by 15.4.5; all others of content-* describe a body that is not there.
    if (name.startsWith('content-') && name !== 'content-location' && !name.includes('policy'))
      continue
    kept.push(fields[at] as string, fields[at + 1] as string)
  }
  return kept
}
