import { createHash } from 'node:crypto'
import type { Commands, Keys } from './commands.js'

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
    .runScript(hashOf(script), [key], args)
    .then(make, (error: unknown) => resend(commands, script, [key], args, error).then(make))
}

/** The same with any number of keys, told without a promise of its own. Never throws. */
export function tellScript(
  commands: Commands,
  script: string,
  keys: Keys,
  args: readonly string[],
  took: (answer: unknown) => void,
  failed: (error: unknown) => void,
): void {
  try {
    commands
      .runScript(hashOf(script), keys, args)
      .then(
        took,
        (error: unknown) => void resend(commands, script, keys, args, error).then(took, failed),
      )
  } catch (error) {
    failed(error)
  }
}

async function resend(
  commands: Commands,
  script: string,
  keys: Keys,
  args: readonly string[],
  error: unknown,
): Promise<unknown> {
  if (!/NOSCRIPT/.test(String((error as { message?: unknown } | undefined)?.message))) throw error
  return commands.run(keys[0], ['EVAL', script, String(keys.length), ...keys, ...args])
}

function hashOf(script: string): string {
  let hash = hashes.get(script)
  if (hash === undefined) {
    hash = createHash('sha1').update(script).digest('hex')
    hashes.set(script, hash)
  }
  return hash
}
