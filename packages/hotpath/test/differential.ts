import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const register = new URL('../dist/register.js', import.meta.url).href

/** How a program ended, and what it said. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Program {
  readonly file: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Sent when the program prints a line with `ready`. */
  readonly signal?: NodeJS.Signals
}

/** Runs an app of `test/apps` twice, without and with the recorder. */
export async function bothWays(
  program: Program,
): Promise<{ readonly bare: Ending; readonly attached: Ending }> {
  return {
    bare: await run(program, []),
    attached: await run(program, ['--import', register]),
  }
}

/** Runs an app of `test/apps` to its end. */
export function run(program: Program, nodeArgs: readonly string[]): Promise<Ending> {
  const path = fileURLToPath(new URL(`../test/apps/${program.file}`, import.meta.url))
  const child = spawn(process.execPath, [...nodeArgs, path, ...(program.args ?? [])], {
    env: { ...process.env, ...program.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += String(chunk)
    if (program.signal !== undefined && stdout === 'ready\n') child.kill(program.signal)
  })
  child.stderr.on('data', chunk => {
    stderr += String(chunk)
  })
  return new Promise(resolve => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

/** An error as Node prints it, without the frames: between them ours would stand. */
export function withoutFrames(stderr: string): string {
  return stderr
    .split('\n')
    .filter(line => !/^\s+at /.test(line))
    .join('\n')
    .replace(/\(node:\d+\)/g, '(node)')
}
