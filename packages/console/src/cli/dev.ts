import type { Command } from 'commander'
import type { FindingsAnswer } from '../api/answers.js'
import { counted } from '../diagnose/figures.js'
import { startConsole } from '../console.js'
import { ConsoleError } from '../errors.js'
import { withAnswers } from './ask.js'
import { type Ending, runChild } from './child.js'
import { tell } from './output.js'
import { attached } from './recorder.js'
import { portNumber } from './numbers.js'
import { configOf, type ServeOptions } from './serve.js'

/** `hotpath dev -- COMMAND`: the console, and a command with the recorder attached. */
export function addDev(program: Command): void {
  program
    .command('dev')
    .description('run any Node command with the recorder attached, and the console beside it')
    .argument('<command...>', 'the command, behind --')
    .option(
      '--port <port>',
      'where the console listens (4318); one that runs there is used',
      portNumber,
    )
    .option('--store <file>', 'where to keep what was recorded (.hotpath/store.duckdb)')
    .passThroughOptions()
    .addHelpText(
      'after',
      `
Examples:
  hotpath dev -- npm start
  hotpath dev -- node --watch src/server.js

The command's exit code or signal becomes ours; 127 when it is not found, 126
when it cannot be run. Signals are passed on.`,
    )
    .action(dev)
}

/** Counting the findings of a long run takes a second; the summary is not worth more. */
const summaryMs = 5_000

async function dev(command: readonly string[], options: ServeOptions): Promise<void> {
  const startedMs = Date.now()
  const environment = attached(process.env, process.cwd())
  const { url, close } = await consoleFor(options)
  const ending = await runChild(command, {
    ...environment,
    HOTPATH_ENDPOINT: url,
    HOTPATH_MODE: 'dev',
  })
  if (ending.kind === 'failed') tell(ending.message)
  else await summarise(url, startedMs)
  await close()
  endAs(ending)
}

/** A console of our own, or the one that has the port. */
async function consoleFor(options: ServeOptions): Promise<{ url: string; close(): Promise<void> }> {
  try {
    const running = await startConsole(configOf(options))
    tell(`console at ${running.url}`)
    return running
  } catch (error) {
    if (!(error instanceof ConsoleError) || error.code !== 'PORT_IN_USE') throw error
    const facts = (error as ConsoleError<'PORT_IN_USE'>).facts
    if (facts.console === null) throw error
    const url = `http://${facts.host}:${facts.port}`
    tell(`console at ${url} (it was running: ${facts.console})`)
    return { url, close: () => Promise.resolve() }
  }
}

/** One line: how much was found, and the command that shows it. Never changes how the command ended. */
async function summarise(url: string, startedMs: number): Promise<void> {
  const since = new Date(startedMs).toISOString()
  try {
    const { findings, requests } = await withTimeout(askFindings(url, since))
    const where = `hotpath findings --since ${lengthSince(startedMs)}`
    if (requests === 0) tell('no requests were recorded.')
    else if (findings.length === 0)
      tell(`nothing found in ${counted(requests, 'request')}. See: hotpath routes`)
    else
      tell(
        `${counted(findings.length, 'finding')} in ${counted(requests, 'request')}. See: ${where}`,
      )
  } catch (error) {
    tell(`the findings could not be counted: ${error instanceof Error ? error.message : error}`)
  }
}

function askFindings(url: string, since: string): Promise<FindingsAnswer> {
  const source = { url, directory: process.cwd(), environment: process.env, tell }
  return withAnswers(source, ask => ask<FindingsAnswer>('findings', { since }))
}

/** Whole minutes that reach back to the start, with one to type the command in. */
function lengthSince(startedMs: number): string {
  const minutes = Math.ceil((Date.now() - startedMs) / 60_000) + 1
  return minutes <= 120 ? `${Math.max(15, minutes)}m` : `${Math.ceil(minutes / 60)}h`
}

async function withTimeout<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it took too long')), summaryMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Ends as the command ended: by its code, or by its signal, so that a shell sees the same. */
function endAs(ending: Ending): void {
  if (ending.kind === 'signal') {
    // Without listeners the signal does to us what it did to the command.
    process.removeAllListeners(ending.signal)
    process.kill(process.pid, ending.signal)
    // A signal that this platform does not end by: the shell's spelling of it.
    process.exitCode = 128 + ending.number
  } else process.exitCode = ending.code
}
