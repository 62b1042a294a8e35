import type { Finding, FindingKind } from '../model.js'

/** What is known of a finding beyond the window in which it shows. */
export interface FindingRecord {
  readonly id: string
  readonly kind: FindingKind
  readonly service: string
  readonly route: string
  readonly subject: string
  readonly title: string
  readonly status: 'open' | 'fixed' | 'regressed'
  /** When it came into this status. */
  readonly sinceMs: number
  readonly firstMs: number
  readonly lastSeenMs: number
  /** Requests of its route since it showed last. */
  readonly unseen: number
  /** How often it came back. */
  readonly returns: number
}

/**
 * So many requests of its route without it, and it is fixed: a loop that shows in one of twenty would have
 * shown with a probability of 99.4 %.
 */
export const enoughUnseen = 100
/** The longest fixed go first. */
const mostRecords = 1_000

/**
 * The records after another look. Who is seen is open, or has regressed if it was fixed; who is not, over
 * enough requests of its route, is fixed. Requests that did not come say nothing. Pure.
 *
 * @param requests Of each service and route since the last look, by `routeKey`.
 */
export function advance(
  records: readonly FindingRecord[],
  seen: readonly Finding[],
  requests: ReadonlyMap<string, number>,
  nowMs: number,
): FindingRecord[] {
  const known = new Map(records.map(record => [record.id, record]))
  const here = new Set(seen.map(({ id }) => id))
  const after = [
    ...seen.map(finding => showing(finding, known.get(finding.id), nowMs)),
    ...records.filter(({ id }) => !here.has(id)).map(record => absent(record, requests, nowMs)),
  ]
  if (after.length <= mostRecords) return after
  return after.sort((a, b) => b.lastSeenMs - a.lastSeenMs).slice(0, mostRecords)
}

export const routeKey = (service: string, route: string): string => `${service}\0${route}`

function showing(finding: Finding, known: FindingRecord | undefined, nowMs: number): FindingRecord {
  const { id, kind, service, route, subject, title } = finding
  const own = { id, kind, service, route, subject, title, lastSeenMs: nowMs, unseen: 0 }
  if (known === undefined)
    return { ...own, status: 'open', sinceMs: nowMs, firstMs: nowMs, returns: 0 }
  if (known.status !== 'fixed') return { ...known, ...own }
  return { ...known, ...own, status: 'regressed', sinceMs: nowMs, returns: known.returns + 1 }
}

function absent(
  record: FindingRecord,
  requests: ReadonlyMap<string, number>,
  nowMs: number,
): FindingRecord {
  if (record.status === 'fixed') return record
  const came = requests.get(routeKey(record.service, record.route)) ?? 0
  const unseen = record.unseen + came
  return unseen < enoughUnseen
    ? { ...record, unseen }
    : { ...record, unseen, status: 'fixed', sinceMs: nowMs }
}
