import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { callingFiles } from '../../trace/call-site.js'

/** A bundle over this is not searched. */
const MAX_BYTES = 50_000_000

/** Where a package lies below one of the app's folders. */
const API = 'node_modules/@opentelemetry/api'

/**
 * The version of the copy of @opentelemetry/api that is at work right now, told from the file that
 * called us: that of its package, or, in a bundle, the version text that stands before the API's own
 * name. Code that a bundler or the app evaluates has no file: then the copy that its name tells of, or
 * the one that is installed for the app. Undefined when none is found. Called once or twice in a process.
 */
export function registrantVersion(): string | undefined {
  const callers = callingFiles()
  for (const caller of callers.slice(0, 3)) {
    const file = caller.startsWith('file:') ? fileURLToPath(caller) : caller
    const version = packageVersion(file) ?? bundledVersion(file) ?? namedVersion(caller)
    if (version !== undefined) return version
  }
  return installedVersion(API)
}

/** `webpack-internal:///(rsc)/./node_modules/a/node_modules/@opentelemetry/api/build/esm/trace.js` */
function namedVersion(name: string): string | undefined {
  const at = name.indexOf('node_modules/')
  const end = name.lastIndexOf(API)
  return at < 0 || end < at ? undefined : installedVersion(name.slice(at, end) + API)
}

/** Of a package below the folder of the app's script, of the working directory, or of one above them. */
function installedVersion(path: string): string | undefined {
  const script = process.argv[1]
  for (const start of [...(script === undefined ? [] : [dirname(script)]), process.cwd()]) {
    for (let folder = start; ; folder = dirname(folder)) {
      const version = packageVersion(join(folder, path, 'index.js'))
      if (version !== undefined) return version
      if (folder === dirname(folder)) break
    }
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
