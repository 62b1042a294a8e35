import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
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
    // Editors of Windows write a mark of the byte order first, which JSON.parse does not take.
    const content: unknown = JSON.parse(readFileSync(path, 'utf8').replace(/^\ufeff/, ''))
    if (typeof content !== 'object' || content === null) return fail('it holds no object')
    const { version: found, findings } = content as { version?: unknown; findings?: unknown }
    if (found !== version) return fail(`it has the version ${String(found)}, known is ${version}`)
    if (!Array.isArray(findings) || !findings.every(isEntry))
      return fail('`findings` must be a list of objects with id, kind, route and subject')
    return findings
  } catch (error) {
    if (error instanceof ConsoleError) throw error
    return fail(causeOf(error))
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
  const text = `{\n  "version": ${version},\n  "findings": ${list}\n}\n`
  const part = `${path}.${process.pid}.new`
  try {
    // Put in its place whole: another check may read it now.
    writeFileSync(part, text)
    renameSync(part, path)
  } catch (error) {
    rmSync(part, { force: true })
    throw new ConsoleError('BASELINE', { file, cause: causeOf(error) })
  }
}

/** Throws a `ConsoleError` where a baseline could not be written: a suite of minutes is not run for that. */
export function checkWritable(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK)
  } catch (error) {
    throw new ConsoleError('BASELINE', { file: basename(path), cause: causeOf(error) })
  }
}

const causeOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false
  return ['id', 'kind', 'route', 'subject'].every(
    name => typeof Reflect.get(value, name) === 'string',
  )
}
