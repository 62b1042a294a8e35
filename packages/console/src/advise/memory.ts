import { readFileSync, renameSync, writeFileSync } from 'node:fs'

/** More than a database has; the first that were remembered go. */
const most = 50_000

/** Beside the store, so that a store that is made anew leaves it. */
export const memoryFile = (storePath: string): string => `${storePath}.indexes.json`

/** When indexes were first seen: PostgreSQL does not say when one was made. */
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
