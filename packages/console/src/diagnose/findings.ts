import { createHash } from 'node:crypto'
import { type Cost, type Finding, type FindingKind, routeOf, type TraceSpan } from '../model.js'
import { describeOccurrences } from './describe.js'
import { detectorOf } from './detectors.js'
import { type Counted, coursesOf, type Material } from './material.js'
import { add, type Occurrence, oncePerRequest, type Weighed } from './occurrence.js'
import { seenIn } from './seen.js'
import { median } from './timing.js'

/** What takes less of its request is not worth reading about. */
const leastShare = 0.01

/** How what was seen becomes a finding; for a window of traffic, whatever several requests confirm. */
export interface Judging {
  /** These alone. */
  readonly kinds: ReadonlySet<FindingKind>
  /** One request that shows it is enough, however little of its time that takes. */
  readonly once: true
}

/** A finding with what it was made from. */
export interface Found {
  readonly finding: Finding
  readonly weighed: Weighed
}

/**
 * The bottlenecks in what was recorded, the dearest first. Depends on the material alone: equal
 * material, equal findings, with equal ids.
 *
 * @example
 * findings({ traces, routes, statements })[0]?.title // '1,000 queries in a loop'
 */
export function findings(material: Material, judging?: Judging): Finding[] {
  return found(material, judging).map(({ finding }) => finding)
}

/** The same, each with the requests that show it. */
export function found(material: Material, judging?: Judging): Found[] {
  const requests = new Map<string, TraceSpan[]>()
  const bySubject = new Map<string, Occurrence[]>()
  for (const seen of material.traces.map(seenIn)) {
    for (const span of seen.requests) add(requests, routeKey(span.service, routeName(span)), span)
    for (const occurrence of seen.occurrences) add(bySubject, subjectOf(occurrence), occurrence)
  }
  const courses = coursesOf(material)
  const all = [...bySubject.values()]
    .flatMap(same => {
      const occurrences = oncePerRequest(same)
      const [first] = occurrences
      if (!first) return []
      const sampled = requests.get(routeKey(first.service, first.route)) ?? []
      const weighed = { occurrences, sampled, courses }
      if (judging !== undefined)
        return judging.kinds.has(first.kind)
          ? [{ finding: findingOf(weighed, material.routes), weighed }]
          : []
      if (!detectorOf(first.kind).isConfirmed(weighed)) return []
      const finding = findingOf(weighed, material.routes)
      const { elsewhere = false } = detectorOf(first.kind).meta
      return finding.cost.share < leastShare && !elsewhere ? [] : [{ finding, weighed }]
    })
    .sort(
      (a, b) =>
        b.finding.cost.totalMs - a.finding.cost.totalMs || (a.finding.id < b.finding.id ? -1 : 1),
    )
  return oncePerService(all)
}

/** Of what one remedy mends in all routes of a service, the dearest, which names the others. */
function oncePerService(all: readonly Found[]): Found[] {
  const isJoined = ({ kind }: Finding): boolean => detectorOf(kind).meta.ofService === true
  return all.flatMap(one => {
    const { finding } = one
    if (!isJoined(finding)) return [one]
    const same = all.filter(
      other => other.finding.kind === finding.kind && other.finding.service === finding.service,
    )
    if (same[0] !== one) return []
    const routes = same.slice(1).map(other => other.finding.route)
    if (routes.length === 0) return [one]
    const more = `So are ${routes.slice(0, 5).join(', ')}${routes.length > 5 ? ` and ${routes.length - 5} more` : ''}.`
    const { evidence } = finding
    const sentences = [...evidence.sentences, more]
    return [{ ...one, finding: { ...finding, evidence: { ...evidence, sentences } } }]
  })
}

/** 8 hexadecimal digits, the same in each run, from what the finding is about. */
export function idOf(occurrence: Occurrence): string {
  const { kind, service, subject } = occurrence
  // Which of its routes is the dearest changes by the minute, and it is one finding all the same.
  if (detectorOf(kind).meta.ofService) return idFor(kind, service, '', subject)
  return digits(subjectOf(occurrence))
}

/** The same of what no single request shows. */
export function idFor(kind: FindingKind, service: string, route: string, subject: string): string {
  return digits(JSON.stringify([kind, service, route, subject]))
}

const digits = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8)

/** What an occurrence is one of. */
const subjectOf = ({ kind, service, route, subject }: Occurrence): string =>
  JSON.stringify([kind, service, route, subject])

function findingOf(weighed: Weighed, routes: readonly Counted[]): Finding {
  const { occurrences, sampled } = weighed
  const [first] = [...occurrences].sort((a, b) => b.calls.length - a.calls.length)
  if (!first) throw new Error('a finding without an occurrence')
  const share = median(occurrences.map(shareOf))
  const told = [...occurrences].sort((a, b) => b.takenNs - a.takenNs)
  const isTold = told.filter(occurrence => occurrence.where)
  const { where } = isTold.find(({ isCause }) => isCause) ?? isTold[0] ?? first
  const detector = detectorOf(first.kind)
  const showing = occurrences.length / Math.max(1, sampled.length)
  const all = allOf(first, routes)
  return {
    id: idOf(first),
    kind: first.kind,
    about: detector.meta.about,
    service: first.service,
    route: first.route,
    subject: first.subject,
    ...describeOccurrences(detector, weighed),
    ...(where ? { where } : {}),
    cost: costOf(occurrences, share, showing, all),
    fixes: detector.fixes(first),
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
