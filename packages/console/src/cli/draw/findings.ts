import type { FindingAnswer, FindingsAnswer, RoutesAnswer } from '../../api/answers.js'
import { counted, duration, percent } from '../../diagnose/figures.js'
import { type CallSite, type Finding, type Fix, isVerbatim } from '../../model.js'
import { gainCells, gainColumns, gainLegend, gainLines, gainTitles, promiseOf } from './gain.js'
import { emptyWindow, heading, nextSteps, notes } from './frame.js'
import type { Screen } from './screen.js'
import { drawApart, historyOf, standingOf } from './standing.js'
import { bar } from './table.js'
import { left, plain, plainLines, right, shortSql, wrap } from './text.js'

const barColumns = 11
/** `<0.1 %` */
const percentColumns = 6
const timeColumns = percentColumns + 1 + barColumns
const costColumns = gainColumns.p95 + 2 + gainColumns.predicted

/** The list of findings, those first whose fixes save the most. `routes` names the slowest route when there are none. */
export function drawFindings(
  answer: FindingsAnswer,
  routes: RoutesAnswer | undefined,
  screen: Screen,
): string[] {
  const head = heading(answer, counted(answer.requests, 'request'), screen)
  const [first] = answer.findings
  if (answer.requests === 0 && !first) return [head, ...emptyWindow(answer, screen)]
  if (!first)
    return [
      head,
      ...nothingFound(answer, routes, screen),
      ...drawApart(answer, screen),
      ...notes(answer.notes, screen),
    ]
  const { columns, paint } = screen
  const several = hasSeveral(answer)
  const rankColumns = String(answer.findings.length).length
  const problemColumns = columns - 2 - rankColumns - 2 - timeColumns - 2 - 2 - costColumns
  const titles = `  ${right('#', rankColumns)}  ${left('TIME', timeColumns)}  ${left('PROBLEM', problemColumns)}  ${gainTitles}`
  const trace = first.evidence.traces[0]?.traceId.slice(0, 8)
  return [
    head,
    ...wrap(verdict(first, answer.totalMs, several), columns - 2).map(line => `  ${line}`),
    '',
    paint('quiet', titles),
    ...answer.findings.flatMap((finding, i) =>
      listed(finding, right(String(i + 1), rankColumns), answer, problemColumns, screen),
    ),
    ...unexplained(answer, rankColumns, screen),
    ...gainLegend(answer.findings, screen),
    ...drawApart(answer, screen),
    ...notes(answer.notes, screen),
    ...nextSteps(
      [`hotpath show ${first.id}`, ...(trace ? [`hotpath trace ${trace}`] : [])],
      screen,
    ),
  ]
}

/** The shape that a finding has in the list: what, and below it where. */
function listed(
  finding: Finding,
  rank: string,
  answer: FindingsAnswer,
  problemColumns: number,
  screen: Screen,
): string[] {
  const { paint } = screen
  const { totalMs } = answer
  const share = totalMs === 0 ? 0 : Math.min(1, finding.cost.totalMs / totalMs)
  const where = finding.where ? siteOf(finding.where) : shortSql(plain(finding.subject))
  const place = hasSeveral(answer) ? `${plain(finding.service)} · ${where}` : where
  return [
    `  ${rank}  ${right(percent(share), percentColumns)} ${paint('hot', left(bar(share, barColumns), barColumns))}  ${paint('strong', left(titleOf(finding), problemColumns))}  ${gainCells(finding, screen)}`,
    `  ${' '.repeat(rank.length)}  ${left(plain(finding.route), timeColumns)}  ${left(place, problemColumns)}  ${paint('quiet', right(finding.id, costColumns))}`,
  ]
}

const titleOf = ({ title, status }: Finding): string =>
  status === 'regressed' ? `${title} · regressed` : title

/** The rest of all request time, so that the shares add up; below 1 % it is nothing. */
function unexplained(
  { findings, totalMs }: FindingsAnswer,
  rankColumns: number,
  { paint }: Screen,
): string[] {
  const found = findings.reduce((sum, { cost }) => sum + cost.totalMs, 0)
  const share = totalMs === 0 ? 0 : 1 - found / totalMs
  if (share < 0.01) return []
  return [
    `  ${right('–', rankColumns)}  ${right(percent(share), percentColumns)} ${paint('quiet', left(bar(share, barColumns, '░'), barColumns))}  ${paint('quiet', 'No finding')}`,
  ]
}

