import type { FindingAnswer, FindingsAnswer, PastFinding } from '../api/answers.js'
import type { Finding } from '../model.js'
import { ignoredBy, type Ignoring } from './ignored.js'
import type { FindingRecord } from './records.js'

/** Fixed findings that an answer lists, the latest first. */
const mostPast = 20

/** The same answer to `findings` or `findings/ID`, with how each finding stands. */
export function toldOf(
  path: string,
  made: unknown,
  records: readonly FindingRecord[],
  ignoring: Ignoring,
  nowMs: number,
): unknown {
  return path === 'findings'
    ? toldOfAll(made as FindingsAnswer, records, ignoring, nowMs)
    : toldOfOne(made as FindingAnswer, records, ignoring, nowMs)
}

/** Says of each finding of an answer how it stands; those that are ignored stand apart, with what is fixed. */
export function toldOfAll(
  answer: FindingsAnswer,
  records: readonly FindingRecord[],
  ignoring: Ignoring,
  nowMs: number,
): FindingsAnswer {
  const told = answer.findings.map(finding => standing(finding, records, ignoring, nowMs))
  const past = records
    .filter(({ id, status, service }) => {
      const shows = answer.findings.some(finding => finding.id === id)
      return status === 'fixed' && !shows && (answer.service ?? service) === service
    })
    .sort((a, b) => b.sinceMs - a.sinceMs)
    .slice(0, mostPast)
  return {
    ...answer,
    findings: told.filter(({ status }) => status !== 'ignored'),
    ignored: told.filter(({ status }) => status === 'ignored'),
    fixed: past.map(pastOf),
  }
}

/** The same of one. */
export function toldOfOne(
  answer: FindingAnswer,
  records: readonly FindingRecord[],
  ignoring: Ignoring,
  nowMs: number,
): FindingAnswer {
  return { ...answer, finding: standing(answer.finding, records, ignoring, nowMs) }
}

function standing(
  finding: Finding,
  records: readonly FindingRecord[],
  ignoring: Ignoring,
  nowMs: number,
): Finding {
  const ignored = ignoredBy(finding, ignoring, nowMs)
  if (ignored?.reason !== undefined) return { ...finding, status: 'ignored', standing: ignored }
  const record = records.find(({ id }) => id === finding.id)
  const more = {
    ...(ignored?.note === undefined ? {} : { note: ignored.note }),
    ...(record === undefined ? {} : { sinceMs: record.sinceMs, returns: record.returns }),
  }
  const status = record?.status === 'regressed' ? 'regressed' : 'open'
  return { ...finding, status, ...(Object.keys(more).length === 0 ? {} : { standing: more }) }
}

function pastOf({
  id,
  kind,
  service,
  route,
  subject,
  title,
  sinceMs,
  unseen,
}: FindingRecord): PastFinding {
  return {
    id,
    kind,
    service,
    route,
    subject,
    title,
    fixedMs: sinceMs,
    requests: Math.round(unseen),
  }
}
