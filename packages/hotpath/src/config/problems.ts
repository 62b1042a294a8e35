import { type Problem, problem } from '../errors.js'
import { nearest } from './nearest.js'
import { isRecord, type Rule } from './rule.js'

/** What is wrong with a value, or with a value in it; undefined where every rule holds. `prefix` is where it stands. */
export function firstProblem(
  value: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, Rule>>,
  file: string,
  prefix = '',
): Problem | undefined {
  for (const [key, entry] of Object.entries(value)) {
    const rule = known[key]
    if (rule === undefined) return unknownKey(prefix + key, Object.keys(known), file, prefix)
    if (entry === undefined) continue
    // A word that nobody knows says more than that another is missing.
    const odd = rule.keys !== undefined && isRecord(entry) ? oddKey(entry, rule.keys) : undefined
    if (odd !== undefined && rule.keys !== undefined)
      return unknownKey(`${prefix}${key}.${odd}`, Object.keys(rule.keys), file, `${prefix}${key}.`)
    if (!rule.check(entry)) {
      return wrongValue(file, prefix + key, rule.expected, entry)
    }
    const inner = insideOf(entry, rule, file, `${prefix}${key}.`)
    if (inner !== undefined) return inner
  }
  return undefined
}

const oddKey = (entry: unknown, known: Readonly<Record<string, Rule>>): string | undefined =>
  Object.keys(entry as object).find(name => known[name] === undefined)

function insideOf(entry: unknown, rule: Rule, file: string, prefix: string): Problem | undefined {
  const record = entry as Readonly<Record<string, unknown>>
  const keys = rule.keysOf?.(record) ?? rule.keys
  if (keys !== undefined) return firstProblem(record, keys, file, prefix)
  const { each } = rule
  if (each === undefined) return undefined
  return firstProblem(
    record,
    Object.fromEntries(Object.keys(record).map(key => [key, each])),
    file,
    prefix,
  )
}

export function wrongValue(file: string, key: string, expected: string, got: unknown): Problem {
  return problem('HOTPATH_CONFIG_VALUE', { file, key, expected, got: show(got) })
}

function unknownKey(key: string, known: readonly string[], file: string, prefix: string): Problem {
  const near = nearest(key.slice(prefix.length), known)
  const hint =
    near === undefined
      ? `Known keys: ${known.map(name => prefix + name).join(', ')}.`
      : `Did you mean "${prefix}${near}"?`
  return problem('HOTPATH_CONFIG_KEY', { file, key, hint })
}

/** A value for a message: short, and of an object its keys alone. */
function show(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value))
    return value.length === 0 ? 'an empty list' : 'a list with something else in it'
  if (typeof value === 'object') {
    const names = Object.keys(value).slice(0, 5)
    return names.length === 0 ? 'an empty object' : `an object with ${names.join(', ')}`
  }
  if (typeof value === 'function') return 'a function'
  return JSON.stringify(value)?.slice(0, 60) ?? typeof value
}
