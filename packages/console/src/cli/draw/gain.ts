import { duration } from '../../diagnose/figures.js'
import type { Finding, Gain, Prediction } from '../../model.js'
import { figuresOf, verdictOf } from '../../predict/verdict.js'
import type { Screen } from './screen.js'
import { left, plain, right, wrap } from './text.js'

/** Columns of the figures of a finding in the list: how long it takes, and how long it would. */
export const gainColumns = { p95: 8, predicted: 9 }

export const gainTitles = `${right('P95', gainColumns.p95)}  ${right('PREDICTED', gainColumns.predicted)}`

/** `1.24 s     182 ms`; an average where there are too few requests for a percentile, a dash for nothing. */
export function gainCells({ gain }: Finding, { paint }: Screen): string {
  const figures = gain?.predicted && figuresOf(gain.predicted)
  const sign = figures?.at === 'on average' ? '~' : ''
  const cell = (ms: number | undefined, columns: number) =>
    right(ms === undefined ? '–' : sign + duration(ms), columns)
  const before = cell(figures?.fromMs, gainColumns.p95)
  return `${before}  ${paint('good', cell(figures?.toMs, gainColumns.predicted))}`
}

/** What the signs in the list stand for, as far as there are any. */
export function gainLegend(findings: readonly Finding[], { columns, paint }: Screen): string[] {
  const some = (is: (prediction: Prediction | null | undefined) => boolean) =>
    findings.some(({ about, gain }) => about !== 'index' && is(gain?.predicted))
  const said = [
    ...(some(one => !!one && figuresOf(one).at === 'on average')
      ? ['~ the average: fewer than 20 requests, or the slowest gain little.']
      : []),
    ...(some(one => !one) ? ['– nothing is predicted: show says why.'] : []),
  ]
  return said.length === 0
    ? []
    : wrap(said.join('  '), columns - 2).map(line => `  ${paint('quiet', line)}`)
}

/** `One line would take GET /orders from 1.24 s to 182 ms at p95.` */
export function promiseOf(finding: Finding, of: string): string | undefined {
  const verdict = verdictOf(finding)
  if (verdict === undefined) return undefined
  const { what, fromMs, toMs, at } = verdict
  return `${what} would take ${plain(finding.route)}${of} from ${duration(fromMs)} to ${duration(toMs)} ${at}.`
}

/** What the fix of a finding would gain, and how that is known. */
export function gainLines({ how, predicted }: Gain, { columns, paint }: Screen): string[] {
  const sentences = how.flatMap(sentence => wrap(plain(sentence), columns - 4))
  return [
    ...(predicted ? figures(predicted) : []),
    ...sentences.map(line => paint('quiet', line)),
  ].map(line => `    ${line}`)
}

function figures({ before, after, throughput, savedMs, savedMsPerHour }: Prediction): string[] {
  const row = (name: string, from: number | null, to: number | null) =>
    from === null || to === null
      ? []
      : [`${left(name, 9)}${right(duration(from), 8)} → ${duration(to)}`]
  return [
    ...row('p50', before.p50Ms, after.p50Ms),
    ...row('p95', before.p95Ms, after.p95Ms),
    ...row('average', before.averageMs, after.averageMs),
    `saves ${duration(savedMs)} in this window, ${duration(savedMsPerHour)} an hour at its traffic`,
    `as many callers at a time are answered ${timesOf(throughput)} as often`,
  ]
}

/** `6.8×` */
function timesOf(times: number): string {
  return `${times < 9.95 ? times.toFixed(1).replace(/\.0$/, '') : Math.round(times).toLocaleString('en')}×`
}
