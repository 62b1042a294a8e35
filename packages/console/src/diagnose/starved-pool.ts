import type { Fix, Trace, TraceSpan } from '../model.js'
import { isInSeveral } from './confirm.js'
import { duration } from './figures.js'
import { nPlusOne } from './n-plus-one.js'
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
import { median, orderOf, unionNs, waitsAmong } from './timing.js'

const settings = {
  /** A statement with its way over one network takes 1 to 2 ms: five of them are spent on waiting. */
  waitMs: 10,
  /** What takes less of the request is not what makes it slow ... */
  share: 0.05,
  /** ... unless it takes this long. */
  longMs: 100,
}

const meta: DetectorMeta = {
  id: 'starved-pool',
  title: 'Waiting for a connection',
  why: 'All connections of the pool are lent: the request stands in a queue before the database has heard of it.',
  threshold: `${settings.waitMs} ms in one request, as long as five statements.`,
  about: 'pool',
}

/** What is true of any pool; `withPools` puts before it what was measured of this one. */
const holdShorter: Fix = {
  kind: 'code',
  title: 'Hold each connection for less time',
  text: 'Borrow it after the calls to other services, not before; give it back before the answer is made; and mend the slow queries first: what holds a connection half as long needs half as many.',
}

export const starvedPool: Detector = {
  meta,
  detect,
  isConfirmed: isInSeveral,
  describe,
  fixes: () => [holdShorter],
  remedy: {
    changes: ({ calls }) => ({ lasting: gone(calls) }),
    how: ({ occurrences }) =>
      `The waits, ${duration(median(occurrences.map(({ takenNs }) => takenNs / 1e6)))} (median), are left out: at best, if the database bears as many statements at a time as then come.`,
  },
  inShort: ({ takenNs }) => `waiting for a connection: ${duration(takenNs / 1e6)}`,
}

function describe({ occurrences, typical }: Told): Description {
  const ms = duration(median(occurrences.map(({ takenNs }) => takenNs / 1e6)))
  return [
    `Waiting ${ms} for a connection`,
    [
      `A request waits ${ms} (median) until the pool of ${typical.subject} has a connection for it.`,
      partOfRequest(typical),
    ],
  ]
}

/**
 * Finds requests that waited for a connection of a pool, by the spans that the recorder makes of it.
 * Waits of a loop are part of its cost: they go with it.
 */
function detect(trace: Trace): readonly Occurrence[] {
  const waits = trace.spans.filter(isWait)
  if (waits.length === 0) return []
  const loops = new Set(nPlusOne.detect(trace).flatMap(({ calls }) => waitsAmong(calls)))
  const requests = requestsOf(trace)
  const byPool = new Map<TraceSpan, Map<string, TraceSpan[]>>()
  for (const wait of waits) {
    const request = requests.get(wait)
    if (request === undefined || loops.has(wait)) continue
    const pools = byPool.get(request) ?? new Map<string, TraceSpan[]>()
    byPool.set(request, pools)
    add(pools, poolOf(wait), wait)
  }
  return [...byPool].flatMap(([request, pools]) =>
    [...pools].flatMap(([pool, calls]) => {
      const takenNs = unionNs(calls)
      if (!isMuch(takenNs, request)) return []
      const occurrence = occurrenceIn(meta.id, trace, request, pool)
      return [{ ...occurrence, calls, order: orderOf(calls), takenNs }]
    }),
  )
}

/** A wait in which a connection was made was no wait for others to give one back. */
const isWait = ({ attributes, children }: TraceSpan): boolean =>
  attributes['hotpath.wait'] === 'connection' &&
  !children.some(child => child.attributes['hotpath.connect'] === true)

/** Recorders before the name was told leave it out: an app has one pool most often. */
function poolOf(wait: TraceSpan): string {
  return String(wait.attributes['db.client.connection.pool.name'] ?? 'the database')
}

function isMuch(takenNs: number, request: TraceSpan): boolean {
  if (takenNs < settings.waitMs * 1e6) return false
  return takenNs >= settings.share * request.durationNs || takenNs >= settings.longMs * 1e6
}
