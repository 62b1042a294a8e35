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
    return version === 1 && Array.isArray(records) && records.every(isRecord) ? records : []
  } catch {
    return []
  }
}

/** Written whole and put in its place: the old or the new one after a crash, never a half. */
export function writeRecords(path: string, records: readonly FindingRecord[]): void {
  writeFileSync(`${path}.new`, JSON.stringify({ version: 1, records }), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

function isRecord(value: unknown): value is FindingRecord {
  if (typeof value !== 'object' || value === null) return false
  const { id, status, sinceMs, unseen } = value as Partial<FindingRecord>
  return (
    typeof id === 'string' &&
    ['open', 'fixed', 'regressed'].includes(String(status)) &&
    typeof sinceMs === 'number' &&
    typeof unseen === 'number'
  )
}
