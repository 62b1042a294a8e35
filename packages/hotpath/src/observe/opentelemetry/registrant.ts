import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { callingFiles } from '../../trace/call-site.js'

/** A bundle over this is not searched. */
const MAX_BYTES = 50_000_000

/**
 * The version of the copy of @opentelemetry/api that is registering something right now, told from
 * the file that called us: that of its package, or, in a bundle, the version text that stands before
 * the API's own name. Undefined when neither is found. Called once, when an SDK starts.
 */
export function registrantVersion(): string | undefined {
  for (const caller of callingFiles().slice(0, 3)) {
    const file = caller.startsWith('file:') ? fileURLToPath(caller) : caller
    const version = packageVersion(file) ?? bundledVersion(file)
    if (version !== undefined) return version
  }
  return undefined
}

function packageVersion(file: string): string | undefined {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const text = readFileSync(join(folder, 'package.json'), 'utf8')
      const { name, version } = JSON.parse(text) as { name?: string; version?: string }
      if (name !== undefined) return name === '@opentelemetry/api' ? version : undefined
    } catch {
      // No package here: one folder up.
    }
  }
  return undefined
}

function bundledVersion(file: string): string | undefined {
  try {
    if (statSync(file).size > MAX_BYTES) return undefined
    const text = readFileSync(file, 'utf8')
    const end = text.indexOf('opentelemetry.js.api.')
    if (end < 0) return undefined
    return [...text.slice(0, end).matchAll(/["'`](1\.\d{1,3}\.\d{1,3})["'`]/g)].at(-1)?.[1]
  } catch {
    return undefined
  }
}
