import { relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { baselineName, checkWritable, readBaseline, writeBaseline } from '../check/baseline.js'
import { entryOf } from '../check/entry.js'
import { annotations } from '../check/github.js'
import { type CheckReport, type CommandEnd, reportOf } from '../check/report.js'
import { readConfig, resolveConfig } from '../config.js'
import { counted } from '../diagnose/figures.js'
import type { Finding, Standing } from '../model.js'
import { ignoredBy } from '../standing/ignored.js'
import { appRoot, budgetsOf } from './app-config.js'
import type { Ending } from './child.js'
import { endAs } from './dev.js'
import { drawCheck } from './draw/check.js'
import { print, tell } from './output.js'
import { recordedRun } from './recorded-run.js'

interface CheckOptions {
  readonly baseline: string
  readonly updateBaseline?: boolean
  readonly json?: boolean
  readonly github?: boolean
  readonly ascii?: boolean
}

/** `hotpath check -- COMMAND`: a test suite that fails when a request does what the baseline lacks. */
export function addCheck(program: Command): void {
  program
    .command('check')
    .description('run a test suite under the recorder; fail on findings that are new')
    .argument('<command...>', 'the command, behind --')
    .option('--baseline <file>', 'the findings that are known', baselineName)
    .option('--update-baseline', 'write the findings of this run there, and pass')
    .option('--json', "the report as JSON; the command's output goes to stderr (docs/check.md)")
    .option('--github', 'annotations for GitHub; by itself where GITHUB_ACTIONS is set')
    .option('--ascii', 'no signs outside of ASCII')
    .passThroughOptions()
    .addHelpText(
      'after',
      `
Examples:
  hotpath check -- npm test
  hotpath check --update-baseline -- npm test

Exit codes: 0 fine; 1 new findings, or a request over a budget of hotpath.config;
2 an error of ours, or no request was recorded. A command that fails ends check
with its own code or signal, whatever was found.`,
    )
    .action(check)
}

async function check(command: readonly string[], options: CheckOptions): Promise<void> {
  // First what can be wrong before a suite has run for minutes.
  const directory = process.cwd()
  const path = resolve(directory, options.baseline)
  const baseline = readBaseline(path)
  if (options.updateBaseline) checkWritable(path)
  const budgets = await budgetsOf(directory, process.env)
  const { ignore } = resolveConfig({}, await readConfig(directory))
  const { ending, traces, notes } = await recordedRun(command, options.json ? 'stderr' : 'stdout')
  if (ending.kind === 'failed') {
    tell(ending.message)
    return endAs(ending)
  }
  const ignoring = { rules: ignore, root: appRoot(directory) }
  // By the id of the baseline, or that of a console which saw the same.
  const standing = (finding: Finding): Standing | undefined => {
    const both = [finding.id, entryOf(finding).id].map(id =>
      ignoredBy({ ...finding, id }, ignoring, Date.now()),
    )
    return both.find(one => one?.reason !== undefined) ?? both.find(Boolean)
  }
  const report = reportOf(traces, baseline, budgets, commandEnd(ending), notes, standing)
  show(report, options)
  const shown = relative(directory, path)
  if (!isFine(ending)) {
    tell(
      `the command ${endedHow(ending)}, and so does check${options.updateBaseline ? `; ${shown} was left as it is` : ''}.`,
    )
    return endAs(ending)
  }
  if (report.requests === 0) {
    tell(
      'no request was recorded, so nothing was judged. Seen are requests to servers of node:http and those of fastify.inject, in Node processes that get NODE_OPTIONS from the command. docs/check.md says more.',
    )
    process.exitCode = 2
    return
  }
  if (options.updateBaseline) {
    const found = [...report.new, ...report.known]
    writeBaseline(path, found)
    tell(`${shown} has ${counted(found.length, 'finding')} now. Commit it.`)
  }
  const isNew = report.new.length > 0 && !options.updateBaseline
  process.exitCode = isNew || report.overBudget.length > 0 ? 1 : 0
}

/** On stdout for a person or as JSON; annotations where GitHub reads, which is both outputs. */
function show(report: CheckReport, options: CheckOptions): void {
  const isGithub = options.github ?? Boolean(process.env['GITHUB_ACTIONS'])
  if (options.json) print(report, () => [], { json: true })
  else {
    // What telemetry brings is no command: a line of a statement may begin with two colons.
    const guard = isGithub ? `hotpath-${process.hrtime.bigint()}` : undefined
    if (guard !== undefined) process.stdout.write(`::stop-commands::${guard}\n`)
    print(report, drawCheck, options.ascii ? { ascii: true } : {})
    if (guard !== undefined) process.stdout.write(`::${guard}::\n`)
  }
  if (!isGithub || options.updateBaseline) return
  const root = appRoot(process.cwd())
  const workspace = process.env['GITHUB_WORKSPACE'] || root
  const out = options.json ? process.stderr : process.stdout
  for (const line of annotations(report, root, workspace)) out.write(`${line}\n`)
}

const isFine = (ending: Ending): boolean => ending.kind === 'code' && ending.code === 0

function commandEnd(ending: Ending): CommandEnd {
  return ending.kind === 'signal'
    ? { code: null, signal: ending.signal }
    : { code: ending.code, signal: null }
}

const endedHow = (ending: Ending): string =>
  ending.kind === 'signal' ? `ended by ${ending.signal}` : `failed with ${ending.code}`
