import type { Checked, CheckReport } from '../../check/report.js'
import { inBudgetWords } from '../../check/words.js'
import { counted } from '../../diagnose/figures.js'
import { isVerbatim } from '../../model.js'
import type { Screen } from './screen.js'
import { notes } from './frame.js'
import { plain, plainLines, shortSql, wrap } from './text.js'

/** What a run of tests showed: first what fails the build. */
export function drawCheck(report: CheckReport, screen: Screen): string[] {
  const { paint } = screen
  const seen = [
    counted(report.requests, 'request'),
    counted(report.routes, 'route'),
    counted(report.statements, 'statement'),
  ]
  return [
    '',
    `${paint('strong', 'hotpath check')} · ${seen.join(' · ')}`,
    `  ${verdict(report)}`,
    ...report.new.flatMap(found => ['', ...drawNew(found, screen)]),
    ...report.overBudget.flatMap(overrun => [
      '',
      `  ${paint('strong', `${plain(overrun.route)} is over budget`)}`,
      `    ${inBudgetWords(overrun)}`,
    ]),
    ...aside(report, screen),
  ]
}

function verdict({ requests, new: fresh, known, ignored, overBudget }: CheckReport): string {
  if (requests === 0) return 'Nothing was recorded.'
  const parts = [
    ...(fresh.length > 0 ? [`${counted(fresh.length, 'new finding')}`] : []),
    ...(overBudget.length > 0 ? [`${counted(overBudget.length, 'budget')} exceeded`] : []),
  ]
  const aside = [
    ...(known.length > 0 ? [`${known.length} known`] : []),
    ...(ignored.length > 0 ? [`${ignored.length} ignored`] : []),
  ]
  const others = aside.length > 0 ? ` (${aside.join(', ')})` : ''
  return parts.length === 0 ? `Nothing new${others}.` : `${parts.join(', ')}${others}.`
}

function drawNew(found: Checked, { columns, paint }: Screen): string[] {
  const [fix] = found.fixes
  const site = found.where ? ` · ${plain(`${found.where.file}:${found.where.line}`)}` : ''
  return [
    `  ${paint('hot', plain(found.title))}  ${paint('quiet', found.id)}`,
    `    ${plain(found.route)}${site}`,
    ...indented(shortSql(plain(found.subject)), columns).map(line => paint('data', line)),
    ...indented(plain(found.evidence[0] ?? ''), columns),
    ...(found.note === undefined ? [] : indented(plain(found.note), columns)),
    ...(fix === undefined ? [] : indented(`To do: ${plain(fix.title)}`, columns)),
    ...(fix !== undefined && isVerbatim(fix)
      ? plainLines(fix.text).map(line => `      ${paint('code', line)}`)
      : []),
  ]
}

/** What fails nothing, and should be known. */
function aside(report: CheckReport, screen: Screen): string[] {
  const { unseen, unusedBudgets } = report
  const sentences = [
    ...(unseen.length > 0
      ? [
          `${counted(unseen.length, 'finding')} of the baseline did not show: mended, or not tested. --update-baseline takes out what a whole run does not show.`,
        ]
      : []),
    ...unusedBudgets.map(route => `${route} has a budget, and no request was of it.`),
    ...report.notes,
  ]
  return sentences.length === 0 ? [] : ['', ...notes(sentences, screen)]
}

function indented(text: string, columns: number): string[] {
  return wrap(text, columns - 4).map(line => `    ${line}`)
}
