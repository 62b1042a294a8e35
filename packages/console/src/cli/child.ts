import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { plain } from './draw/text.js'

/** How a command ended. `failed`: it never ran, and `code` is what a shell would say. */
export type Ending =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals; readonly number: number }
  | { readonly kind: 'failed'; readonly code: 126 | 127; readonly message: string }

/** Signals that are meant for the command: to stop, to reload, to dump. */
const passedOn: readonly NodeJS.Signals[] = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR2',
  ...(process.platform === 'win32' ? (['SIGBREAK'] as const) : []),
]

/** From a keyboard these go to all of the terminal's foreground processes, so the command has them already. */
const fromKeyboard = new Set<NodeJS.Signals>(['SIGINT', 'SIGQUIT'])

/**
 * Runs a command without a shell, on our own input and output, and passes signals on until it ends.
 *
 * @param output Where its standard output goes: to ours, or to our standard error where ours has an answer.
 */
export function runChild(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  output: 'stdout' | 'stderr' = 'stdout',
): Promise<Ending> {
  const [file = '', ...args] = command
  return new Promise(resolve => {
    const child = spawn(file, args, { stdio: ['inherit', output === 'stdout' ? 1 : 2, 2], env })
    const listeners = passedOn.map(signal => {
      const pass = (): void => {
        if (!(process.stdin.isTTY && fromKeyboard.has(signal))) child.kill(signal)
      }
      process.on(signal, pass)
      return () => process.off(signal, pass)
    })
    const end = (ending: Ending): void => {
      // While the rest is done a signal ends us as it would any program.
      for (const remove of listeners) remove()
      resolve(ending)
    }
    child.once('error', (error: NodeJS.ErrnoException) => end(failure(file, error)))
    child.once('exit', (code, signal) =>
      end(
        signal === null
          ? { kind: 'code', code: code ?? 0 }
          : { kind: 'signal', signal, number: constants.signals[signal] },
      ),
    )
  })
}

function failure(file: string, error: NodeJS.ErrnoException): Ending {
  const name = plain(file)
  if (error.code === 'ENOENT') {
    const hint = /^\w+=/.test(file)
      ? `Variables go before hotpath: ${name} hotpath dev -- node app.js`
      : 'Behind -- stands a command and its arguments: hotpath dev -- node app.js'
    return { kind: 'failed', code: 127, message: `${name}: command not found. ${hint}` }
  }
  const cause = error.code === 'EACCES' ? 'it is not executable' : (error.code ?? error.message)
  return { kind: 'failed', code: 126, message: `${name} cannot be run: ${cause}.` }
}
