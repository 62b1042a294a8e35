import type { Attributes, AttributeValue } from '../../trace/attributes.js'
import { cleaned, isReadable, spanName } from './clean.js'
import { readingOf } from './conventions.js'

/** What a user's code puts on one span: the first 64 attributes, texts up to 1,000 characters. */
export const MAX_ATTRIBUTES = 64
export const MAX_TEXT = 1_000

const SYSTEMS = ['db.system.name', 'db.system'] as const
const STATEMENTS = ['db.query.text', 'db.statement'] as const

/**
 * The attributes that may leave: of the kinds that OpenTelemetry has, short, and without what
 * the recorder never sends. Arrays are copied. Undefined when nothing is left.
 *
 * @param taken Attributes that the span has already.
 */
export function keepable(attributes: unknown, taken: Attributes = {}): Attributes | undefined {
  if (typeof attributes !== 'object' || attributes === null) return undefined
  const given = Object.entries(attributes)
  const before = systemOf(taken)
  const system = systemOf(Object.fromEntries(given)) ?? before
  const kept: Attributes = {}
  let room = MAX_ATTRIBUTES - Object.keys(taken).length
  for (const [key, value] of given) {
    const short = shortened(key, value, system)
    if (short === undefined || room-- <= 0) continue
    kept[key.slice(0, MAX_TEXT)] = short
  }
  if (before !== undefined && before !== system) dropStatements(kept, taken)
  return Object.keys(kept).length === 0 ? undefined : kept
}

/** A span's name without data. @param attributes Those of the span. */
export function keepableName(name: string, attributes: unknown): string {
  const known = typeof attributes === 'object' && attributes !== null ? attributes : {}
  const system = systemOf(known)
  const short = name.slice(0, MAX_TEXT)
  if (system !== undefined && !isReadable(system) && short === targetOf(known)) return short
  return spanName(short, system)
}

function systemOf(attributes: object): unknown {
  return SYSTEMS.map(key => Reflect.get(attributes, key) as unknown).find(
    value => value !== undefined,
  )
}

/** `find orders`, as the conventions put names of database spans together. */
function targetOf(attributes: object): string {
  const part = (key: string) => {
    const value: unknown = Reflect.get(attributes, key)
    return typeof value === 'string' ? cleaned(value, 'name', undefined) : undefined
  }
  return `${part('db.operation.name')} ${part('db.collection.name')}`
}

/** The statement was read as one of another database. */
function dropStatements(kept: Attributes, taken: Attributes): void {
  for (const key of STATEMENTS) if (key in taken && !(key in kept)) kept[key] = '?'
}

function shortened(key: string, value: unknown, system: unknown): AttributeValue | undefined {
  const reading = readingOf(key)
  if (reading === undefined) return undefined
  const most = reading === 'statement' ? Number.POSITIVE_INFINITY : MAX_TEXT
  const text = (each: string) => cleaned(each.slice(0, most), reading, system)?.slice(0, MAX_TEXT)
  if (typeof value === 'string') return text(value)
  if (reading !== 'own' && reading !== 'name') return undefined
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (!Array.isArray(value) || value.length > MAX_ATTRIBUTES) return undefined
  if (value.every(each => typeof each === 'string')) {
    const texts = (value as string[]).map(text)
    return texts.every(each => each !== undefined) ? texts : undefined
  }
  return value.every(each => typeof each === 'number') ? [...(value as number[])] : undefined
}
