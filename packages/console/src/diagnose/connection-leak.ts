import type { Trace, TraceSpan } from '../model.js'
import { callSite } from './calls.js'
import { isInSeveral } from './confirm.js'
import { duration } from './figures.js'
import {
  add,
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceIn,
  type Told,
} from './occurrence.js'
import { giveBackFix } from './pools.js'
import { requestsOf } from './request.js'
import { median } from './timing.js'
import { unpredicted } from './remedy.js'

const meta: DetectorMeta = {
  id: 'connection-leak',
  title: 'A connection that does not come back',
  why: 'Each one that is lost leaves one fewer for all others, until requests wait for good.',
  threshold:
    'What `pool.leakAfter` of the config says: a connection that was not given back after that long, in two requests.',
  about: 'pool',
  elsewhere: true,
}

export const connectionLeak: Detector = {
  meta,
  detect,
  isConfirmed: isInSeveral,
  describe,
  fixes: () => [giveBackFix],
  remedy: unpredicted(
    'It costs its own request nothing. What others wait for the connection that is lost is told with it: that goes, but how many would be lost until then is not known.',
  ),
  inShort: () => 'a connection that does not come back',
}

/**
 * Finds what `pool.leakAfter` reported, with the place that borrowed it. It costs its own request nothing:
 * what others wait for it is added by `withPools`.
 */
function detect(trace: Trace): readonly Occurrence[] {
  const leaks = trace.spans.filter(({ attributes }) => attributes['hotpath.leak'] === 'connection')
  if (leaks.length === 0) return []
  const requests = requestsOf(trace)
  const byPool = new Map<TraceSpan, Map<string, TraceSpan[]>>()
  for (const leak of leaks) {
    const request = requests.get(leak)
    if (request === undefined) continue
    const pools = byPool.get(request) ?? new Map<string, TraceSpan[]>()
    byPool.set(request, pools)
    add(pools, String(leak.attributes['db.client.connection.pool.name'] ?? 'the database'), leak)
  }
  return [...byPool].flatMap(([request, pools]) =>
    [...pools].map(([pool, calls]) => {
      const where = calls.map(callSite).find(site => site !== undefined)
      return {
        ...occurrenceIn(meta.id, trace, request, pool),
        ...(where ? { where } : {}),
        calls,
        order: 'sequential' as const,
        takenNs: 0,
      }
    }),
  )
}

function describe({ occurrences, typical }: Told): Description {
  const ms = occurrences.flatMap(({ calls }) => calls.map(({ durationNs }) => durationNs / 1e6))
  return [
    'A connection that does not come back',
    [
      `A connection of ${typical.subject} is borrowed here and was not given back after ${duration(median(ms))}.`,
    ],
  ]
}
