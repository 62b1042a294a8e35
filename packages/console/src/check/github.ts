import { posix, relative, resolve, sep } from 'node:path'
import type { CallSite } from '../model.js'
import type { CheckReport } from './report.js'
import { inBudgetWords } from './words.js'

/**
 * A report as GitHub's workflow commands, each a line that becomes an annotation of the pull request.
 * `root` is the app's directory, from which call sites are told; `workspace` the clone's, from which
 * GitHub tells files.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function annotations(report: CheckReport, root: string, workspace: string): string[] {
  return [
    ...report.new.map(({ title, route, where, evidence, subject, id }) =>
      command(
        { ...placeOf(where, root, workspace), title: `${title} · ${route}` },
        [
          evidence[0] ?? title,
          subject,
          `Known on purpose? hotpath-baseline.json takes it as ${id}.`,
        ].join('\n'),
      ),
    ),
    ...report.overBudget.map(overrun =>
      command({ title: `Over budget · ${overrun.route}` }, inBudgetWords(overrun)),
    ),
  ]
}

function placeOf(
  where: CallSite | undefined,
  root: string,
  workspace: string,
): Readonly<Record<string, string>> {
  if (where === undefined) return {}
  const path = relative(workspace, resolve(root, where.file)).split(sep).join(posix.sep)
  return { file: path, line: String(where.line) }
}

function command(properties: Readonly<Record<string, string>>, message: string): string {
  const list = Object.entries(properties).map(([name, value]) => `${name}=${property(value)}`)
  return `::error ${list.join(',')}::${data(message)}`
}

/** As GitHub's own toolkit has it: what would end the line or the command is percent-encoded. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
