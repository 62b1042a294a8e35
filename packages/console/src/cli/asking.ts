import type { Command } from 'commander'
import { defaultSince } from '../api/window.js'
import { type Ask, withAnswers } from './ask.js'
import { type OutputOptions, tell } from './output.js'

/** What every command that asks can be told. */
export interface AskOptions extends OutputOptions {
  readonly since?: string
  readonly service?: string
  readonly url?: string
  readonly store?: string
}

export const sinceHelp = 'how far back: 90s, 15m, 2h, 3d, or a time such as 2026-11-24T10:00'

/** A command that lists what is in a window. */
export function listing(
  program: Command,
  name: string,
  description: string,
  example: string,
): Command {
  return output(program.command(name).description(description), example)
    .option('--since <time>', sinceHelp, defaultSince)
    .option('--service <name>', 'only of this service')
}

/** A command about one id. */
export function single(
  program: Command,
  name: string,
  description: string,
  example: string,
): Command {
  const command = program.command(name).description(description)
  return output(command, example).argument('<id>', 'its id, or the first digits of it')
}

function output(command: Command, example: string): Command {
  return command
    .option('--json', 'the answer as JSON (its shapes: docs/cli.md)')
    .option('--ascii', 'no signs outside of ASCII')
    .option('--url <url>', 'ask this console (HOTPATH_URL; else http://127.0.0.1:4318)')
    .option('--store <file>', 'read this store file instead of asking a console')
    .addHelpText('after', `\nExample:\n  hotpath ${example}`)
}

/** The options that each answer about a window takes. */
export function filters({ since, service }: AskOptions): Record<string, string> {
  return {
    ...(since === undefined ? {} : { since }),
    ...(service === undefined ? {} : { service }),
  }
}

/** Runs `use` with answers from where the options say. */
export function asking(options: AskOptions, use: (ask: Ask) => Promise<void>): Promise<void> {
  const { url, store } = options
  return withAnswers(
    {
      ...(url === undefined ? {} : { url }),
      ...(store === undefined ? {} : { store }),
      directory: process.cwd(),
      environment: process.env,
      tell,
    },
    use,
  )
}
