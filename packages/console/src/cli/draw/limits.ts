import type { LimitReason, LimitRow, LimitsAnswer } from '../../api/answers.js'
import { count, counted, duration } from '../../diagnose/figures.js'
import { emptyWindow, heading, nextSteps, notes } from './frame.js'
import type { Screen } from './screen.js'
import { type Column, table } from './table.js'
import { plain, wrap } from './text.js'

/** More rows scroll the first ones away. */
const shownRows = 30
const shownKeys = 5

/** What limits, throttles, concurrency and shedding did, by route: the one that refused most first. */
export function drawLimits(answer: LimitsAnswer, screen: Screen): string[] {
  const refused = answer.routes.reduce((sum, row) => sum + row.refused, 0)
  const head = heading(answer, `${count(refused)} refused`, screen)
  const [first] = answer.routes
  if (first === undefined) {
    if (answer.services.length === 0) return [head, ...emptyWindow(answer, screen)]
    return [head, '  No route has a limit: docs/limits.md says how one is given.']
  }
  const several = answer.services.length > 1 && answer.service === null
  const delays = answer.routes.some(row => row.delayed > 0)
  const shadow = answer.routes.some(row => row.shadowRefused > 0)
  const columns: Column[] = [
    { title: 'ROUTE', flexible: true },
    ...(several ? [{ title: 'SERVICE', tone: 'quiet' } as const] : []),
    { title: 'ALLOWED', align: 'right' },
    ...(delays
      ? [
          { title: 'DELAYED', align: 'right' } as const,
          { title: 'BY', align: 'right', tone: 'quiet' } as const,
        ]
      : []),
    { title: 'REFUSED', align: 'right', tone: 'bad' },
    { title: 'WHY', tone: 'quiet' },
    ...(shadow ? [{ title: 'WOULD', align: 'right' } as const] : []),
  ]
  const rows = answer.routes
    .slice(0, shownRows)
    .map(row => [
      plain(row.route),
      ...(several ? [plain(row.service)] : []),
      row.allowed === 0 ? '–' : count(row.allowed),
      ...(delays ? delayOf(row) : []),
      row.refused === 0 ? '' : count(row.refused),
      whyOf(row),
      ...(shadow ? [row.shadowRefused === 0 ? '' : count(row.shadowRefused)] : []),
    ])
  const left = answer.routes.length - shownRows
  const quiet = [
    ...(left > 0 ? [`${counted(left, 'more row')}: --json has them all.`] : []),
    ...(shadow ? ['WOULD: would have been refused, in shadow mode.'] : []),
    ...aloneOf(answer.routes),
  ]
  return [
    head,
    ...wrap(verdictOf(first), screen.columns - 2).map(line => `  ${line}`),
    '',
    ...table(columns, rows, screen),
    ...keysOf(first, screen),
    ...quiet.map(line => `  ${screen.paint('quiet', line)}`),
    ...notes(answer.notes, screen),
    ...nextSteps(['hotpath limits --json', 'hotpath routes'], screen),
  ]
}

const delayOf = ({ delayed, averageDelayMs }: LimitRow): string[] =>
  averageDelayMs === null ? ['', ''] : [count(delayed), duration(averageDelayMs)]

const words: Readonly<Record<LimitReason['policy'], string>> = {
  limit: 'limit',
  concurrency: 'concurrency',
  shed: 'shed',
  body: 'body too large',
}

/** The policy that refused most, with its reason. */
function whyOf({ refusedBy: [most] }: LimitRow): string {
  if (most === undefined) return ''
  return plain(most.reason === '' ? words[most.policy] : `${words[most.policy]}: ${most.reason}`)
}

function verdictOf(row: LimitRow): string {
  const { route, refused, refusedBy, allowed, shadowRefused, delayed, averageDelayMs } = row
  const name = plain(route)
  if (refused > 0) {
    const of =
      allowed > 0
        ? ` of ${counted(allowed + refused, 'request')}`
        : refused === 1
          ? ' request'
          : ' requests'
    const [most] = refusedBy
    const share =
      most === undefined || most.count === refused ? '' : `, ${count(most.count)} of them`
    return `${name} refused ${count(refused)}${of}${share} by ${whyOf(row)}.`
  }
  if (shadowRefused > 0)
    return `${name} would have refused ${counted(shadowRefused, 'request')}: its policy is in shadow mode.`
  if (averageDelayMs !== null)
    return `${name} held back ${counted(delayed, 'request')}, by ${duration(averageDelayMs)} on average.`
  return 'Nothing was refused.'
}

function keysOf({ route, keys }: LimitRow, screen: Screen): string[] {
  if (keys.length === 0) return []
  const told = keys.slice(0, shownKeys).map(({ key, refused }) => `${plain(key)} ${count(refused)}`)
  return [
    '',
    ...wrap(
      `Refused most at ${plain(route)}, by the hash of the client's key: ${told.join(', ')}.`,
      screen.columns - 2,
    ).map(line => `  ${line}`),
  ]
}

function aloneOf(rows: readonly LimitRow[]): string[] {
  const alone = rows.reduce((sum, row) => sum + row.alone, 0)
  if (alone === 0) return []
  return [
    `${counted(alone, 'decision was', 'decisions were')} made by one instance alone: the store did not answer.`,
  ]
}
