import type { FindingAnswer, FindingsAnswer, PastFinding } from '../api/answers.js'
import { oneOf } from '../api/answer-findings.js'
import type { Finding, Standing } from '../model.js'
import { ignoredBy, type Ignoring } from './ignored.js'
import type { FindingRecord } from './records.js'

/** Fixed findings that an answer lists, the latest first. */
const mostPast = 20

/** What is known of findings beyond the window that was asked for. */
export interface Known {
  readonly records: readonly FindingRecord[]
  readonly ignoring: Ignoring
  readonly nowMs: number
}

/** An answer to `findings`, with how each finding stands; those that are ignored stand apart, with what is fixed. */
export function toldOfAll(answer: FindingsAnswer, known: Known): FindingsAnswer {
  const told = standingsOf(answer, known)
  const shows = new Set(
    told.filter(({ status }) => status === 'open' || status === 'regressed').map(({ id }) => id),
  )
  const past = known.records
    .filter(({ id, status, service }) => {
      return status === 'fixed' && !shows.has(id) && (answer.service ?? service) === service
    })
    .sort((a, b) => b.sinceMs - a.sinceMs)
    .slice(0, mostPast)
  return {
    ...answer,
    findings: told.filter(({ id }) => shows.has(id)),
    ignored: told.filter(({ status }) => status === 'ignored'),
    fixed: past.map(record =>
      pastOf(
        record,
        told.some(({ id }) => id === record.id),
      ),
    ),
  }
}

/** An answer to `findings/ID`, made from that to `findings`. Throws a `ConsoleError` for an unknown id. */
export function toldOfOne(answer: FindingsAnswer, id: string, known: Known): FindingAnswer {
  const told = standingsOf(answer, known)
  const listed = told.filter(({ status }) => status === 'open' || status === 'regressed')
  const apart = told.filter(finding => !listed.includes(finding))
  return oneOf({ ...answer, findings: listed }, id, apart)
}

const standingsOf = (answer: FindingsAnswer, known: Known): Finding[] =>
  answer.findings.map(finding => standing(finding, answer.sinceMs, known))

function standing(finding: Finding, sinceMs: number, known: Known): Finding {
  const ignored = ignoredBy(finding, known.ignoring, known.nowMs)
  const record = known.records.find(({ id }) => id === finding.id)
  const history = record === undefined ? {} : { history: record.history }
  if (ignored?.reason !== undefined)
    return { ...finding, status: 'ignored', standing: { ...ignored, ...history } }
  const status = record === undefined ? 'open' : statusOf(record, sinceMs)
  const more: Standing = {
    ...(ignored?.note === undefined ? {} : { note: ignored.note }),
    ...timesOf(record, status),
    ...history,
  }
  return { ...finding, status, ...(Object.keys(more).length === 0 ? {} : { standing: more }) }
}

/** When one came back that no look has seen yet is not known. */
function timesOf(record: FindingRecord | undefined, status: Finding['status']): Standing {
  if (record === undefined) return {}
  const { sinceMs, returns } = record
  return status === 'regressed' && record.status === 'fixed' ? { returns } : { sinceMs, returns }
}

/**
 * What is fixed shows in a window that begins before it was. In one that begins after it was seen last, it
 * has come back, and the next look will say so.
 */
function statusOf({ status, lastSeenMs }: FindingRecord, sinceMs: number): Finding['status'] {
  if (status !== 'fixed') return status
  return sinceMs < lastSeenMs ? 'fixed' : 'regressed'
}

function pastOf(record: FindingRecord, shows: boolean): PastFinding {
  const { id, kind, service, route, subject, title, sinceMs, unseen, history } = record
  const requests = Math.round(unseen)
  return { id, kind, service, route, subject, title, fixedMs: sinceMs, shows, requests, history }
}
