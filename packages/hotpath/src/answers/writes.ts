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
 */
export function noteWrite(template: Template, connection: object): void {
  const { operation } = template
  if (operation === 'COMMIT' || operation === 'END') {
    const nowMs = clock.now()
    for (const name of pending.get(connection) ?? []) writtenMs.set(name, nowMs)
    pending.delete(connection)
    return
  }
  for (const name of writtenBy(template)) {
    if (writtenMs.size >= MAX_TABLES && !writtenMs.has(name)) continue
    writtenMs.set(name, clock.now())
    let names = pending.get(connection)
    if (names === undefined) pending.set(connection, (names = new Set()))
    names.add(name)
  }
}

/** The tables that a statement writes. */
function writtenBy(template: Template): readonly string[] {
  const { operation, table, text } = template
  // Its verb says what comes of a WITH; what it writes on the way is in its parts.
  const parts = /^with\b/i.test(text) ? writtenInWith(template) : NONE
  if (table === undefined || !WRITES.has(operation)) return parts
  return [...parts, bareName(table)]
}
const NONE: readonly string[] = []

const inWith = new WeakMap<Template, readonly string[]>()
/** Templates have no literals and no comments: what looks like a write is one, or locks rows. */
const WRITE =
  /(?<!\bfor |\bfor no key )\b(?:insert into|update|delete from|merge into)(?: only)? ([\w$."]+)/gi

function writtenInWith(template: Template): readonly string[] {
  let names = inWith.get(template)
  if (names === undefined) {
    names = [...template.text.matchAll(WRITE)].map(([, table = '']) => bareName(table))
    inWith.set(template, names)
  }
  return names
}

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
