import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { ConsoleError } from '../errors.js'
import { type Entry, inOrder } from './entry.js'

/** Committed beside package.json: the findings that are known, and do not fail a build. */
export const baselineName = 'hotpath-baseline.json'

const version = 1

/** The known findings; none without a file. Throws a `ConsoleError` for a file that is none of ours. */
export function readBaseline(path: string): readonly Entry[] {
  if (!existsSync(path)) return []
  const file = basename(path)
  const fail = (cause: string): never => {
    throw new ConsoleError('BASELINE', { file, cause })
  }
  try {
    const { version: found, findings } = JSON.parse(readFileSync(path, 'utf8')) as {
      version?: unknown
      findings?: unknown
    }
    if (found !== version) return fail(`it has the version ${String(found)}, known is ${version}`)
    if (!Array.isArray(findings) || !findings.every(isEntry))
      return fail('`findings` must be a list of objects with id, kind, route and subject')
    return findings
  } catch (error) {
    if (error instanceof ConsoleError) throw error
    return fail(error instanceof Error ? error.message.replace(/\.$/, '') : String(error))
  }
}

/** One finding a line in an order that stays, so that a diff shows what came and what went. */
export function writeBaseline(path: string, entries: readonly Entry[]): void {
  const once = new Map(entries.map(entry => [entry.id, entry]))
  const lines = inOrder([...once.values()]).map(({ id, kind, route, subject }) => {
    return `    ${JSON.stringify({ id, kind, route, subject })}`
  })
  const list = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`
  const file = basename(path)
  try {
    writeFileSync(path, `{\n  "version": ${version},\n  "findings": ${list}\n}\n`)
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new ConsoleError('BASELINE', { file, cause })
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false
  return ['id', 'kind', 'route', 'subject'].every(
    name => typeof Reflect.get(value, name) === 'string',
  )
}
