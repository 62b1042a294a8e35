import { readFileSync, rmSync, writeFileSync } from 'node:fs'

/**
 * A console says beside its store where it answers, so that commands given in the same directory ask it
 * and not another project's that has the usual port. The file of a console that was killed stays; who
 * reads it asks whether somebody is there.
 */
const fileOf = (storePath: string): string => `${storePath}.console.json`

/** Writes down where the console of this store answers; returns what removes that again. */
export function announce(storePath: string, url: string): () => void {
  const file = fileOf(storePath)
  try {
    writeFileSync(file, `${JSON.stringify({ url, pid: process.pid })}\n`)
  } catch {
    // Without it commands need --url: no reason not to run.
    return () => undefined
  }
  return () => rmSync(file, { force: true })
}

/** The address that was written down for this store, if any. */
export function announced(storePath: string): string | undefined {
  try {
    const { url } = JSON.parse(readFileSync(fileOf(storePath), 'utf8')) as { url?: unknown }
    return typeof url === 'string' && /^http:\/\/[^/\s]+$/.test(url) ? url : undefined
  } catch {
    return undefined
  }
}
