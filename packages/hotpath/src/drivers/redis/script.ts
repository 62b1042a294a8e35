import { createHash } from 'node:crypto'
import type { Commands } from './commands.js'

const hashes = new Map<string, string>()

/**
 * Runs a script of one key by its hash; with its text where the server does not know it yet, or has forgotten
 * it (SCRIPT FLUSH, another master).
 */
export function runScript(
  commands: Commands,
  script: string,
  key: string,
  args: readonly string[],
): Promise<unknown> {
  return commands
    .run(key, ['EVALSHA', hashOf(script), '1', key, ...args])
    .catch((error: unknown) => {
      if (!/NOSCRIPT/.test(String((error as { message?: unknown } | undefined)?.message)))
        throw error
      return commands.run(key, ['EVAL', script, '1', key, ...args])
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
