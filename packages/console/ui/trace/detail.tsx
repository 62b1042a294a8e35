import type { TraceAnswer, TraceRowSpan } from '../../src/api/answers.js'
import { Distribution } from '../draw/distribution.js'
import { change } from '../place/place.js'
import { Copy } from '../say/copy.js'
import { count, ofNs, percent } from '../say/figures.js'
import { Sql } from '../say/sql.js'
import { Attributes } from './attributes.js'
import { categories } from './legend.js'
import type { Line } from './waterfall-rows.js'

/** The span or loop that is looked at: what ran, for how long, where in the code. On a phone a sheet. */
export function Detail({ answer, line, open }: { answer: TraceAnswer; line: Line; open: boolean }) {
  const { row } = line
  const { attributes, folded, where } = row
  const sql = attributes['db.query.text']
  const place = where === undefined ? undefined : `${where.file}:${where.line}`
  return (
    <aside
      class={`card detail ${open ? 'open' : ''}`}
      aria-label="Details of the span"
      aria-live="polite"
    >
      <div class="part">
        <div class="detail-head">
          {folded !== undefined && <span class="times">×{count(folded.count)}</span>}
          <h2 class="cut" title={row.name}>
            {line.kind === 'call' ? `${row.name}, call ${count(line.n)}` : row.name}
          </h2>
          <span class="grow" />
          {typeof sql === 'string' && <Copy text={sql} label="Copy SQL" />}
          <button class="button quiet sheet-only" onClick={() => change({ span: null })}>
            Close
          </button>
        </div>
        <p class="muted small">
          <i class={`swatch fill-${row.category}`} />
          {categories[row.category]} · {row.service}
        </p>
        {typeof sql === 'string' && <Sql text={sql} />}
      </div>
      <div class="part">
        <Figures answer={answer} line={line} />
        {folded !== undefined && folded.calls.length > 1 && (
          <Distribution durations={folded.calls.map(([, ns]) => ns)} fill={`--${row.category}`} />
        )}
      </div>
      {place !== undefined && (
        <div class="part">
          <div class="detail-head">
            <h2>Where</h2>
            <span class="grow" />
            <Copy text={place} />
          </div>
          <p>
            <code class="strong">{place}</code>
            {where?.function !== undefined && <span class="muted"> in {where.function}</span>}
          </p>
        </div>
      )}
      <div class="part">
        <Attributes attributes={attributes} spanId={row.spanId} />
      </div>
    </aside>
  )
}

function Figures({ answer, line }: { answer: TraceAnswer; line: Line }) {
  const { row } = line
  const { folded } = row
  const whole = Math.max(1, answer.durationNs)
  const ns = line.kind === 'call' ? line.durationNs : row.durationNs
  const offset = line.kind === 'call' ? line.offsetNs : row.offsetNs
  return (
    <dl class="facts">
      {folded !== undefined && line.kind === 'span' ? (
        <>
          <dt>Together</dt>
          <dd>
            <b>{ofNs(folded.sumNs)}</b>
            {folded.order === 'sequential'
              ? `, ${percent(Math.min(1, folded.sumNs / whole))} of the trace`
              : ` within ${ofNs(ns)}, ${percent(ns / whole)} of the trace`}
          </dd>
          <dt>Each</dt>
          <dd>
            p50 {ofNs(folded.p50Ns)} · max {ofNs(folded.maxNs)}
          </dd>
          <dt>Order</dt>
          <dd>{folded.order === 'sequential' ? 'one after another' : 'several at a time'}</dd>
        </>
      ) : (
        <>
          <dt>Duration</dt>
          <dd>
            <b>{ofNs(ns)}</b>, {percent(ns / whole)} of the trace
          </dd>
        </>
      )}
      <dt>Begins at</dt>
      <dd>{offset === 0 ? '0' : ofNs(offset)}</dd>
      {line.kind === 'span' && (
        <>
          <dt>Self</dt>
          <dd>{ofNs(row.selfNs)}</dd>
          <dt>Critical path</dt>
          <dd>{critical(row, whole)}</dd>
        </>
      )}
    </dl>
  )
}

function critical({ critical, criticalNs }: TraceRowSpan, whole: number): string {
  if (!critical) return 'off it: the trace did not wait for this'
  return `${ofNs(criticalNs)}, ${percent(criticalNs / whole)} of the trace`
}
