import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { FindingRecord } from './records.js'

/** Where the records of a store are: beside it, so that a store that is made anew leaves them. */
export const recordsFile = (storePath: string): string => `${storePath}.findings.json`

/** None where there is no file, or none that can be understood: they are found again. */
export function readRecords(path: string): readonly FindingRecord[] {
  try {
    const { version, records } = JSON.parse(readFileSync(path, 'utf8')) as {
      version?: unknown
      records?: unknown
    }
    return version === 1 && Array.isArray(records) && records.every(isRecord)
      ? records.map(completed)
      : []
  } catch {
    return []
  }
}

/** Written whole and put in its place: the old or the new one after a crash, never a half. */
export function writeRecords(path: string, records: readonly FindingRecord[]): void {
  writeFileSync(`${path}.new`, JSON.stringify({ version: 1, records }), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

const texts = ['id', 'kind', 'service', 'route', 'subject', 'title'] as const
const numbers = ['sinceMs', 'firstMs', 'lastSeenMs', 'unseen', 'returns'] as const

function isRecord(value: unknown): value is FindingRecord {
  if (typeof value !== 'object' || value === null) return false
  return (
    texts.every(name => typeof Reflect.get(value, name) === 'string') &&
    numbers.every(name => Number.isFinite(Reflect.get(value, name))) &&
    ['open', 'fixed', 'regressed'].includes(String(Reflect.get(value, 'status')))
  )
}

/** Records of earlier versions tell neither how many traces were looked at nor what became of them. */
function completed(record: FindingRecord): FindingRecord {
  const { looked, history } = record as Partial<FindingRecord>
  return {
    ...record,
    looked: Number.isFinite(looked) ? (looked ?? 0) : 0,
    history: Array.isArray(history) ? history : [],
  }
}
