import type { CallSite, Fix, Trace, TraceSpan } from '../model.js'
import { callSite } from './calls.js'
import { isInMost } from './confirm.js'
import { counted, duration } from './figures.js'
import { configFile, isOurs } from './fixes.js'
import {
  add,
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceIn,
  type Told,
} from './occurrence.js'
import { requestsOf } from './request.js'
import { gone } from './remedy.js'
import { partOfRequest } from './sentences.js'
import { median, orderOf, unionNs } from './timing.js'

const meta: DetectorMeta = {
  id: 'connection-churn',
  title: 'A new connection for each request',
  why: 'A new connection costs three round trips, a password check and a process of the server, each time; under load the server runs out of them.',
  threshold:
    'Most requests open one. A pool that grows opens one now and then, and its first callers wait for it.',
  about: 'database',
}

export const connectionChurn: Detector = {
  meta,
  detect,
  isConfirmed: isInMost,
  describe,
  fixes,
  remedy: {
    changes: ({ calls }) => ({ lasting: gone(calls) }),
    how: ({ occurrences }) =>
      `Opening the connection, ${duration(median(occurrences.map(({ takenNs }) => takenNs / 1e6)))} (median), is left out; that its first statement is slower as well is left in.`,
  },
  inShort: ({ takenNs }) => `opening a connection: ${duration(takenNs / 1e6)}`,
}

/**
 * Finds connections that a request opened for itself. One that a pool opened while the request waited for
 * it counts as well, since a pool may be made per request or close too early, but in ordinary requests alone.
 */
function detect(trace: Trace): readonly Occurrence[] {
  const opened = trace.spans.filter(({ attributes }) => attributes['hotpath.connect'] === true)
  if (opened.length === 0) return []
  const requests = requestsOf(trace)
  const byRequest = new Map<TraceSpan, Map<string, TraceSpan[]>>()
  for (const span of opened) {
    const request = requests.get(span)
    if (request === undefined || isGrowth(span, request)) continue
    const databases = byRequest.get(request) ?? new Map<string, TraceSpan[]>()
    byRequest.set(request, databases)
    add(databases, databaseOf(span), span)
  }
  return [...byRequest].flatMap(([request, databases]) =>
    [...databases].map(([database, calls]) => {
      const where = usedAt(calls)
      return {
        ...occurrenceIn(meta.id, trace, request, database),
        ...(where ? { where } : {}),
        calls,
        order: orderOf(calls),
        takenNs: unionNs(calls),
      }
    }),
  )
}

/** Where it is used first: the recorder does not look for the place that opens it, which is near. */
function usedAt(opened: readonly TraceSpan[]): CallSite | undefined {
  for (const span of opened) {
    const [next] = (span.parent?.children ?? []).filter(
      ({ offsetNs, attributes }) =>
        offsetNs >= span.offsetNs && attributes['db.query.text'] !== undefined,
    )
    const site = next && callSite(next)
    if (site) return site
  }
  return undefined
}

/**
 * A pool's own, in a request that is no ordinary one: the first of a process, those that were slow because
 * of it, and failures come with new connections.
 */
function isGrowth({ parent }: TraceSpan, request: TraceSpan): boolean {
  const isPooled = parent?.attributes['hotpath.wait'] === 'connection'
  return isPooled && request.attributes['hotpath.sampled.reason'] !== 'ordinary'
}

function databaseOf({ attributes }: TraceSpan): string {
  const host = attributes['server.address']
  const port = attributes['server.port']
  const name = attributes['db.namespace']
  if (typeof host !== 'string') return 'the database'
  const at = typeof port === 'number' ? `${host}:${port}` : host
  return typeof name === 'string' ? `${at}/${name}` : at
}

function describe({ occurrences, typical, calls }: Told): Description {
  const ms = duration(median(occurrences.map(({ takenNs }) => takenNs / 1e6)))
  return [
    `${counted(calls, 'new connection')} for each request`,
    [
      `A request opens ${counted(calls, 'connection')} to ${typical.subject}, which takes ${ms} (median), and uses it alone.`,
      partOfRequest(typical),
    ],
  ]
}

function fixes(occurrence: Occurrence): Fix[] {
  const system = occurrence.calls[0]?.attributes['db.system.name']
  const mysql = system === 'mysql' || system === 'mariadb'
  const byCode: Fix = {
    kind: 'code',
    title: 'One pool for the process, made when it starts',
    note: 'Not within the handler: a pool that is made there is a connection for each request as well. If there is such a pool already, give it idleTimeoutMillis enough to keep its connections.',
    text: mysql
      ? "import { createPool } from 'mysql2/promise'\nexport const pool = createPool({ uri: process.env.DATABASE_URL, connectionLimit: 10 })"
      : "import { Pool } from 'pg'\nexport const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 })",
    snippet: true,
  }
  if (!isOurs(occurrence)) return [byCode]
  return [
    byCode,
    {
      kind: 'config',
      title: 'Or let Hotpath lend pooled ones, with no change of code (docs/pool.md)',
      note: "In hotpath.config.js, beside the app's package.json.",
      text: configFile('  pool: { share: true },'),
    },
  ]
}
