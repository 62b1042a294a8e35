import { clock } from '../clock.js'
import type { Template } from '../sql/template.js'

/** When each table was last written by this process, on the clock's scale. Tables of an app: some hundreds. */
const writtenMs = new Map<string, number>()
const MAX_TABLES = 1_000
/** Written on a connection in transactions that may not have ended yet. */
const pending = new WeakMap<object, Set<string>>()

/**
 * A statement ended well: a write makes what was read of its table old, and so does the commit of it, which
 * is that of its connection.
 *
 * @param written The tables that it writes.
 */
export function noteWrite(operation: string, written: readonly string[], connection: object): void {
  if (operation === 'COMMIT' || operation === 'END') {
    const nowMs = clock.now()
    for (const name of pending.get(connection) ?? []) writtenMs.set(name, nowMs)
    pending.delete(connection)
    return
  }
  for (const name of written) {
    if (writtenMs.size >= MAX_TABLES && !writtenMs.has(name)) continue
    writtenMs.set(name, clock.now())
    let names = pending.get(connection)
    if (names === undefined) pending.set(connection, (names = new Set()))
    names.add(name)
  }
}

/** The tables that a statement writes. */
export function writtenBy({ operation, table, text }: Template): readonly string[] {
  // Its verb says what comes of a WITH; what it writes on the way is in its parts.
  const parts = /^with\b/i.test(text) ? writtenInWith(text) : NONE
  return table === undefined || !WRITES.has(operation) ? parts : [...parts, bareName(table)]
}

/** Templates have no literals and no comments: what looks like a write is one, or locks rows. */
const WRITE =
  /(?<!\bfor |\bfor no key )\b(?:insert into|update|delete from|merge into)(?: only)? ([\w$."]+)/gi

const NONE: readonly string[] = []

const writtenInWith = (text: string): readonly string[] =>
  [...text.matchAll(WRITE)].map(([, table = '']) => bareName(table))

const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'TRUNCATE', 'COPY'])

/**
 * When something that these statements read was last written; 0: never. A table counts as read when its
 * name occurs in the text: rather one too many, which counts as a write in between.
 */
export function lastWriteMs(templates: Iterable<Template>): number {
  let last = 0
  for (const { text } of templates) {
    const lower = text.toLowerCase()
    for (const [name, ms] of writtenMs) if (ms > last && lower.includes(name)) last = ms
  }
  return last
}

/** `shop."Orders"` is `orders`. */
const bareName = (table: string): string =>
  table
    .slice(table.lastIndexOf('.') + 1)
    .replaceAll('"', '')
    .toLowerCase()
