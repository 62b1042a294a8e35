import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { fieldsOf304, isNotModified } from '../serve/conditional.js'
import type { Entry } from '../serve/entry.js'
import { type Given, ownFields } from '../serve/send.js'

/** A kept answer, as a framework is handed it. */
export interface Answer {
  readonly status: number
  readonly reason: string
  /** By name, as the app spelt it; several lines of one name are a list. */
  readonly fields: ReadonlyMap<string, string | string[]>
  /** Undefined for 204 and 304. Shared by all who are given it: never to be written to. */
  readonly body: Buffer | undefined
}

/** What one request is answered from an entry: all of it, or that its client has it already. */
export function answerOf(
  request: IncomingMessage,
  entry: Entry,
  nowMs: number,
  given: Given,
  conditional: boolean,
): Answer {
  const own = ownFields(entry, nowMs, given)
  if (conditional && isNotModified(request, entry))
    return {
      status: 304,
      reason: 'Not Modified',
      fields: grouped([...fieldsOf304(entry.fields), ...own]),
      body: undefined,
    }
  return {
    status: entry.status,
    reason: entry.reason,
    fields: grouped([...entry.fields, ...own]),
    body: entry.status === 204 ? undefined : entry.body,
  }
}

/**
 * Answers through the functions of the response as middleware left them: what it does as an answer goes
 * out (a session that is saved, an access log) it does here too. Field by field, since of lists that
 * `writeHead` is given middleware in use reads the first letters alone.
 */
export function sendAnswer(
  response: ServerResponse,
  { status, reason, fields, body }: Answer,
  more: OutgoingHttpHeaders = {},
): void {
  response.statusCode = status
  if (reason !== '') response.statusMessage = reason
  for (const [name, value] of Object.entries(more))
    if (value !== undefined) response.setHeader(name, value)
  for (const [name, value] of fields) response.setHeader(name, value)
  if (body === undefined) response.removeHeader('content-length')
  response.end(body)
}

function grouped(list: readonly string[]): Map<string, string | string[]> {
  const fields = new Map<string, string | string[]>()
  const names = new Map<string, string>()
  for (let at = 0; at + 1 < list.length; at += 2) {
    const spelt = list[at] as string
    const value = list[at + 1] as string
    const lower = spelt.toLowerCase()
    const name = names.get(lower) ?? spelt
    names.set(lower, name)
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : [before, value].flat())
  }
  return fields
}
