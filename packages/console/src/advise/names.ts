import { keywords } from './keywords.js'

/** A name as SQL takes it: quoted only where it must be. */
export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) && !keywords.has(name)
    ? name
    : `"${name.replaceAll('"', '""')}"`
}

/** A text as a literal. The session has standard_conforming_strings on. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** PostgreSQL cuts longer names, by bytes. */
const MOST_BYTES = 63

/**
 * A name for an index: table, columns, ending, as PostgreSQL would make it but for `ending`. One that is taken
 * gets a number.
 *
 * @example
 * indexName('orders', ['customer_id', 'created_at'], 'idx', () => false) // 'orders_customer_id_created_at_idx'
 */
export function indexName(
  table: string,
  parts: readonly string[],
  ending: string,
  isTaken: (name: string) => boolean,
): string {
  const whole = [table, ...parts].join('_').replaceAll(/[^\p{L}\p{N}_$]+/gu, '_')
  for (let number = 0; ; number++) {
    const tail = `_${ending}${number === 0 ? '' : number}`
    let head = whole
    while (Buffer.byteLength(head + tail) > MOST_BYTES) head = head.slice(0, -1)
    const name = head.replace(/_+$/, '') + tail
    if (!isTaken(name)) return name
  }
}
