import type { FindingAnswer, FindingsAnswer, RoutesAnswer } from '../api/answers.js'
import type { Finding } from '../model.js'
import type { Ask } from './tools.js'

/** So many requests of a route in which a loop does not show say that it is gone: as a percentile needs them. */
export const enoughRequests = 20

/** A detector takes one request of one, and two of several, for enough. Of so many a trace must have been looked at. */
const leastLooked = 5

/** How far back a finding is looked for, before the change. */
const before = '1d'

/** What became of a finding since a change. */
export interface Verified {
  readonly verdict: 'gone' | 'still there' | 'too early to say'
  readonly sentence: string
  readonly route: string
  /** Requests of its route since the change, and how many are enough to say so. */
  readonly requests: number
  readonly needed: number
  readonly before: Finding
  /** As it is now; null when it does not show. */
  readonly now: Finding | null
}

/** The finding in an answer, also where it is ignored, or was fixed in its window: it shows all the same. */
async function showing(
  ask: Ask,
  id: string,
  { findings, ignored = [], fixed = [], sinceMs, untilMs }: FindingsAnswer,
  service: Record<string, string>,
): Promise<Finding | null> {
  const listed = [...findings, ...ignored].find(finding => finding.id === id)
  if (listed !== undefined) return listed
  if (!fixed.some(past => past.id === id && past.shows)) return null
  const window = {
    since: new Date(sinceMs).toISOString(),
    until: new Date(untilMs).toISOString(),
  }
  return (await ask<FindingAnswer>(`findings/${id}`, { ...window, ...service })).finding
}

/**
 * Compares a finding with what was recorded since a time. Its absence alone says nothing: only after enough
 * requests of its route it is gone.
 */
export async function verify(
  ask: Ask,
  id: string,
  since: string,
  needed: number,
  service: Record<string, string>,
): Promise<Verified> {
  const now = await ask<FindingsAnswer>('findings', { since, ...service })
  const atMs = now.sinceMs
  const until = new Date(atMs).toISOString()
  const path = `findings/${encodeURIComponent(id)}`
  const { finding: known } = await ask<FindingAnswer>(path, { since: before, until, ...service })
  const { routes } = await ask<RoutesAnswer>('routes', {
    since: until,
    until: new Date(now.untilMs).toISOString(),
    ...service,
  })
  const requests = routes
    .filter(({ route, service }) => route === known.route && service === known.service)
    .reduce((sum, { count }) => sum + Math.round(count), 0)
  const still = await showing(ask, known.id, now, service)
  const looked = now.looked
    .filter(({ route, service }) => route === known.route && service === known.service)
    .reduce((sum, { requests }) => sum + requests, 0)
  const facts = { route: known.route, requests, needed, before: known, now: still }
  if (still !== null) {
    // A comment that hides it mends nothing.
    const hidden = still.status === 'ignored' ? ' It is ignored, and that mends nothing.' : ''
    const sentence =
      still.about === 'index'
        ? `The index was there when the database was asked last, which is every ten minutes.${hidden}`
        : `It shows in requests since ${until}.${hidden}`
    return { ...facts, verdict: 'still there', sentence }
  }
  if (requests >= needed && looked < Math.min(needed, leastLooked))
    return {
      ...facts,
      verdict: 'too early to say',
      sentence: `${requests} requests came since ${until}, but only of ${looked} a trace was looked at: what was not looked at says nothing. Ask again later.`,
    }
  if (requests >= needed)
    return {
      ...facts,
      verdict: 'gone',
      sentence: `It does not show in ${requests} requests since ${until}.`,
    }
  return {
    ...facts,
    verdict: 'too early to say',
    sentence: `It does not show, but only ${requests} of ${needed} requests came since ${until}. Send more, and ask again.`,
  }
}
