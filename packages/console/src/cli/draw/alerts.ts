import type { AlertRow, AlertsAnswer } from '../../api/answers.js'
import { counted, duration, percent } from '../../diagnose/figures.js'
import type { Trial } from '../../watch/try.js'
import { nextSteps, notes } from './frame.js'
import type { Screen } from './screen.js'
import { type Column, table } from './table.js'
import { plain, wrap } from './text.js'

/** More rows scroll the first ones away, and those are the ones that matter. */
const shownRows = 30

/** All alerts, those that fire first. `unread` rules stand in a config that the console has not read. */
export function drawAlerts(answer: AlertsAnswer, screen: Screen, unread: number): string[] {
  const { alerts } = answer
  if (alerts.length === 0 && unread > 0)
    return [
      `  The console runs without alerts, but hotpath.console.config here has ${counted(unread, 'rule')}:`,
      '  it is read at the start. Start the console again.',
      ...notes(answer.notes, screen),
    ]
  if (alerts.length === 0)
    return [
      '  No alert is set up: hotpath.console.config has none under `alerts`.',
      ...notes(answer.notes, screen),
      '',
      '  docs/alerts.md shows how.',
    ]
  const [first] = alerts
  const columns: Column[] = [
    { title: 'STATE', tone: first?.state === 'firing' ? 'bad' : 'quiet' },
    { title: 'SINCE', tone: 'quiet' },
    { title: 'NOW', align: 'right' },
    { title: 'BOUND', align: 'right' },
    { title: 'WHERE', flexible: true },
    { title: 'RULE', tone: 'strong' },
  ]
  const rows = alerts
    .slice(0, shownRows)
    .map(row => [
      row.state,
      row.sinceMs === null ? '' : clockTime(row.sinceMs),
      figure(row, row.value),
      figure(row, row.bound),
      plain(row.route === null ? row.service : `${row.route} of ${row.service}`),
      plain(row.rule),
    ])
  const left = alerts.length - shownRows
  const traced = first?.state === 'firing' && first.route !== null ? plain(first.route) : undefined
  return [
    screen.paint('strong', verdict(answer)),
    '',
    ...table(columns, rows, screen),
    ...(left > 0 ? [`  ${counted(left, 'more row')}: --json has them all.`] : []),
    ...undelivered(alerts, screen),
    ...notes(answer.notes, screen),
    ...nextSteps(
      [
        ...(traced === undefined ? [] : [`hotpath traces --route '${traced}'`]),
        'hotpath alerts --test',
      ],
      screen,
    ),
  ]
}

function verdict({ alerts, notifiers }: AlertsAnswer): string {
  const firing = alerts.filter(({ state }) => state === 'firing').length
  const what = firing === 0 ? 'Nothing fires' : `${counted(firing, 'alert fires', 'alerts fire')}`
  const who = notifiers.length === 0 ? 'nobody is told' : `${notifiers.map(plain).join(', ')} told`
  return `${what} of ${counted(alerts.length, 'alert')} watched; ${who}.`
}

function figure({ unit }: AlertRow, value: number | null): string {
  if (value === null) return '–'
  return unit === 'ms' ? duration(value) : percent(value)
}

/** What did not arrive, once for each rule and notifier: routes of a rule share their message. */
function undelivered(alerts: readonly AlertRow[], { columns }: Screen): string[] {
  const sentences = alerts.flatMap(({ rule, deliveries }) =>
    deliveries
      .filter(({ state }) => state !== 'delivered')
      .map(({ notifier, state, tries, error }) =>
        plain(
          `${notifier} has not got the last message of ${rule}: ${state}, ${counted(tries, 'try', 'tries')}${error === null ? '' : `, ${error}`}.`,
        ),
      ),
  )
  return [...new Set(sentences)].flatMap(sentence =>
    wrap(sentence, columns - 4).map(line => `  ${line}`),
  )
}

/** What came back of `hotpath alerts --test`. */
export function drawTrials(
  { trials, notes: off }: { readonly trials: readonly Trial[]; readonly notes: readonly string[] },
  screen: Screen,
): string[] {
  const failed = trials.filter(({ error }) => error !== null).length + off.length
  const rows = trials.map(({ notifier, kind, error }) => [
    plain(notifier),
    kind,
    error === null ? 'delivered' : plain(error),
  ])
  const columns: Column[] = [
    { title: 'NOTIFIER', tone: 'strong' },
    { title: 'KIND' },
    { title: 'WHAT CAME BACK', flexible: true },
  ]
  return [
    failed === 0
      ? `Every notifier took the test message.`
      : `${counted(failed, 'notifier')} did not take the test message.`,
    '',
    ...(rows.length > 0 ? table(columns, rows, screen) : []),
    ...notes(off, screen),
  ]
}

/** `10:14:07`, local. */
function clockTime(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8)
}
