import type { FindingsAnswer, RoutesAnswer } from '../api/answers.js'
import { ConsoleError } from '../errors.js'
import type { Finding } from '../model.js'
import type { Ask } from './tools.js'

/** So many requests of a route in which a loop does not show say that it is gone: as a percentile needs them. */
export const enoughRequests = 20

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
  const earlier = await ask<FindingsAnswer>('findings', { since: before, until, ...service })
  const matches = earlier.findings.filter(finding => finding.id.startsWith(id))
  const [known, other] = matches
  if (known === undefined) throw new ConsoleError('FINDING_UNKNOWN', { id })
  if (other !== undefined)
    throw new ConsoleError('ID_AMBIGUOUS', { id, matches: matches.map(one => one.id).join(', ') })
  const { routes } = await ask<RoutesAnswer>('routes', {
    since: until,
    until: new Date(now.untilMs).toISOString(),
    ...service,
  })
  const requests = routes
    .filter(({ route, service }) => route === known.route && service === known.service)
    .reduce((sum, { count }) => sum + Math.round(count), 0)
  const still = now.findings.find(finding => finding.id === known.id) ?? null
  const facts = { route: known.route, requests, needed, before: known, now: still }
  if (still !== null)
    return { ...facts, verdict: 'still there', sentence: `It shows in requests since ${until}.` }
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
