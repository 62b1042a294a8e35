import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Index, Table } from './catalog.js'

/** More than a database has; the first that were remembered go. */
const most = 50_000

/** Beside the store, so that a store that is made anew leaves it. */
export const memoryFile = (storePath: string): string => `${storePath}.indexes.json`

/** When indexes were first seen: no server says when one was made. */
export class IndexMemory {
  readonly #first: Map<string, number>
  #isNew = false

  /** Of this file, which need not be there yet. */
  constructor(private readonly file: string) {
    this.#first = read(file)
  }

  /** Since when it is known to be there: from now on, if it was not. */
  firstSeenMs(index: string, nowMs: number): number {
    const known = this.#first.get(index)
    if (known !== undefined) return known
    this.#first.set(index, nowMs)
    this.#isNew = true
    return nowMs
  }

  /** Written whole and put in its place; nothing is written when nothing is new. */
  save(): void {
    if (!this.#isNew) return
    const indexes = [...this.#first].slice(-most)
    writeFileSync(`${this.file}.new`, JSON.stringify({ version: 1, indexes }), { mode: 0o600 })
    renameSync(`${this.file}.new`, this.file)
    this.#isNew = false
  }
}

/**
 * For how many days each of these is known to be there. `keyOf` names an index among all that are remembered; one
 * that is new is there from now on.
 */
export function knownDays(
  memory: IndexMemory | undefined,
  tables: readonly Table[],
  keyOf: (table: Table, index: Index) => readonly unknown[],
): (index: Index) => number {
  const days = new Map<Index, number>()
  const nowMs = Date.now()
  for (const table of memory === undefined ? [] : tables)
    for (const index of table.indexes) {
      const key = JSON.stringify(keyOf(table, index))
      days.set(index, (nowMs - (memory?.firstSeenMs(key, nowMs) ?? nowMs)) / 86_400_000)
    }
  return index => days.get(index) ?? 0
}

/** Nothing where there is no file, or none that can be understood: then all of it is new. */
function read(file: string): Map<string, number> {
  try {
    const { version, indexes } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    if (version !== 1 || !Array.isArray(indexes)) return new Map()
    return new Map(indexes.filter(isEntry))
  } catch {
    return new Map()
  }
}

const isEntry = (value: unknown): value is [string, number] =>
  Array.isArray(value) && typeof value[0] === 'string' && Number.isFinite(value[1])
