import type { Gain, Prediction } from '../../src/model.js'
import { figuresOf } from '../../src/predict/verdict.js'
import { TwoDistributions } from '../draw/two-distributions.js'
import { changeOf, count, duration, orDash } from '../say/figures.js'
import { BehindChart } from '../table/figures-table.js'

/** What the fix would gain: before and predicted, and how that is known; or why nothing is predicted. */
export function GainCard({ gain }: { gain: Gain | undefined }) {
  if (gain === undefined) return null
  const { predicted, how } = gain
  return (
    <section class="card gain" aria-labelledby="gain">
      <div class="head">
        <h2 id="gain">{predicted ? 'Predicted with the fix' : 'Nothing is predicted'}</h2>
        {predicted && <span class="muted">{count(predicted.requests)} requests</span>}
      </div>
      {predicted && <Figures prediction={predicted} />}
      {predicted && <TwoDistributions distribution={predicted.distribution} />}
      <ul class="how muted small">
        {how.map(sentence => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {predicted && <Behind prediction={predicted} />}
    </section>
  )
}

function Figures({ prediction }: { prediction: Prediction }) {
  const { before, after, throughput, savedMsPerHour } = prediction
  const { fromMs, toMs, at } = figuresOf(prediction)
  const others: readonly (readonly [string, string])[] = [
    ['p50', `${orDash(before.p50Ms)} → ${orDash(after.p50Ms)}`],
    ['Average', `${duration(before.averageMs)} → ${duration(after.averageMs)}`],
    ['Saved an hour', duration(savedMsPerHour)],
    ['Throughput', `${throughput.toFixed(throughput < 10 ? 1 : 0)}×`],
  ]
  return (
    <div class="gain-figures">
      <div>
        <span class="big">
          {duration(fromMs)} <span aria-label="to">→</span>{' '}
          <span class="then">{duration(toMs)}</span>
        </span>
        <span class="muted small">
          {at}, {changeOf(fromMs, toMs)}
        </span>
      </div>
      <dl>
        {others.map(([title, text]) => (
          <div key={title}>
            <dt class="muted small">{title}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

function Behind({ prediction: { distribution } }: { prediction: Prediction }) {
  const { fromMs, before, after } = distribution
  return (
    <BehindChart
      caption="The same in figures"
      titles={['From', 'To', 'Requests now', 'Predicted']}
      rows={() =>
        before.map((n, i) => [
          duration(fromMs[i] ?? 0),
          duration(fromMs[i + 1] ?? 0),
          count(n),
          count(after[i] ?? 0),
        ])
      }
    />
  )
}
