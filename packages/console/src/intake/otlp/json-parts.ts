import type { Budget } from './malformed.js'
import type { AnyValue, KeyValue, OtlpLink, Resource } from './messages.js'
import { Unusual } from './unusual.js'

/** Parts of OTLP/JSON that JSON.parse has read, as the table reads them; what it may refuse is `Unusual`. */

/** Attributes. */
export function keyValueList(value: unknown, budget: Budget): KeyValue[] {
  return list(value, item => keyValueOf(item, budget)) ?? []
}

export function linkList(value: unknown, budget: Budget): OtlpLink[] {
  return list(value, item => linkOf(item, budget)) ?? []
}

export function resourceOf(value: unknown, budget: Budget): Resource | undefined {
  return attributed(value, budget)
}

type Json = Readonly<Record<string, unknown>>

function object(value: unknown, budget: Budget): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Unusual()
  budget.take()
  return value as Json
}

/** Null is protobuf's spelling of "not set". */
function list<T>(value: unknown, read: (item: unknown) => T): T[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw new Unusual()
  return value.map(read)
}

/** What the table refuses by its name: the spelling of the .proto, `trace_id`. */
function checkNames(value: Json): void {
  for (const name in value) if (name.includes('_')) throw new Unusual()
}

export function scopeOf(value: unknown, budget: Budget) {
  const scope = attributed(value, budget)
  const name = (value as { name?: unknown } | null | undefined)?.name
  return name === undefined || name === null ? scope : { ...scope, name: text(name) }
}

/** What has attributes: a resource, and most of a scope. */
function attributed(value: unknown, budget: Budget) {
  if (value === undefined || value === null) return undefined
  const given = object(value, budget)
  checkNames(given)
  const attributes = list(given['attributes'], item => keyValueOf(item, budget))
  return attributes === undefined ? {} : { attributes }
}

function linkOf(value: unknown, budget: Budget) {
  const given = object(value, budget)
  checkNames(given)
  const { traceId, spanId } = given as { traceId?: unknown; spanId?: unknown }
  return { traceId: id(traceId), spanId: id(spanId) }
}

function keyValueOf(value: unknown, budget: Budget): KeyValue {
  const {
    key,
    value: content,
    ...others
  } = object(value, budget) as {
    key?: unknown
    value?: unknown
  }
  if (typeof key !== 'string') throw new Unusual()
  checkNames(others)
  return content === undefined || content === null
    ? { key }
    : { key, value: anyValue(content, budget) }
}

/** A value with one member, as senders write it. Lists in lists are left to the table. */
function anyValue(value: unknown, budget: Budget, nested = false): AnyValue {
  const given = object(value, budget)
  let result: AnyValue | undefined
  for (const name in given) {
    if (result !== undefined) throw new Unusual()
    const content = given[name]
    if (name === 'stringValue') result = { stringValue: text(content) }
    else if (name === 'intValue') result = { intValue: integer(content) }
    else if (name === 'doubleValue' && typeof content === 'number')
      result = { doubleValue: content }
    else if (name === 'boolValue' && typeof content === 'boolean') result = { boolValue: content }
    else if (name === 'arrayValue' && !nested) {
      const list_ = object(content, budget)
      checkNames(list_)
      const values = list(list_['values'], item => anyValue(item, budget, true))
      result = { arrayValue: values === undefined ? {} : { values } }
    } else throw new Unusual()
  }
  return result ?? {}
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Unusual()
  return value
}

/** Lower case, as senders write it: the others are told and turned by the table. */
function id(value: unknown): string {
  if (typeof value !== 'string' || value.length % 2 !== 0) throw new Unusual()
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) throw new Unusual()
  }
  return value
}

function integer(value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^-?\d{1,18}$/.test(value)) return BigInt(value)
  throw new Unusual()
}