function nothingFound(
  answer: FindingsAnswer,
  routes: RoutesAnswer | undefined,
  screen: Screen,
): string[] {
  const slowest = routes?.routes[0]
  return [
    `  Nothing above 1\u2009% in ${counted(answer.requests, 'request')}.`,
    ...(slowest
      ? [
          `  ${plain(slowest.route)} takes the most time: ${percent(slowest.share)}, ${duration(slowest.averageMs)} on average.`,
        ]
      : []),
    ...nextSteps(['hotpath routes', 'hotpath traces'], screen),
  ]
}

/** Whether a route alone does not say whose it is. */
function hasSeveral({ services, service }: FindingsAnswer): boolean {
  return service === null && services.length > 1
}

function verdict(finding: Finding, totalMs: number, several: boolean): string {
  const { title, route, service, cost } = finding
  const share = totalMs === 0 ? 0 : Math.min(1, cost.totalMs / totalMs)
  const of = several ? ` of ${plain(service)}` : ''
  const promise = promiseOf(finding, of)
  if (promise !== undefined) return promise
  if (isOfTable(finding)) return `${plain(title)} of ${plain(route)}.`
  return `${plain(route)}${of}: ${lowerFirst(title)}, ${percent(share)} of all request time.`
}

/** One finding: what it costs, what shows it and what to do. */
export function drawFinding(answer: FindingAnswer, screen: Screen): string[] {
  const { finding } = answer
  const { columns, paint } = screen
  const site = finding.where ? ` · ${siteOf(finding.where)}` : ''
  const name = finding.where?.function ? ` (${plain(finding.where.function)})` : ''
  const [trace] = finding.evidence.traces
  return [
    paint('strong', finding.title),
    `${plain(finding.route)} · ${plain(finding.service)}${site}${name}`,
    ...standingOf(finding, answer.untilMs).flatMap(line => wrap(line, columns)),
    '',
    ...wrap(plain(finding.subject), columns - 2).map(line => `  ${paint('data', line)}`),
    '',
    ...(isOfTable(finding) ? [] : costLines(answer, screen)),
    ...(finding.gain
      ? [...section('PREDICTED', screen), ...gainLines(finding.gain, screen), '']
      : []),
    ...section('EVIDENCE', screen),
    ...finding.evidence.sentences.flatMap(sentence => indented(plain(sentence), columns)),
    '',
    ...section('WHAT TO DO', screen),
    ...finding.fixes.flatMap((fix, i) => [
      ...indented(`${i + 1}. ${plain(fix.title)}`, columns),
      ...remedy(fix, screen),
    ]),
    ...historyLines(answer, screen),
    ...(answer.notes.length > 0 ? ['', ...notes(answer.notes, screen)] : []),
    ...nextSteps(
      [trace ? `hotpath trace ${trace.traceId.slice(0, 8)}` : 'hotpath findings'],
      screen,
    ),
  ]
}

/** An index takes no time of a request. */
const isOfTable = ({ about }: Finding): boolean => about === 'index'

function costLines(answer: FindingAnswer, screen: Screen): string[] {
  const { cost } = answer.finding
  const share = answer.totalMs === 0 ? 0 : Math.min(1, cost.totalMs / answer.totalMs)
  return [
    ...section('COST', screen),
    `    ${duration(cost.msPerRequest)} of a request, ${percent(cost.share)} of its time`,
    `    ${duration(cost.totalMs)} in ${requestsOf(answer)}: ${percent(share)} of all request time`,
    '',
  ]
}

function historyLines({ finding, untilMs }: FindingAnswer, screen: Screen): string[] {
  const lines = historyOf(finding, untilMs).flatMap(line => indented(line, screen.columns))
  return lines.length === 0 ? [] : ['', ...section('HISTORY', screen), ...lines]
}

/** What is said of a fix and what it is. A line of code stays one: broken anywhere it might be none. */
function remedy(fix: Fix, { columns, paint }: Screen): string[] {
  const prose = (text: string) => plainLines(text).flatMap(line => wrap(line, columns - 7))
  const lines = fix.kind === 'config' || fix.snippet ? plainLines(fix.text) : prose(fix.text)
  return [
    ...(fix.note === undefined ? [] : prose(fix.note)),
    ...lines.map(line => (isVerbatim(fix) ? paint('data', line) : line)),
  ].map(line => `       ${line}`)
}

function requestsOf({ finding, requests }: FindingAnswer): string {
  const { counted: own } = finding.cost
  return own === null ? counted(requests, 'request') : `${counted(own, 'request')} of the route`
}

function section(title: string, { paint }: Screen): string[] {
  return [`  ${paint('quiet', title)}`]
}

function indented(text: string, columns: number): string[] {
  return wrap(text, columns - 4).map(line => `    ${line}`)
}

/** `src/orders.ts:42` */
export function siteOf({ file, line }: CallSite): string {
  return `${plain(file)}:${line}`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
