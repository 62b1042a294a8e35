import { arrayLiteral } from '../../sql/array-literal.js'
import { batchText, type ParamType } from '../../sql/rewrite.js'
import type { Reading } from '../../sql/reading.js'
import { BYTEA, TEXTUAL } from '../../sql/types.js'
import type { Described } from '../catalog.js'
import type { Defects } from '../defects.js'
import type { Shape } from '../shape.js'
import type { Wire } from '../wire.js'
import { type Answer, bytesOfRow, type Field, type RawRow, sameFields } from './answer.js'
import { type Exchange, RELEASE, SAVEPOINT, type Step } from './exchange.js'

/**
 * From this many keys on the planner's estimate for the whole may pass jit_above_cost, and compiling
 * takes longer than running (20 to 200 ms). The setting holds for this transaction alone.
 */
const JIT_KEYS = 50
export const NO_JIT: Step = { text: `select pg_catalog.set_config('jit', 'off', true)` }

/** Values of one parameter in their text form; undefined when one has none (bytes for a number). */
function column(lists: readonly (readonly Wire[])[], at: number, oid: number): string | undefined {
  const values: (string | null)[] = []
  for (const wires of lists) {
    const text = textFor(wires[at] ?? null, oid)
    if (text === undefined) return undefined
    values.push(text)
  }
  return arrayLiteral(values)
}

/** pg sends a Buffer as bytes, in the type's binary form: known for bytea, and for text in UTF-8. */
function textFor(wire: Wire, oid: number): string | null | undefined {
  if (!Buffer.isBuffer(wire)) return wire
  if (oid === BYTEA) return `\\x${wire.toString('hex')}`
  if (!TEXTUAL.has(oid)) return undefined
  const text = wire.toString('utf8')
  return Buffer.from(text, 'utf8').equals(wire) ? text : undefined
}

/**
 * The steps of a batch. The original is described again in the same round trip: where somebody changed
 * a table meanwhile, what we know of its parameters may be wrong without any error.
 */
export function batchSteps(
  shape: Shape,
  reading: Reading,
  described: Described,
  lists: readonly (readonly Wire[])[],
  inTransaction: boolean,
  defects: Defects,
): Step[] | undefined {
  const values: string[] = []
  for (let at = 0; at < described.oids.length; at++) {
    const literal = column(lists, at, described.oids[at] as number)
    if (literal === undefined) return undefined
    values.push(literal)
  }
  const types = defects.charOne === true ? described.oids.map(charOne(described)) : described.types
  const steps: Step[] = [
    ...(lists.length >= JIT_KEYS ? [NO_JIT] : []),
    { text: shape.text, describe: 'statement' },
    { text: batchText(shape.text, reading, types, defects), values, describe: 'result' },
  ]
  return inTransaction ? [...SAVEPOINT, ...steps, ...RELEASE] : steps
}

/** The defect: format_type's name for char(n) is `character`, which alone means char(1). */
const charOne =
  ({ types }: Described) =>
  (oid: number, at: number): ParamType =>
    oid === 1042 ? { array: 'character[]' } : (types[at] as ParamType)

/** The answers of a batch, in the order of its keys; undefined when what came is not what was asked. */
export function answersOf(
  exchange: Exchange,
  described: Described,
  keys: number,
  inTransaction: boolean,
  made: Pick<Answer, 'client' | 'Query' | 'noted'>,
): { readonly answers: Answer[]; readonly rows: RawRow[] } | undefined {
  if (exchange.tooMuch) return undefined
  const at = (inTransaction ? SAVEPOINT.length : 0) + (keys >= JIT_KEYS ? 1 : 0)
  const original = exchange.results[at]
  const batch = exchange.results[at + 1]
  if (original === undefined || batch === undefined) return undefined
  if (!sameOids(original.oids, described.oids)) return undefined
  if (!sameFields(original.fields, described.fields)) return undefined
  if (!fits(batch.fields, described.fields)) return undefined
  const rows: RawRow[] = []
  const lists = Array.from({ length: keys }, (): RawRow[] => [])
  for (const row of batch.rows) {
    const list = lists[Number(row[0]) - 1]
    if (list === undefined) return undefined
    const own = row.slice(1)
    list.push(own)
  }
  for (const list of lists) for (const row of list) rows.push(row)
  // Spread, `made` costs 2.5 us for each key.
  const { client, Query, noted } = made
  const answers = lists.map((list): Answer => {
    let bytes = 200
    for (const row of list) bytes += bytesOfRow(row)
    return { fields: original.fields, rows: list, bytes, noted, client, Query }
  })
  return { answers, rows }
}

function sameOids(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((oid, i) => oid === b[i])
}

/** The batch's columns are the ordinal and the original's. */
function fits(batch: readonly Field[], original: readonly Field[]): boolean {
  return (
    batch.length === original.length + 1 &&
    original.every((field, i) => {
      const other = batch[i + 1] as Field
      return (
        other.dataTypeID === field.dataTypeID && other.dataTypeModifier === field.dataTypeModifier
      )
    })
  )
}
