import { Command, CommanderError } from 'commander'
import { ConsoleError } from '../errors.js'
import { version } from '../version.js'
import { addAlerts } from './alerts.js'
import { addCheck } from './check.js'
import { addListings } from './commands.js'
import { addDev } from './dev.js'
import { plain } from './draw/text.js'
import { addIndex } from './index-advice.js'
import { addExport } from './export.js'
import { addMcp } from './mcp.js'
import { addTriggers } from './triggers.js'
import { endWithReader, tell } from './output.js'
import { addServe } from './serve.js'

/** Fine; a finding is over the budget of `--fail-on`; our error or a mistake in the command. */
export const exitCodes = { fine: 0, overBudget: 1, error: 2 } as const

const examples = `
Examples:
  hotpath dev -- npm start        run an app and watch it
  hotpath findings                what makes it slow
  hotpath check -- npm test       fail a build on new findings
  hotpath show 3fa91c20           why, where and what to do
  hotpath trace 4bf92f35          one request as a waterfall

Commands ask the running console, or read its store when none runs.
Exit codes: 0 fine, 1 findings over the budget of --fail-on, 2 an error.
NO_COLOR and FORCE_COLOR are honoured.`

/** Runs a command line and sets the exit code; never throws. */
export async function run(args: readonly string[]): Promise<void> {
  endWithReader()
  try {
    await programOf().parseAsync(args, { from: 'user' })
  } catch (error) {
    process.exitCode = exitCodeOf(error)
  }
}

function programOf(): Command {
  const program = new Command('hotpath')
    .description('Sees where the time of an API goes and finds what makes it slow.')
    .version(version, '-v, --version', 'the version of the console')
    .helpCommand('help [command]', 'what a command does, and its options')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'hotpath: ')) })
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError('(--help says more)')
    .exitOverride()
    .addHelpText('after', examples)
  addDev(program)
  addServe(program)
  addCheck(program)
  addListings(program)
  addIndex(program)
  addAlerts(program)
  addTriggers(program)
  addExport(program)
  addMcp(program)
  return program
}

function exitCodeOf(error: unknown): number {
  // Commander has said what is wrong; help and version end with 0.
  if (error instanceof CommanderError)
    return error.exitCode === 0 ? exitCodes.fine : exitCodes.error
  if (error instanceof ConsoleError) {
    tell(plain(error.message))
    return error.exitCode
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  tell(`this is a fault of ours, please report it: ${text}`)
  return exitCodes.error
}
