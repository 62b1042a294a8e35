import type { Command } from 'commander'
import type { AlertsAnswer } from '../api/answers.js'
import { readConfig, resolveConfig } from '../config.js'
import { ConsoleError } from '../errors.js'
import { notifiersOf } from '../watch/notify/notifier.js'
import { tryNotifiers } from '../watch/try.js'
import { type AskOptions, asking } from './asking.js'
import { drawAlerts, drawTrials } from './draw/alerts.js'
import { print } from './output.js'

interface AlertsOptions extends Omit<AskOptions, 'since' | 'store'> {
  readonly test?: boolean
}

/** `hotpath alerts`: what the rules of the config say; `--test` tries the notifiers. */
export function addAlerts(program: Command): void {
  program
    .command('alerts')
    .description('what the alerts of the config say, those that fire first')
    .option('--test', 'send a test message to each notifier, and say what came back')
    .option('--service <name>', 'only of this service')
    .option('--json', 'the answer as JSON (its shapes: docs/cli.md)')
    .option('--ascii', 'no signs outside of ASCII')
    .option('--url <url>', 'ask this console (HOTPATH_URL; else http://127.0.0.1:4318)')
    .addHelpText(
      'after',
      `
Examples:
  hotpath alerts
  hotpath alerts --test      with hotpath.console.config.* of this directory`,
    )
    .action((options: AlertsOptions) =>
      options.test ? test(options) : asking(options, ask => list(ask, options)),
    )
}

async function list(
  ask: <Answer>(path: string, parameters: Record<string, string>) => Promise<Answer>,
  options: AlertsOptions,
): Promise<void> {
  const { service } = options
  const answer = await ask<AlertsAnswer>('alerts', service === undefined ? {} : { service })
  const none = answer.alerts.length === 0 && service === undefined && !options.json
  const unread = none ? await configured() : 0
  print(answer, (alerts, screen) => drawAlerts(alerts, screen, unread), options)
}

/** Rules that the config of this directory has: the console has read it at its start alone. */
async function configured(): Promise<number> {
  const { alerts } = resolveConfig({}, await readConfig(process.cwd()))
  return Object.keys(alerts).length
}

/** From here, not from the console: it works before the console is started with the config. */
async function test(options: AlertsOptions): Promise<void> {
  const directory = process.cwd()
  const config = resolveConfig({}, await readConfig(directory))
  const { notifiers, off } = notifiersOf(config.notify)
  if (notifiers.length === 0 && off.length === 0)
    throw new ConsoleError('NOTIFIERS_MISSING', { directory })
  const url = config.url ?? `http://127.0.0.1:${config.port || 4318}`
  const trials = await tryNotifiers(notifiers, url, Date.now())
  print({ trials, notes: off }, drawTrials, options)
  if (off.length > 0 || trials.some(({ error }) => error !== null)) process.exitCode = 2
}
