import { HotpathError } from '../errors.js'
import { listed, type Row } from './answer.js'

/** One row for each key, or none. */
export interface By<C extends string> {
  readonly column: C
  readonly many: false
}

/** All rows of each key. */
export interface GroupBy<C extends string> {
  readonly column: C
  readonly many: true
}

/** How rows find their keys. */
export type Align = By<string> | GroupBy<string>

/**
 * Gives each key the row whose column equals it; `undefined` where there is none. Two rows of one
 * key are an error of that key (HOTPATH_BATCH_DUPLICATE): one of them would be lost.
 *
 *     const userOf = batch(ids => pool.query('select * from users where id = any($1)', [ids]), by('id'))
 *
 * A key equals a value when both are written the same way: pg gives a `bigint` as text, so 42, 42n
 * and '42' are one key, and 1.5 is the numeric '1.50'. Text keys are compared as they are.
 */
export function by<const C extends string>(column: C): By<C> {
  return { column, many: false }
}

/** Gives each key all rows whose column equals it, in the order of the answer; `[]` without any. */
export function groupBy<const C extends string>(column: C): GroupBy<C> {
  return { column, many: true }
}

/**
 * The values of `keys`, in their order; an Error in place of a value is that of its key.
 * @throws HOTPATH_BATCH_COLUMN
 */
export function aligned(
  keys: readonly unknown[],
  rows: readonly Row[],
  { column, many }: Align,
  name: string,
): unknown[] {
  const asText = new Map<string, Row[]>()
  const asNumber = new Map<string, Row[]>()
  for (const row of rows) {
    const value = valueIn(row, column, name)
    if (value === null || value === undefined) continue
    put(asText, keyText(value), row)
    put(asNumber, numberText(value), row)
  }
  return keys.map(key => {
    const found = isNumeric(key) ? asNumber.get(numberText(key)) : asText.get(keyText(key))
    if (many) return found ?? []
    if (found === undefined || found.length === 1) return found?.[0]
    const got = `${found.length} rows`
    return new HotpathError('HOTPATH_BATCH_DUPLICATE', { batch: name, column, got })
  })
}

/** The text under which a key is remembered: keys that find the same rows have the same. */
export function cacheKey(key: unknown): string {
  // 1.5 finds '1.50', which the text '1.5' does not.
  const fraction = typeof key === 'number' && !Number.isInteger(key)
  return fraction ? `number ${key}` : keyText(key)
}

function keyText(value: unknown): string {
  if (typeof value === 'string') return value
  if (isNumeric(value)) return numberText(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** A `numeric` keeps the zeros that it was stored with: '1.50' is 1.5. */
function numberText(value: unknown): string {
  const text = value instanceof Date ? value.toISOString() : String(value)
  return /^[+-]?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text
}

function valueIn(row: Row, column: string, name: string): unknown {
  if (typeof row !== 'object' || row === null || !(column in row)) {
    const names = Object.keys(Object(row) as object)
    const got = names.length === 0 ? 'no columns' : listed(names)
    throw new HotpathError('HOTPATH_BATCH_COLUMN', { batch: name, column, got })
  }
  return Reflect.get(row, column)
}

function put(index: Map<string, Row[]>, key: string, row: Row): void {
  const rows = index.get(key)
  if (rows === undefined) index.set(key, [row])
  else rows.push(row)
}
