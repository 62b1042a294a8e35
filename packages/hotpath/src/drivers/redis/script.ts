import { createHash } from 'node:crypto'
import type { Taken } from '../../limit/buckets.js'
import type { Answered } from '../../limit/store.js'
import type { Commands } from './commands.js'

const hashes = new Map<string, string>()

/**
 * Runs a script of one key by its hash, and gives what `make` makes of the answer; with its text where the server
 * does not know it yet, or has forgotten it (SCRIPT FLUSH, another master).
 */
export function runScript<T>(
  commands: Commands,
  script: string,
  key: string,
  args: readonly string[],
  make: (answer: unknown) => T,
): Promise<T> {
  return commands
    .runScript(hashOf(script), key, args)
    .then(make, (error: unknown) => resend(commands, script, key, args, error).then(make))
}

/** The same, told without a promise of its own. */
export function tellScript(
  commands: Commands,
  script: string,
  key: string,
  args: readonly string[],
  make: (answer: unknown) => Taken,
  answered: Answered,
): void {
  commands.runScript(hashOf(script), key, args).then(
    answer => told(make, answer, answered),
    (error: unknown) =>
      void resend(commands, script, key, args, error).then(
        answer => told(make, answer, answered),
        again => answered.failed(again),
      ),
  )
}

function told(make: (answer: unknown) => Taken, answer: unknown, answered: Answered): void {
  let taken: Taken
  try {
    taken = make(answer)
  } catch (error) {
    // The server answers with what is no answer.
    return answered.failed(error)
  }
  answered.took(taken)
}

async function resend(
  commands: Commands,
  script: string,
  key: string,
  args: readonly string[],
  error: unknown,
): Promise<unknown> {
  if (!/NOSCRIPT/.test(String((error as { message?: unknown } | undefined)?.message))) throw error
  return commands.run(key, ['EVAL', script, '1', key, ...args])
}

function hashOf(script: string): string {
  let hash = hashes.get(script)
  if (hash === undefined) {
    hash = createHash('sha1').update(script).digest('hex')
    hashes.set(script, hash)
  }
  return hash
}
