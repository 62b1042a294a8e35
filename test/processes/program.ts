import { type ChildProcess, spawn } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { root } from '../places.js'
import { until } from './until.js'

/** How a program ended, and all that it wrote. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProgramOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** What `node --import` is given to attach the recorder, as from the package. */
export const register = pathToFileURL(
  join(root, 'packages', 'hotpath', 'dist', 'bundle', 'register.js'),
).href

/** The command `hotpath`, as npm links it. */
export const hotpathBin = join(root, 'packages', 'hotpath', 'bin', 'hotpath.js')

/** A program that hangs fails its test, and says what it wrote until then; busy machines are slow. */
const deadlineMs = 300_000

/** A real process. It is ended with its test by `using`, or by `kill`. */
export class Program implements AsyncDisposable {
  stdout = ''
  stderr = ''
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess

  constructor(command: string, args: readonly string[], options: ProgramOptions = {}) {
    this.#child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...cleanEnv(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.setEncoding('utf8').on('data', text => (this.stdout += text))
    this.#child.stderr?.setEncoding('utf8').on('data', text => (this.stderr += text))
    this.ended = new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.stderr += `\n(killed by the test: not over after ${deadlineMs} ms)\n`
        this.#child.kill('SIGKILL')
      }, deadlineMs)
      this.#child.once('error', reject)
      this.#child.once('close', (code, signal) => {
        clearTimeout(deadline)
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
      })
    })
  }

  /** A Node program, on the Node that runs the test. */
  static node(args: readonly string[], options: ProgramOptions = {}): Program {
    return new Program(process.execPath, args, options)
  }

  /** Waits for a line on stdout and returns the groups of the match; rejects when the program ends first. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    const over = this.ended.then(ended => {
      throw new Error(`ended before ${pattern}: ${JSON.stringify(ended)}`)
    })
    const seen = until(
      () => pattern.exec(this.stdout),
      match => match !== null,
      `${pattern} on stdout`,
    )
    const match = await Promise.race([seen, over])
    over.catch(() => {})
    return match as RegExpExecArray
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }
}

/** The environment without what would attach, configure or disturb; this Node first in the path. */
function cleanEnv(): NodeJS.ProcessEnv {
  const env = Object.entries(process.env).filter(
    ([name]) => !/^(?:NODE_OPTIONS|NODE_TEST_CONTEXT|HOTPATH_|OTEL_|DD_|SENTRY_|npm_)/.test(name),
  )
  const folder = join(process.execPath, '..')
  return { ...Object.fromEntries(env), PATH: `${folder}:${process.env['PATH'] ?? ''}` }
}
