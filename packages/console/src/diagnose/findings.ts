import { createHash } from 'node:crypto'
import { type Cost, type Finding, routeOf, type TraceSpan } from '../model.js'
import { describeOccurrences } from './describe.js'
import { fixesFor } from './fixes.js'
import { type Counted, type Courses, coursesOf, type Material } from './material.js'
import { add, type Occurrence, oncePerRequest } from './occurrence.js'
import { seenIn, statementKey } from './seen.js'
import { isSlow } from './slow-statement.js'
import { median, rowsOf } from './timing.js'

/** What takes less of its request is not worth reading about. */
const leastShare = 0.01

/**
 * The bottlenecks in what was recorded, the dearest first. Depends on the material alone: equal
 * material, equal findings, with equal ids.
 *
 * @example
 * findings({ traces, routes, statements })[0]?.title // '1,000 queries in a loop'
 */
export function findings(material: Material): Finding[] {
  const requests = new Map<string, TraceSpan[]>()
  const found = new Map<string, Occurrence[]>()
  for (const seen of material.traces.map(seenIn)) {
    for (const span of seen.requests) add(requests, routeKey(span.service, routeName(span)), span)
    for (const occurrence of seen.occurrences) add(found, subjectOf(occurrence), occurrence)
  }
  const courses = coursesOf(material)
  return [...found.values()]
    .flatMap(occurrences => {
      const byRequest = oncePerRequest(occurrences)
      const [first] = byRequest
      if (!first) return []
      const sampled = requests.get(routeKey(first.service, first.route)) ?? []
      if (!isConfirmed(byRequest, sampled, courses)) return []
      const finding = findingOf(byRequest, sampled, material.routes, courses)
      return finding.cost.share < leastShare ? [] : [finding]
    })
    .sort((a, b) => b.cost.totalMs - a.cost.totalMs || (a.id < b.id ? -1 : 1))
}

/** 8 hexadecimal digits, the same in each run, from what the finding is about. */
export function idOf(occurrence: Occurrence): string {
  return createHash('sha256').update(subjectOf(occurrence)).digest('hex').slice(0, 8)
}

/** What an occurrence is one of. */
const subjectOf = ({ kind, service, route, subject }: Occurrence): string =>
  JSON.stringify([kind, service, route, subject])

function findingOf(
  occurrences: readonly Occurrence[],
  sampled: readonly TraceSpan[],
  routes: readonly Counted[],
  courses: Courses,
): Finding {
  const [first] = [...occurrences].sort((a, b) => b.calls.length - a.calls.length)
  if (!first) throw new Error('a finding without an occurrence')
  const share = median(occurrences.map(shareOf))
  const told = [...occurrences].sort((a, b) => b.takenNs - a.takenNs)
  const where = (told.find(occurrence => occurrence.where) ?? first).where
  const course = courses.get(statementKey(first.service, first.subject))
  const showing = occurrences.length / Math.max(1, sampled.length)
  const all = allOf(first, routes)
  return {
    id: idOf(first),
    kind: first.kind,
    service: first.service,
    route: first.route,
    subject: first.subject,
    ...describeOccurrences(occurrences, sampled.length, course),
    ...(where ? { where } : {}),
    cost: costOf(occurrences, share, showing, all),
    fixes: fixesFor(first),
    status: 'open',
  }
}

/**
 * The sampled requests tell the share, and how many show it; the histograms the time of all. Taken from
 * the sample alone, a cost would be that of the slow ones, of which more are kept.
 */
function costOf(
  occurrences: readonly Occurrence[],
  share: number,
  showing: number,
  all: { readonly ms: number; readonly count: number } | undefined,
): Cost {
  if (all === undefined)
    return {
      msPerRequest: median(occurrences.map(({ takenNs }) => takenNs / 1e6)),
      share,
      totalMs: occurrences.reduce((sum, { takenNs }) => sum + takenNs / 1e6, 0),
      counted: null,
    }
  return {
    msPerRequest: (share * all.ms) / Math.max(1, all.count),
    share,
    totalMs: share * showing * all.ms,
    counted: all.count,
  }
}

/** A loop or a repetition is there or not: two requests show it, or the only one. Slowness is weighed. */
function isConfirmed(
  occurrences: readonly Occurrence[],
  sampled: readonly TraceSpan[],
  courses: Courses,
): boolean {
  const several = occurrences.length >= 2 || sampled.length === 1
  const [first] = occurrences
  if (!first || first.kind !== 'slow-statement') return several
  // Requests that were kept because they were slow say little of the others.
  const fair = sampled.filter(span => span.attributes['hotpath.sampled.reason'] !== 'slow')
  const judged = fair.length >= 2 ? new Set(fair) : new Set(sampled)
  const showing = occurrences.filter(({ request }) => judged.has(request)).length
  const course = courses.get(statementKey(first.service, first.subject))
  if (!several || showing * 2 < judged.size || !course) return false
  const others = [...courses].flatMap(([key, other]) =>
    key.startsWith(`${first.service}\u0000`) && other !== course ? [other] : [],
  )
  const rows = median(occurrences.flatMap(({ calls }) => rowsOf(calls)))
  return isSlow(first.reading, course, rows, others)
}

/** All requests of the route; undefined when no histogram counted any. */
function allOf(
  { service, route }: Occurrence,
  routes: readonly Counted[],
): { readonly ms: number; readonly count: number } | undefined {
  const own = routes.filter(
    series => series.service === service && routeOf(series.attributes) === route,
  )
  if (own.length === 0) return undefined
  return {
    ms: own.reduce((sum, { histogram }) => sum + histogram.sum * 1e3, 0),
    count: own.reduce((sum, { histogram }) => sum + histogram.count, 0),
  }
}

function shareOf({ takenNs, request }: Occurrence): number {
  return request.durationNs === 0 ? 0 : Math.min(1, takenNs / request.durationNs)
}

function routeName(span: TraceSpan): string {
  return routeOf(span.attributes, span.name)
}

function routeKey(service: string, route: string): string {
  return `${service}\u0000${route}`
}
