import type { Finding, FindingKind, StandingEvent } from '../model.js'

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
  /** Of these, those whose traces were looked at. */
  readonly looked: number
  /** How often it came back. */
  readonly returns: number
  /** Why it is ignored, as of the last time that it showed. */
  readonly ignored?: string
  /** What became of it, the oldest first; `mostEvents` at most. */
  readonly history: readonly StandingEvent[]
}

/** What a look at the traffic showed. */
export interface Look {
  readonly seen: readonly Finding[]
  /** Since the last look, of each service and route, by `routeKey`. */
  readonly traffic: ReadonlyMap<string, Traffic>
  /** Why findings that were seen are ignored, by their ids. */
  readonly ignored?: ReadonlyMap<string, string>
  /** The version that each service runs, where its processes say so. */
  readonly versions?: ReadonlyMap<string, string>
}

export interface Traffic {
  /** Requests that were counted. */
  readonly requests: number
  /** Those whose traces were looked at: in the others nothing can have been seen. */
  readonly looked: number
}

/**
 * So many requests of its route without it, and it is fixed: a loop that shows in one of twenty would have
 * shown with a probability of 99.4 % ...
 */
export const enoughUnseen = 100
/** ... had all of them been looked at. With so many that were, one that shows in one of seven would have: 95 %. */
export const enoughLooked = 20
/** Those that were not seen for the longest time go first. */
const mostRecords = 1_000
/** The first one stays; of the others the latest. */
const mostEvents = 20

/**
 * The records after another look. Who is seen is open, or has regressed if it was fixed; who is not, over
 * enough requests of its route, is fixed. Requests that did not come, or of which no trace was looked at,
 * say nothing. Pure.
 */
export function advance(
  records: readonly FindingRecord[],
  look: Look,
  nowMs: number,
): FindingRecord[] {
  const known = new Map(records.map(record => [record.id, record]))
  const here = new Set(look.seen.map(({ id }) => id))
  const after = [
    ...look.seen.map(finding => showing(finding, known.get(finding.id), look, nowMs)),
    ...records.filter(({ id }) => !here.has(id)).map(record => absent(record, look, nowMs)),
  ]
  if (after.length <= mostRecords) return after
  return after.sort((a, b) => b.lastSeenMs - a.lastSeenMs).slice(0, mostRecords)
}

export const routeKey = (service: string, route: string): string => `${service}\0${route}`

function showing(
  finding: Finding,
  known: FindingRecord | undefined,
  look: Look,
  nowMs: number,
): FindingRecord {
  const { id, kind, service, route, subject, title } = finding
  const own = { id, kind, service, route, subject, title, lastSeenMs: nowMs, unseen: 0, looked: 0 }
  const opened = known ?? {
    status: 'open',
    sinceMs: nowMs,
    firstMs: nowMs,
    returns: 0,
    history: [],
  }
  const record: FindingRecord = { ...opened, ...own }
  const version = look.versions?.get(service)
  const told = (before: FindingRecord, what: StandingEvent['what']): FindingRecord =>
    withEvent(before, { atMs: nowMs, what, ...(version === undefined ? {} : { version }) })
  if (known === undefined) return ignoring(told(record, 'opened'), look, nowMs)
  if (known.status !== 'fixed') return ignoring(record, look, nowMs)
  const back = {
    ...record,
    status: 'regressed',
    sinceMs: nowMs,
    returns: known.returns + 1,
  } as const
  return ignoring(told(back, 'regressed'), look, nowMs)
}

/** The same with what changed of its being ignored. */
function ignoring(record: FindingRecord, { ignored }: Look, nowMs: number): FindingRecord {
  const reason = ignored?.get(record.id)
  if (reason === record.ignored) return record
  const { ignored: _before, ...rest } = record
  if (reason === undefined) return withEvent(rest, { atMs: nowMs, what: 'no longer ignored' })
  return withEvent({ ...rest, ignored: reason }, { atMs: nowMs, what: 'ignored', reason })
}

function absent(record: FindingRecord, look: Look, nowMs: number): FindingRecord {
  if (record.status === 'fixed') return record
  const { service, route } = record
  const came = look.traffic.get(routeKey(service, route)) ?? { requests: 0, looked: 0 }
  const unseen = record.unseen + came.requests
  const looked = record.looked + came.looked
  const still = { ...record, unseen, looked }
  if (unseen < enoughUnseen || looked < enoughLooked) return still
  const version = look.versions?.get(service)
  return withEvent(
    { ...still, status: 'fixed', sinceMs: nowMs },
    { atMs: nowMs, what: 'fixed', ...(version === undefined ? {} : { version }) },
  )
}

function withEvent(record: FindingRecord, event: StandingEvent): FindingRecord {
  const { history } = record
  const kept = history.length < mostEvents ? history : [...history.slice(0, 1), ...history.slice(2)]
  return { ...record, history: [...kept, event] }
}
