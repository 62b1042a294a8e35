import type { FindingAnswer, FindingsAnswer, TraceAnswer } from '../api/answers.js'
import { ConsoleError } from '../errors.js'
import type { CallSite, Finding } from '../model.js'
import { enoughRequests, verify } from './verify.js'

export type Ask = <Answer>(path: string, parameters: Record<string, string>) => Promise<Answer>

/** A tool that a coding agent can call: its name, what for, what it takes (JSON Schema), and the answer. */
export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly properties: Readonly<Record<string, object>>
  readonly required: readonly string[]
  readonly answer: (ask: Ask, given: Given) => Promise<unknown>
}

export type Given = Readonly<Record<string, unknown>>

/** Rows of a trace that are told: an agent reads the folded ones, and asks for all if it must. */
const mostRows = 200

const since = {
  type: 'string',
  description: 'how far back: 90s, 15m (default), 2h, 3d, or a time such as 2026-11-24T10:00Z',
}
const service = { type: 'string', description: 'only of this service' }
const findingId = { type: 'string', description: 'the id of a finding, or its first digits' }

export const tools: readonly Tool[] = [
  {
    name: 'list_findings',
    title: 'List findings',
    description:
      'What makes the running API slow, those first whose fixes would save the most: id, kind, route, file and line, milliseconds per request and share of its time.',
    properties: { since, service },
    required: [],
    answer: async (ask, given) => {
      const answer = await ask<FindingsAnswer>('findings', filters(given))
      const { requests, services, notes, findings } = answer
      return { requests, services, notes, findings: findings.map(inShort) }
    },
  },
  {
    name: 'read_finding',
    title: 'Read a finding',
    description:
      'One finding with its evidence in sentences, the statement or call, the place in the code, what it costs, traces that show it, and fixes to apply (config, SQL or code).',
    properties: { id: findingId, since, service },
    required: ['id'],
    answer: async (ask, given) => {
      const path = `findings/${encodeURIComponent(text(given, 'id'))}`
      const { finding, rank, requests, notes } = await ask<FindingAnswer>(path, filters(given))
      return { rank, requests, notes, finding }
    },
  },
  {
    name: 'read_trace',
    title: 'Read a trace',
    description:
      'One request as a tree of spans, repeated siblings folded into one row: what it waited for, with file and line.',
    properties: {
      id: { type: 'string', description: 'the id of a trace, or its first digits' },
      expand: { type: 'boolean', description: 'every span in a row of its own' },
    },
    required: ['id'],
    answer: async (ask, given) => {
      const path = `traces/${encodeURIComponent(text(given, 'id'))}`
      const trace = await ask<TraceAnswer>(path, given['expand'] === true ? { expand: '1' } : {})
      return {
        ...trace,
        rows: trace.rows.slice(0, mostRows).map(rowInShort),
        rowsLeftOut: Math.max(0, trace.rows.length - mostRows),
      }
    },
  },
  {
    name: 'verify_finding',
    title: 'Verify a fix',
    description: `Whether a finding stopped since a change was deployed or the app restarted: "gone" only after enough requests of its route (${enoughRequests} by default), "still there", or "too early to say".`,
    properties: {
      id: findingId,
      since: { ...since, description: 'when the change was made: 5m, or a time. No default' },
      requests: { type: 'integer', minimum: 1, description: 'so many requests are enough' },
      service,
    },
    required: ['id', 'since'],
    answer: (ask, given) => {
      const needed = given['requests'] ?? enoughRequests
      if (typeof needed !== 'number' || !Number.isInteger(needed) || needed < 1)
        throw wrong('requests', 'a whole number from 1 up', needed)
      const { service: only = undefined } = filters(given)
      const of: Record<string, string> = only === undefined ? {} : { service: only }
      return verify(ask, text(given, 'id'), text(given, 'since'), needed, of)
    },
  },
]

/** Arguments come from a model: what is no text is told, and not made one. */
function text(given: Given, name: string): string {
  const value = given[name]
  if (typeof value === 'string' && value !== '') return value
  throw wrong(name, 'a text', value)
}

function wrong(name: string, expected: string, got: unknown): ConsoleError {
  return new ConsoleError('PARAMETER', { name, expected, got: String(JSON.stringify(got)) })
}

function filters(given: Given): Record<string, string> {
  return Object.fromEntries(
    ['since', 'service'].flatMap(name =>
      given[name] === undefined ? [] : [[name, text(given, name)]],
    ),
  )
}

function inShort({ id, kind, service, route, title, where, cost, subject }: Finding) {
  const { msPerRequest, share, totalMs } = cost
  return {
    id,
    kind,
    service,
    route,
    title,
    where: placeOf(where),
    subject,
    msPerRequest,
    share,
    totalMs,
  }
}

const placeOf = (where: CallSite | undefined): string | null =>
  where === undefined ? null : `${where.file}:${where.line}`

function rowInShort(row: TraceAnswer['rows'][number]) {
  const { name, depth, category, service, offsetNs, durationNs, selfNs, critical, status } = row
  const { folded, where, attributes } = row
  return {
    name,
    depth,
    category,
    service,
    startMs: offsetNs / 1e6,
    durationMs: durationNs / 1e6,
    selfMs: selfNs / 1e6,
    critical,
    status,
    where: placeOf(where),
    statement: attributes['db.query.text'] ?? null,
    ...(folded === undefined
      ? {}
      : { times: folded.count, order: folded.order, sumMs: folded.sumNs / 1e6 }),
  }
}
