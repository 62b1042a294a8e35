import type { Column } from './catalog.js'
import { literal } from './names.js'
import type { ParameterUse } from './uses.js'

/** How many plans with sample values are asked for each statement, beside the one for any. */
export const sampleCount = 3

/** A page of a list: what an API commonly asks for. */
const page = 20

/**
 * Values for the parameters of a statement as the planner knows them: of the statistics of the columns that they are
 * compared with. `number` chooses among common, middling and rare ones. Never of what users sent. Undefined where
 * nothing fitting is known: then the plan for any value must do.
 *
 * @returns literals, in the order of the parameters; the server casts them to the types of the parameters.
 */
export function sampleValues(
  types: readonly string[],
  parameters: ReadonlyMap<number, ParameterUse>,
  number: number,
): string[] | undefined {
  const values = types.map((type, at) => sampleOf(type, parameters.get(at + 1), number))
  return values.every(value => value !== undefined) ? values : undefined
}

function sampleOf(type: string, use: ParameterUse | undefined, number: number): string | undefined {
  if (use === undefined) return usual(type)
  const { how, column } = use
  if (how === 'limit') return String(page)
  if (how === 'offset') return '0'
  if (how === 'pattern') return patternOf(column, number)
  if (how === 'holds') return heldBy(type, column, number)
  if (how === 'write') return (column && equalSample(column, number)) ?? usual(type)
  if (column === undefined || use.isWithin)
    return usual(type) ?? (column && equalSample(column, number))
  if (how === 'equal') {
    const one = equalSample(column, number)
    if (!use.isList) return one ?? usual(type)
    const some = [0, 1, 2].flatMap(more => plain(column, number + more) ?? [])
    return some.length === 0 ? undefined : arrayOf([...new Set(some)])
  }
  const at = boundAt(
    how === 'above' ? ([0.98, 0.9, 0.7][number] ?? 0.9) : ([0.99, 0.95, 0.75][number] ?? 0.95),
    column,
  )
  return at === undefined ? usual(type) : literal(at)
}

/** The most common value, then one of the middle, then the least common that the statistics name. */
function plain({ common, bounds }: Column, number: number): string | undefined {
  if (number === 0 && common.length > 0) return common[0]
  if (number === 2 && common.length > 1) return common.at(-1)
  if (bounds.length > 0)
    return bounds[Math.floor(bounds.length * (0.37 + 0.11 * number))] ?? bounds[0]
  return common[Math.floor(common.length / 2)]
}

function equalSample(column: Column, number: number): string | undefined {
  const value = plain(column, number)
  return value === undefined ? undefined : literal(value)
}

/** Where the column is ordered, the value below which this part of the rows lies. */
function boundAt(part: number, { bounds, common }: Column): string | undefined {
  if (bounds.length > 0)
    return bounds[Math.min(bounds.length - 1, Math.floor(part * bounds.length))]
  return [...common].sort()[Math.floor(part * common.length)]
}

/** A few letters of a value that is there, anywhere in a text. */
function patternOf(column: Column | undefined, number: number): string {
  const value = column && plain(column, number)
  const letters = value?.replaceAll(/[%_\\]/g, '') ?? ''
  const from = Math.max(0, Math.floor(letters.length / 2) - 3)
  return literal(`%${letters.slice(from, from + 5)}%`)
}

function heldBy(type: string, column: Column | undefined, number: number): string | undefined {
  const element = column?.elements[number * 5] ?? column?.elements[0]
  if (type.endsWith('[]')) return element === undefined ? "'{}'" : arrayOf([element])
  if (type === 'tsquery')
    return element === undefined ? "'word'" : literal(`'${element.replaceAll("'", "''")}'`)
  if (type === 'text' && element !== undefined) return literal(element)
  return usual(type) ?? (column && equalSample(column, number))
}

const arrayOf = (values: readonly string[]): string =>
  literal(`{${values.map(value => `"${value.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`)

/** A value of a type, where no column tells of better ones. */
function usual(type: string): string | undefined {
  if (/^(?:smallint|integer|bigint|numeric|real|double precision|oid)/.test(type)) return '1'
  if (/^(?:text|character|name|"char")/.test(type)) return "'a'"
  if (type === 'boolean') return 'true'
  if (/^(?:timestamp|date|time)/.test(type)) return "'now'"
  if (type === 'interval') return "'1 day'"
  if (type === 'uuid') return "'00000000-0000-0000-0000-000000000000'"
  if (/^jsonb?$/.test(type)) return `'{"a": 1}'`
  if (type === 'jsonpath') return "'$.a'"
  if (type === 'tsquery') return "'word'"
  if (type === 'inet' || type === 'cidr') return "'127.0.0.1'"
  if (type.endsWith('[]')) return "'{}'"
  if (type.endsWith('range')) return "'empty'"
  if (type === 'bytea') return "''"
  return undefined
}
