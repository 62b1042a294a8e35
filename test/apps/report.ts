import type { Finding } from '@hotpath/console'
import type { Application } from './application.js'
import { atOdds } from './evidence.js'
import { type Figures, figures, type Judgement, judge } from './judge.js'
import { differences } from './outline.js'
import type { Plain, Recorded } from './run.js'

/** All that is known of one application after both runs. */
export interface Report {
  readonly app: Application
  readonly routes: number
  readonly clean: number
  readonly judgement: Judgement
  /** What is said of routes that only the seed asks for, of which no truth was established. */
  readonly unjudged: readonly Finding[]
  /** Where the truth does not hold any more. */
  readonly odds: readonly string[]
  /** Where the recorder saw other statements than the server ran, or the application answered otherwise. */
  readonly faults: readonly string[]
}

export function reportOn(app: Application, plain: readonly Plain[], recorded: Recorded): Report {
  const routes = new Set(app.drives.map(({ route }) => route))
  // A machine that is quick enough finds nothing of what is timed.
  const sick = new Set(app.truth.filter(one => one.timed !== true).map(({ route }) => route))
  return {
    app,
    routes: routes.size,
    clean: [...routes].filter(route => !sick.has(route)).length,
    judgement: judge(
      recorded.findings.filter(({ route }) => routes.has(route)),
      app.truth,
    ),
    unjudged: recorded.findings.filter(({ route }) => !routes.has(route)),
    odds: atOdds(plain, app.truth),
    faults: [...unlike(app, plain, recorded), ...unseen(app, recorded)],
  }
}

function unlike({ ids }: Application, plain: readonly Plain[], { drives }: Recorded): string[] {
  return drives.flatMap(({ drive, answer }) => {
    const before = plain.find(one => one.drive === drive)
    const unlike = before === undefined ? [] : differences(before.answer, answer, ids)
    return unlike.length === 0
      ? []
      : [`${nameOf(drive)}: answered otherwise under the recorder: ${unlike.join(', ')}`]
  })
}

/** Most traces of a route hold as many statements as the log has for one of its drives. */
function unseen(app: Application, { drives }: Recorded): string[] {
  return drives.flatMap(({ drive, statements }) => {
    const counts = app.drives
      .filter(({ route }) => route === drive.route)
      .map(one => one.statements)
    const right = statements.filter(count => counts.includes(count)).length
    if (statements.length > 0 && right * 2 > statements.length) return []
    return [
      `${nameOf(drive)}: ${drive.statements} statements in the log, in its traces ${statements.join(' ') || 'none: no such route'}`,
    ]
  })
}

const nameOf = ({ route, what }: { route: string; what?: string }): string =>
  what === undefined ? route : `${route} (${what})`

export function textOf({ app, routes, clean, judgement, unjudged, odds, faults }: Report): string {
  const { wrong, missed } = judgement
  return [
    `${app.name}: ${routes} routes, ${clean} of them clean`,
    ...table(figures([judgement])),
    ...wrong.map(
      ({ kind, route, subject, evidence }) =>
        `  FALSE   ${kind} ${route}: ${subject.slice(0, 120)}\n          ${evidence.sentences.join(' ')}`,
    ),
    ...missed.map(({ kind, route, statement = '', why, byChoice }) => {
      const chosen = byChoice === undefined ? '' : `; by choice: ${byChoice}`
      return `  missed  ${kind} ${route}: ${statement} (${why}${chosen})`
    }),
    ...unjudged.map(
      ({ kind, route, subject }) => `  unjudged ${kind} ${route}: ${subject.slice(0, 120)}`,
    ),
    ...odds.map(one => `  ODDS    ${one}`),
    ...faults.map(one => `  FAULT   ${one}`),
    '',
  ].join('\n')
}

function table(rows: readonly Figures[]): string[] {
  const line = (cells: readonly (string | number)[]): string =>
    `  ${String(cells[0]).padEnd(24)}${cells
      .slice(1)
      .map(cell => String(cell).padStart(11))
      .join('')}`
  return [
    line(['kind', 'right', 'false', 'missed', 'precision', 'recall']),
    ...rows.map(({ kind, right, wrong, missed, precision, recall }) =>
      line([kind, right, wrong, missed, precision.toFixed(2), recall.toFixed(2)]),
    ),
  ]
}

/** The last line of the program. */
export function lastLine(reports: readonly Report[]): string {
  const sum = (of: (report: Report) => number): number =>
    reports.reduce((total, report) => total + of(report), 0)
  const judgements = reports.map(({ judgement }) => judgement)
  const all = figures(judgements).at(-1)
  const claimed = figures(
    judgements.map(one => ({
      ...one,
      missed: one.missed.filter(({ byChoice }) => byChoice === undefined),
    })),
  ).at(-1)
  return [
    `apps: applications=${reports.length}`,
    `routes=${sum(({ routes }) => routes)}`,
    `clean=${sum(({ clean }) => clean)}`,
    `false=${all?.wrong ?? 0}`,
    `faults=${sum(({ odds, faults }) => odds.length + faults.length)}`,
    `precision=${all?.precision.toFixed(2)}`,
    `recall=${all?.recall.toFixed(2)}`,
    `recall_of_what_is_claimed=${claimed?.recall.toFixed(2)}`,
  ].join(' ')
}
