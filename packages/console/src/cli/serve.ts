import type { Command } from 'commander'
import type { ConsoleConfig } from '../config.js'
import { startConsole } from '../console.js'
import { portNumber } from './numbers.js'
import { tell } from './output.js'

/** Options that both `serve` and `dev` have. */
export interface ServeOptions {
  readonly port?: number
  readonly host?: string
  readonly store?: string
}

/** `hotpath serve`: the console alone, until it is told to stop. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run the console alone: apps send to it, commands ask it')
    .option('--port <port>', 'where to listen (4318)', portNumber)
    .option('--host <address>', 'at which address (127.0.0.1); another needs a token')
    .option('--store <file>', 'where to keep what was recorded (.hotpath/store.duckdb)')
    .addHelpText(
      'after',
      `
Examples:
  hotpath serve --port 4400
  HOTPATH_ENDPOINT=http://127.0.0.1:4400 node --import hotpath/register app.js`,
    )
    .action(serve)
}

async function serve(options: ServeOptions): Promise<void> {
  const running = await startConsole(configOf(options))
  const stopped = untilStopped()
  const { path } = await running.store.status()
  tell(`console at ${running.url} (open it in a browser), store ${path}. Ctrl-C ends it.`)
  await stopped
  await running.close()
}

/** What flags say, in the words of the config. */
export function configOf({ port, host, store }: ServeOptions): ConsoleConfig {
  return {
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
    ...(store === undefined ? {} : { store: { path: store } }),
  }
}

/** Resolves at the first signal to stop; a second one ends the process at once. */
function untilStopped(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => resolve())
  })
}
