import { useMemo } from 'preact/hooks'
import type { TraceAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { useKeys } from '../keys/keys.js'
import { change, type Place } from '../place/place.js'
import { copyText } from '../say/copy.js'
import { Panel } from '../state/states.js'
import { Detail } from './detail.js'
import { foldsOf, setCalls, setClosed, setZoom, zoomOf } from './folds.js'
import { TraceComing } from './trace-coming.js'
import { TraceHead } from './trace-head.js'
import { Verdict } from './verdict.js'
import { Waterfall } from './waterfall.js'
import { callsAtATime, linesOf } from './waterfall-rows.js'

/** One trace: where its time went in one sentence, the waterfall, and the span that is looked at. */
export function TracePage({ place, id }: { place: Place; id: string }) {
  const expand = place.params.get('expand') === '1'
  const asked = useAnswer<TraceAnswer>(`traces/${id}${expand ? '?expand=1' : ''}`, null)
  // No Panel of its own skeleton: what a list knows of the trace is shown while it is on its way.
  if (asked.answer === undefined && asked.error === undefined) return <TraceComing id={id} />
  return (
    <Panel asked={asked} rows={12}>
      {answer => <Shown answer={answer} place={place} />}
    </Panel>
  )
}

function Shown({ answer, place }: { answer: TraceAnswer; place: Place }) {
  const { params } = place
  const folds = foldsOf(place)
  const search = params.toString()
  const lines = useMemo(() => linesOf(answer.rows, folds), [answer, search])
  const zoom = zoomOf(place, answer.durationNs)
  const chosen = params.get('span')
  const line =
    lines.find(({ key }) => key === chosen) ??
    lines.find(one => one.kind === 'span' && one.row.spanId === heaviestOf(answer)) ??
    lines[0]
  const at = line === undefined ? -1 : lines.indexOf(line)
  const choose = (i: number): void => {
    const next = lines[Math.max(0, Math.min(lines.length - 1, i))]
    if (next !== undefined) change({ span: next.key })
  }
  const [finding] = answer.findings
  useKeys({
    j: () => choose(at + 1),
    k: () => choose(at - 1),
    ArrowDown: () => choose(at + 1),
    ArrowUp: () => choose(at - 1),
    Home: () => choose(0),
    End: () => choose(lines.length - 1),
    ArrowRight: () => {
      if (line?.kind === 'more') setCalls(folds, line.row.spanId, line.shown + callsAtATime)
      if (line?.kind !== 'span') return
      if (line.closed) setClosed(folds, line.key, false)
      else if (line.row.folded && !folds.opened.has(line.key))
        setCalls(folds, line.key, callsAtATime)
      else choose(at + 1)
    },
    ArrowLeft: () => {
      if (line === undefined) return
      if (folds.opened.has(line.row.spanId)) {
        setCalls(folds, line.row.spanId, 0)
        change({ span: line.row.spanId })
      } else if (line.kind === 'span' && line.parent && !line.closed)
        setClosed(folds, line.key, true)
      else choose(lines.findLastIndex((one, i) => i < at && one.depth < line.depth))
    },
    p: () => change({ critical: folds.criticalOnly ? null : '1' }),
    e: () => change({ expand: params.get('expand') === '1' ? null : '1', calls: null }),
    z: () => {
      if (line === undefined || line.kind === 'more') return
      const span = line.kind === 'call' ? line : line.row
      const room = Math.max(1_000, span.durationNs * 0.05)
      const zoomed = params.has('z')
      setZoom(
        zoomed
          ? null
          : { from: Math.max(0, span.offsetNs - room), to: span.offsetNs + span.durationNs + room },
      )
    },
    f: finding && (() => change({ fix: finding.id }, 'push')),
    c: () => {
      const sql = line?.row.attributes['db.query.text']
      void copyText(typeof sql === 'string' ? sql : `npx hotpath trace ${answer.traceId}`)
    },
    '/': () => document.getElementById('find-in-trace')?.focus(),
    ...(params.has('z') || params.has('q') ? { Escape: () => change({ z: null, q: null }) } : {}),
  })
  return (
    <>
      <TraceHead answer={answer} place={place} />
      <Verdict answer={answer} />
      <div class="trace-cols">
        <Waterfall answer={answer} lines={lines} at={at} zoom={zoom} folds={folds} place={place} />
        {line !== undefined && <Detail answer={answer} line={line} open={chosen !== null} />}
      </div>
    </>
  )
}

/** The row that the trace waited for most: what is looked at first. */
function heaviestOf({ rows }: TraceAnswer): string | undefined {
  let most = rows[0]
  for (const row of rows) if (row.criticalNs > (most?.criticalNs ?? 0)) most = row
  return most?.spanId
}
