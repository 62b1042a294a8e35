import type { CachedAnswer, StatementCache } from '../config/statement-cache.js'
import type { Described } from './catalog.js'
import { takeNext } from '../cache/second-chance.js'
import type { Strictness } from '../cache/strict/strictness.js'
import type { Defects } from './defects.js'
import { mayMean, type TableNames } from './table-names.js'
import { isFresh, type Noted, versionsOf } from './invalidation/noted.js'
import type { Field } from './pg/answer.js'
import type { TableCacheSettings } from './policy.js'

/** A read of which it was noted, before it was asked for, what it reads. */
export interface NotedRead {
  readonly key: string
  noted?: Noted | undefined
  /** The same in the versions of now. */
  note?(): Noted | undefined
  /** How the database described it when it was asked for. */
  readonly described?: Described
  /** Shadow mode: what would have been given. */
  expected?: Kept | undefined
}

/** An answer with what it was read from, for who is given it. */
export interface NotedAnswer extends CachedAnswer {
  readonly noted?: Noted | undefined
}

interface Kept {
  readonly answer: NotedAnswer
  readonly atMs: number
  readonly bytes: number
  readonly noted: Noted
  /** The description that its columns were held against last, and fitted. */
  fitted: Described | undefined
  /** Given since it came. */
  used: boolean
  readonly key: string
}

/** What one answer may hold of all: a table that is read whole shall not push out all others. */
const LARGEST = 1 / 8

/** Where the counts go; docs/architecture.md says what they mean. */
export type CountResult = (
  what: 'hits' | 'misses' | 'dropped' | 'shadow.hits' | 'shadow.stale',
  n: number,
) => void

/**
 * Answers of reads on the tables that the config names, in the memory of this process. They are dropped
 * by what was written, when they are asked for: a write costs the same however many answers it makes old.
 */
export class ResultCache implements StatementCache {
  private readonly kept = new Map<string, Kept>()
  private bytes = 0

  constructor(
    private readonly settings: TableCacheSettings,
    private readonly now: () => number,
    private readonly count: CountResult,
    private readonly defects: Defects,
    /** Of the tables that the config names, those that nothing is called. */
    readonly names: TableNames,
    private readonly strict: () => Strictness | undefined,
  ) {}

  /** Whether reads of these tables, as a statement names them, are kept. */
  covers(relations: readonly string[]): boolean {
    const names = relations.map(plainName)
    this.names.meet(names)
    return names.length > 0 && names.every(name => this.isListed(name))
  }

  private isListed(name: string): boolean {
    return this.settings.tables.some(table => mayMean(table, name))
  }

  ask(read: NotedRead): NotedAnswer | undefined | Promise<NotedAnswer | undefined> {
    const { key } = read
    const kept = this.kept.get(key)
    const strict = this.strict()
    if (strict !== undefined) return this.askStrictly(read, kept, strict)
    return this.answer(read, kept)
  }

  /**
   * What is kept and good without asking anybody, in columns as they are `described`. What is not is neither
   * counted nor dropped.
   */
  atHand(key: string, described: Described): NotedAnswer | undefined {
    const kept = this.kept.get(key)
    if (kept === undefined || this.settings.shadow || this.strict() !== undefined) return undefined
    if (!this.isGood(kept)) return undefined
    if (kept.fitted !== described) {
      if (!fits(described, kept.answer)) return undefined
      kept.fitted = described
    }
    return this.give(kept)
  }

  /** What is kept is good if the store says so. What is not there is noted in versions that the store has. */
  private askStrictly(
    read: NotedRead,
    kept: Kept | undefined,
    strict: Strictness,
  ): NotedAnswer | undefined | Promise<NotedAnswer | undefined> {
    if (kept !== undefined && this.isGood(kept))
      return strict
        .holds(versionsOf(kept.noted))
        .then(holds => this.answer(read, holds ? kept : undefined) ?? this.renote(read))
    const unknown = (read.noted?.tags ?? []).filter(tag => !strict.knows(tag))
    if (unknown.length > 0) return strict.learn(unknown).then(() => this.renote(read))
    return this.answer(read, undefined)
  }

