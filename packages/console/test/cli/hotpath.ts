import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../bin/hotpath-console.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  readonly ended: Promise<Ended>
  /** Resolves when a pattern has been printed, on either output. Rejects when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
}

/** Starts the command line as a user would, in a directory, with no colour and no console around. */
export function hotpath(
  args: readonly string[],
  directory: string,
  environment: NodeJS.ProcessEnv = {},
): Running {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: directory,
    env: { ...withoutOurs(process.env), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  const waiting = new Set<() => void>()
  const note = () => {
    for (const look of waiting) look()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => ((stdout += text), note()))
  child.stderr.setEncoding('utf8').on('data', (text: string) => ((stderr += text), note()))
  const ended = new Promise<Ended>(resolve => {
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return {
    pid: child.pid ?? 0,
    ended,
    kill: signal => void child.kill(signal),
    printed: pattern =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(stdout + stderr)
          if (!match) return
          waiting.delete(look)
          resolve(match)
        }
        waiting.add(look)
        look()
        void ended.then(() => reject(new Error(`ended before ${pattern}: ${stdout}${stderr}`)))
      }),
  }
}

/** What the test runner and this machine have set must not decide how the command behaves. */
function withoutOurs(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(HOTPATH_|OTEL_|npm_|NODE_OPTIONS$|NODE_TEST|NO_COLOR$|FORCE_COLOR$)/
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ours.test(name)))
}
