import { useMemo } from 'preact/hooks'
import type { TimelineAnswer } from '../../src/api/answers.js'
import type { Asked } from '../ask/use-answer.js'
import { type Line, Lines } from '../draw/lines.js'
import { sinceFirst, sinceWords } from '../draw/since-first.js'
import { count, counted, duration, orDash, percent, rate } from '../say/figures.js'
import { secondOf } from '../say/times.js'
import { Panel } from '../state/states.js'
import { BehindChart } from '../table/figures-table.js'

/** Rate, errors and latency over time, in three charts that show one moment together. */
export function TimelineCard({ asked, title }: { asked: Asked<TimelineAnswer>; title: string }) {
  return (
    <section class="card over-time" aria-label={`${title} over time`}>
      <Panel asked={asked} rows={6}>
        {answer => <Charts answer={answer} title={title} />}
      </Panel>
    </section>
  )
}

function Charts({ answer: whole, title }: { answer: TimelineAnswer; title: string }) {
  const answer = useMemo(() => sinceFirst(whole), [whole])
  const lines = useMemo(() => linesOf(answer), [answer])
  const begins = sinceWords(whole)
  const total = answer.points.reduce((sum, point) => sum + point.count, 0)
  const errors = answer.points.reduce((sum, point) => sum + point.errors, 0)
  return (
    <>
      <div class="charts">
        <div>
          <div class="head">
            <h2>Rate</h2>
            <span class="muted">{counted(total, 'request')}</span>
          </div>
          <Lines
            name={`Requests a second over time: ${counted(total, 'request')} in all`}
            times={lines.times}
            lines={lines.rate}
            say={rate}
            group="timeline"
          />
        </div>
        <div>
          <div class="head">
            <h2>Errors</h2>
            <span class="muted">
              {errors === 0 ? 'none' : `${count(errors)}, ${percent(errors / Math.max(1, total))}`}
            </span>
          </div>
          <Lines
            name={`Part of requests that failed over time: ${counted(errors, 'error')} in all`}
            times={lines.times}
            lines={lines.errors}
            least={0.01}
            say={percent}
            group="timeline"
          />
        </div>
        <div>
          <div class="head">
            <h2>Latency</h2>
            <span class="muted">{percentilesOf(answer)}</span>
          </div>
          <Lines
            name={`Average, p50, p95 and p99 of ${title} over time`}
            times={lines.times}
            lines={lines.latency}
            say={duration}
            group="timeline"
          />
        </div>
      </div>
      {begins !== '' && <p class="foot muted small">{begins}</p>}
      <BehindChart
        caption="The same in figures"
        titles={['Time', 'Requests', 'Errors', 'Average', 'p50', 'p95', 'p99']}
        rows={() =>
          answer.points.map(point => [
            secondOf(point.startMs),
            count(point.count),
            count(point.errors),
            orDash(point.averageMs),
            orDash(point.p50Ms),
            orDash(point.p95Ms),
            orDash(point.p99Ms),
          ])
        }
      />
    </>
  )
}

/** A percentile needs 20 requests in a step; where most steps have fewer its line is full of gaps. */
function percentilesOf({ points, stepMs }: TimelineAnswer): string {
  const busy = points.filter(({ count }) => count > 0)
  const few = busy.filter(({ p50Ms }) => p50Ms === null)
  if (few.length * 2 <= busy.length) return 'average and percentiles'
  const steps = few.length === busy.length ? 'each step' : 'most steps'
  return `average; too few requests in ${steps} of ${duration(stepMs)} for percentiles`
}

function linesOf({ points, stepMs }: TimelineAnswer): {
  times: number[]
  rate: Line[]
  errors: Line[]
  latency: Line[]
} {
  const seconds = stepMs / 1e3
  return {
    times: points.map(({ startMs }) => startMs),
    rate: [
      {
        label: 'requests',
        stroke: '--ink2',
        fill: true,
        values: points.map(point => point.count / seconds),
      },
    ],
    errors: [
      {
        label: 'failed',
        stroke: '--bad',
        fill: true,
        values: points.map(point => (point.count === 0 ? null : point.errors / point.count)),
      },
    ],
    latency: [
      { label: 'average', stroke: '--muted', dash: [2, 3], values: points.map(p => p.averageMs) },
      { label: 'p50', stroke: '--muted', values: points.map(p => p.p50Ms) },
      { label: 'p95', stroke: '--hot', width: 2, values: points.map(p => p.p95Ms) },
      { label: 'p99', stroke: '--hot', dash: [5, 4], values: points.map(p => p.p99Ms) },
    ],
  }
}