  private renote(read: NotedRead): undefined {
    read.noted = read.note?.()
  }

  private answer(read: NotedRead, kept: Kept | undefined): NotedAnswer | undefined {
    const { key } = read
    if (kept !== undefined && this.settings.shadow && this.isGood(kept)) {
      this.count('shadow.hits', 1)
      read.expected = kept
      return undefined
    }
    if (kept !== undefined && this.isGood(kept)) return this.give(kept)
    if (kept !== undefined && this.kept.get(key) === kept) this.drop(kept)
    this.count('misses', 1)
    return undefined
  }

  private give(kept: Kept): NotedAnswer {
    kept.used = true
    this.count('hits', 1)
    return kept.answer
  }

  tell({ key, noted, described, expected }: NotedRead, given: CachedAnswer): void {
    // Nothing was written since it was asked for: then both must say the same.
    if (expected !== undefined && isFresh(expected.noted) && differ(expected.answer, given))
      this.count('shadow.stale', 1)
    if (noted === undefined || noted.objection !== '') return
    if (!isFresh(noted) && this.defects.noFillCheck !== true) return
    const fill = this.defects.noFillCheck === true ? renewed(noted) : noted
    const bytes = key.length * 2 + bytesOf(given)
    if (bytes > this.settings.maxBytes * LARGEST) return
    const before = this.kept.get(key)
    if (before !== undefined) this.drop(before, 0)
    const answer: NotedAnswer = { columns: given.columns, rows: given.rows, noted: fill }
    const fitted = given.columns === described?.columns ? described : undefined
    this.kept.set(key, { key, answer, atMs: this.now(), bytes, noted: fill, fitted, used: false })
    this.bytes += bytes
    while (this.bytes > this.settings.maxBytes) {
      const next = takeNext(this.kept)
      if (next === undefined) return
      this.drop(next)
    }
  }

  /** The tags tell: COMMIT, rollback and what a statement touches are known better there. */
  wrote(): void {}

  private isGood({ noted, atMs }: Kept): boolean {
    return isFresh(noted) && this.now() - atMs < this.settings.ttlMs
  }

  private drop({ key, bytes }: Kept, counted = 1): void {
    this.kept.delete(key)
    this.bytes -= bytes
    this.count('dropped', counted)
  }
}

/** Whether the database describes the columns as it did for this answer. */
export function fits({ fields, columns }: Described, given: CachedAnswer): boolean {
  return given.columns === columns || isOf(fields, given.columns)
}

/** Whether these fields have these names and types. */
export function isOf(fields: readonly Field[], columns: CachedAnswer['columns']): boolean {
  if (columns.length !== fields.length) return false
  return fields.every(
    ({ name, dataTypeID }, i) => columns[i]?.name === name && columns[i]?.type === dataTypeID,
  )
}

/** The defect: what was written meanwhile is taken for what was read. */
function renewed({ objection, tags }: Noted): Noted {
  return { objection, tags, versions: tags.map(tag => tag.version) }
}

/** `"shop"."menu"` as the config writes it: `shop.menu`. */
function plainName(quoted: string): string {
  return quoted.replaceAll(/"((?:[^"]|"")*)"/g, (_, name: string) => name.replaceAll('""', '"'))
}

/** In any order: without ORDER BY the next answer may have another. */
function differ(a: CachedAnswer, b: CachedAnswer): boolean {
  const rows = (answer: CachedAnswer) => answer.rows.map(row => JSON.stringify(row)).sort()
  const [one, other] = [rows(a), rows(b)]
  return one.length !== other.length || one.some((row, i) => row !== other[i])
}

function bytesOf({ columns, rows }: CachedAnswer): number {
  let bytes = 500 + columns.length * 100
  for (const row of rows) {
    bytes += 48
    for (const value of row) bytes += 16 + (value === null ? 0 : value.length * 2)
  }
  return bytes
}
