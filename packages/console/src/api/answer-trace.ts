import { idOf } from '../diagnose/findings.js'
import { seenIn } from '../diagnose/seen.js'
import type { Occurrence } from '../diagnose/occurrence.js'
import { ConsoleError } from '../errors.js'
import { assemble } from '../intake/assemble.js'
import { type Finding, routeOf, type Trace } from '../model.js'
import type { Store } from '../store/store.js'
import { findIn } from './answer-findings.js'
import type { TraceAnswer, TraceHead } from './answers.js'
import { gapsOf } from './gaps.js'
import { checkPrefix, onlyMatch } from './prefix.js'
import { traceRows } from './trace-rows.js'
import { verdictOf } from './verdict.js'
import { allowOnly } from './window.js'

/** Enough to say which ids a prefix may mean. */
const fewIds = 100
/** Findings are confirmed with what was recorded this long before and after the trace. */
const aroundMs = 15 * 60e3

/** One trace as a waterfall, by its id or the first digits of it. */
export async function trace(
  store: Store,
  id: string,
  query: URLSearchParams,
): Promise<TraceAnswer> {
  allowOnly(query, ['expand'])
  const whole = await readTrace(store, id)
  const { rows, left } = traceRows(whole, query.get('expand') === '1')
  const shown = await findingsIn(store, whole)
  const dropped = whole.spans.reduce((sum, { attributes }) => {
    const n = attributes['hotpath.dropped.spans']
    return sum + (typeof n === 'number' ? n : 0)
  }, 0)
  return {
    ...headOf(whole),
    services: whole.services,
    verdict: verdictOf(rows, whole.durationNs, shown, isHit(whole)),
    rows,
    gaps: gapsOf(whole),
    findings: shown.map(({ finding: { id, title } }) => ({ id, title })),
    problems: [
      ...whole.problems,
      ...(dropped > 0 ? [`${dropped} spans more were not kept: the trace had over 5,000.`] : []),
      ...(left > 0 ? [`${left} rows more are not shown.`] : []),
    ],
    notes: whole.notes,
  }
}

const isHit = ({ roots: [root] }: Trace): boolean =>
  root?.kind === 'server' && root.attributes['hotpath.cache'] === 'hit'

/** The trace with this id, or with the one id that begins so. Throws when there is none. */
export async function readTrace(store: Store, id: string): Promise<Trace> {
  const traceId = await wholeId(store, checkPrefix(id, 32))
  const spans = traceId === undefined ? [] : await store.spans(traceId)
  if (spans.length === 0) throw new ConsoleError('TRACE_UNKNOWN', { id })
  return assemble(spans)
}

export function headOf({ traceId, startNs, durationNs, roots, spans }: Trace): TraceHead {
  const [root] = roots
  const statusCode = root?.attributes['http.response.status_code']
  return {
    traceId,
    route: root ? routeOf(root.attributes, root.name) : '',
    startMs: Number(startNs / 1_000n) / 1e3,
    durationNs,
    statusCode: typeof statusCode === 'number' ? statusCode : null,
    spans: spans.length,
  }
}

async function wholeId(store: Store, prefix: string): Promise<string | undefined> {
  if (prefix.length === 32) return prefix
  return onlyMatch(prefix, await store.traceIds(prefix, fewIds))
}

/** The confirmed findings of the time around a trace that the trace shows itself. */
async function findingsIn(
  store: Store,
  whole: Trace,
): Promise<{ finding: Finding; occurrence: Occurrence }[]> {
  const occurrences = new Map<string, Occurrence>()
  for (const occurrence of seenIn(whole).occurrences) {
    const id = idOf(occurrence)
    const known = occurrences.get(id)
    if (!known || known.takenNs < occurrence.takenNs) occurrences.set(id, occurrence)
  }
  if (occurrences.size === 0) return []
  const startMs = Number(whole.startNs / 1_000_000n)
  const around = { sinceMs: Math.max(0, startMs - aroundMs), untilMs: startMs + aroundMs }
  const { findings } = await findIn(store, around)
  return findings.flatMap(finding => {
    const occurrence = occurrences.get(finding.id)
    return occurrence ? [{ finding, occurrence }] : []
  })
}
