import { createHash } from 'node:crypto'
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
  return commands.runScript(hashOf(script), key, args).then(make, (error: unknown) => {
    if (!/NOSCRIPT/.test(String((error as { message?: unknown } | undefined)?.message))) throw error
    return commands.run(key, ['EVAL', script, '1', key, ...args]).then(make)
  })
}

function hashOf(script: string): string {
  let hash = hashes.get(script)
  if (hash === undefined) {
    hash = createHash('sha1').update(script).digest('hex')
    hashes.set(script, hash)
  }
  return hash
}
