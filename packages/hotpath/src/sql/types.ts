import { quoted } from './reading.js'
import type { ParamType } from './rewrite.js'

/**
 * Types that every PostgreSQL has under the same number (pg_type.dat): name by oid. For these no
 * catalog is asked.
 */
const BUILT_IN: Readonly<Record<number, string>> = {
  16: 'bool',
  17: 'bytea',
  18: 'char',
  19: 'name',
  20: 'int8',
  21: 'int2',
  23: 'int4',
  25: 'text',
  26: 'oid',
  114: 'json',
  700: 'float4',
  701: 'float8',
  790: 'money',
  829: 'macaddr',
  869: 'inet',
  650: 'cidr',
  1042: 'bpchar',
  1043: 'varchar',
  1082: 'date',
  1083: 'time',
  1114: 'timestamp',
  1184: 'timestamptz',
  1186: 'interval',
  1266: 'timetz',
  1560: 'bit',
  1562: 'varbit',
  1700: 'numeric',
  2950: 'uuid',
  3802: 'jsonb',
}

/** Arrays that every PostgreSQL has: their values travel as text, since arrays of arrays are flat. */
const BUILT_IN_ARRAYS: Readonly<Record<number, string>> = {
  1000: '_bool',
  1001: '_bytea',
  1005: '_int2',
  1007: '_int4',
  1009: '_text',
  1014: '_bpchar',
  1015: '_varchar',
  1016: '_int8',
  1021: '_float4',
  1022: '_float8',
  1115: '_timestamp',
  1182: '_date',
  1185: '_timestamptz',
  1231: '_numeric',
  2951: '_uuid',
  199: '_json',
  3807: '_jsonb',
}

/** A row of pg_type for a type that is not built in. */
export interface CatalogType {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** Name of its array type; '' when it has none, which an array has not. */
  readonly array: string
  /** pg_type.typcategory: `A` for arrays. */
  readonly category: string
}

/**
 * Types that compare with a whole number of the text as with the same digits in a parameter: int8,
 * int2, int4, numeric, float8. Not float4, to which the digits would be rounded first.
 */
export const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 1700, 701])

/** Oids whose values are sent as bytes when they come as a Buffer. */
export const BYTEA = 17

/** Text by another name: what a Buffer for one of them holds is its characters. */
export const TEXTUAL: ReadonlySet<number> = new Set([25, 1043, 1042, 19, 114])

/** How parameters of this type travel; undefined: the catalog must be asked. */
export function builtInType(oid: number): ParamType | undefined {
  const name = BUILT_IN[oid]
  // char(1), not the one-byte "char": `pg_catalog."char"` must be quoted.
  if (name !== undefined) return { array: `pg_catalog._${name}` }
  const array = BUILT_IN_ARRAYS[oid]
  if (array !== undefined) return { array: 'pg_catalog._text', viaText: `pg_catalog.${array}` }
  return undefined
}

/** The same for a type of the catalog; undefined when it cannot travel. */
export function catalogType(type: CatalogType): ParamType | undefined {
  const schema = quoted(type.schema)
  if (type.category === 'A')
    return { array: 'pg_catalog._text', viaText: `${schema}.${quoted(type.name)}` }
  return type.array === '' ? undefined : { array: `${schema}.${quoted(type.array)}` }
}
