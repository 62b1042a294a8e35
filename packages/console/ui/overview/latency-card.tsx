import type { TimelineAnswer } from '../../src/api/answers.js'
import type { Asked } from '../ask/use-answer.js'
import type { Brush } from '../draw/heat.js'
import { Heatmap } from '../draw/heatmap.js'
import { sinceWords } from '../draw/since-first.js'
import { go, linkTo } from '../place/place.js'
import { Panel } from '../state/states.js'

/** The heatmap of the window; a part of it that is dragged over opens as a list of traces. */
export function LatencyCard({ asked, route }: { asked: Asked<TimelineAnswer>; route?: string }) {
  const begins = asked.answer === undefined ? '' : sinceWords(asked.answer)
  return (
    <section class="card" aria-label="Latency">
      <div class="head">
        <h2>Latency</h2>
        <span class="muted">{route ?? 'all routes'}, every request counted</span>
      </div>
      <Panel asked={asked} rows={5}>
        {answer => (
          <Heatmap
            answer={answer}
            onBrush={brush => go(linkTo('/traces', { route, ...paramsOf(brush) }))}
          />
        )}
      </Panel>
      {asked.answer !== undefined && (
        <p class="foot muted small">
          Drag over a part of it to see the requests that it holds. {begins}
        </p>
      )}
    </section>
  )
}

/** A part of the heatmap, as the parameters of the view of traces. */
export function paramsOf(brush: Brush): Record<string, string | null> {
  return {
    from: new Date(brush.fromMs).toISOString(),
    to: new Date(brush.toMs).toISOString(),
    min: brush.minMs >= 1 ? String(Math.floor(brush.minMs)) : null,
    max: brush.maxMs === null ? null : String(Math.ceil(brush.maxMs)),
  }
}
