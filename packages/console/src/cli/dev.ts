import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Command } from 'commander'
import type { FindingsAnswer } from '../api/answers.js'
import { counted } from '../diagnose/figures.js'
import { readConfig, resolveConfig } from '../config.js'
import { startConsole } from '../console.js'
import { ConsoleError } from '../errors.js'
import { withAnswers } from './ask.js'
import { type Ending, runChild } from './child.js'
import { tell } from './output.js'
import { attached } from './recorder.js'
import { portNumber } from './numbers.js'
import { configOf, type ServeOptions } from './serve.js'
import { suggesting } from './suggest.js'

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
  const { url, store, close } = await consoleFor(options)
  const ending = await runChild(command, {
    ...environment,
    HOTPATH_ENDPOINT: url,
    HOTPATH_MODE: 'dev',
    ...(await tokenHeader()),
  })
  if (ending.kind === 'failed') tell(ending.message)
  else await summarise(url, store, startedMs)
  await close()
  endAs(ending)
}

/** What the app must send to a console that asks for a token. */
async function tokenHeader(): Promise<Record<string, string>> {
  const { token } = resolveConfig({}, await readConfig(process.cwd()))
  return token === undefined
    ? {}
    : { HOTPATH_HEADERS: `authorization=${encodeURIComponent(`Bearer ${token}`)}` }
}

interface ConsoleHere {
  readonly url: string
  /** The store that stays when the console is closed; undefined: a console that runs on has it. */
  readonly store: string | undefined
  close(): Promise<void>
}

/** A console of our own, or the one that has the port. */
async function consoleFor(options: ServeOptions): Promise<ConsoleHere> {
  try {
    return await ownConsole(options)
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error
    if (error.code === 'STORE_DIRECTORY' && options.store === undefined)
      return await passingConsole(options, error)
    if (error.code !== 'PORT_IN_USE') throw error
    const facts = (error as ConsoleError<'PORT_IN_USE'>).facts
    if (facts.console === null) throw error
    const url = `http://${facts.host}:${facts.port}`
    tell(`console at ${url} (it was running: ${facts.console})`)
    return { url, store: undefined, close: () => Promise.resolve() }
  }
}

async function ownConsole(options: ServeOptions): Promise<ConsoleHere> {
  const running = await startConsole(configOf(options))
  const { path } = await running.store.status()
  tell(`console at ${running.url}`)
  return { url: running.url, store: path, close: () => running.close() }
}

/** Where this directory cannot be written, as in a container: the app runs all the same. */
async function passingConsole(options: ServeOptions, error: ConsoleError): Promise<ConsoleHere> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    const own = await ownConsole({ ...options, store: join(folder, 'store.duckdb') })
    tell(`${error.message} Until then what is recorded is kept in ${folder}, and goes at the end.`)
    return { ...own, store: undefined, close: () => own.close().then(remove) }
  } catch (failure) {
    remove()
    throw failure
  }
}

/** One line: how much was found, and the command that shows it. Never changes how the command ended. */
async function summarise(url: string, store: string | undefined, startedMs: number): Promise<void> {
  const since = new Date(startedMs).toISOString()
  try {
    const { findings, requests } = await withTimeout(askFindings(url, since))
    // Once this console is gone, the store answers.
    const from = store === undefined ? { url } : { store: relative('', store) }
    const see = suggesting({ ...from, since: lengthSince(startedMs) }, process.env)
    if (requests === 0) tell('no requests were recorded.')
    else if (findings.length === 0)
      tell(`nothing found in ${counted(requests, 'request')}. See: ${see('hotpath routes')}`)
    else
      tell(
        `${counted(findings.length, 'finding')} in ${counted(requests, 'request')}. See: ${see('hotpath findings')}`,
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
export function endAs(ending: Ending): void {
  if (ending.kind === 'signal') {
    // Without listeners the signal does to us what it did to the command.
    process.removeAllListeners(ending.signal)
    process.kill(process.pid, ending.signal)
    // A signal that this platform does not end by: the shell's spelling of it.
    process.exitCode = 128 + ending.number
  } else process.exitCode = ending.code
}
