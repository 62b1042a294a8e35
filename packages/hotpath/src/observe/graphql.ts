import { contained } from '../trace/counts.js'
import { context } from '../trace/context.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { OpenSpan } from '../trace/span.js'
import { endingWith, isPromise } from './messages.js'
import { errorType } from './outgoing.js'

const WHERE = 'observe.graphql'
const noting = (note: () => void): void => void contained(WHERE, note)

type Resolver = (this: unknown, ...args: unknown[]) => unknown
interface Field {
  resolve?: unknown
}
interface Type {
  readonly name: string
  readonly getFields?: () => Readonly<Record<string, Field>>
}
interface Schema {
  getTypeMap(): Readonly<Record<string, Type>>
}
type Execute = (this: unknown, args: unknown, ...rest: unknown[]) => unknown

/** A resolver that is done at once and sooner than this is none that does work. */
const TRIVIAL_MS = 1

/**
 * Resolvers of graphql 15 and 16: those of a schema are wrapped when it is first executed. A field has a span
 * when its resolver is the app's own and waits for something, takes a millisecond, or asks something of
 * others; named after its type and field (`Query.users`), never after aliases or arguments.
 */
export function observeGraphql(): void {
  onModule('/graphql/execution/execute.js', exports => {
    const own = exports as Record<string, unknown>
    for (const name of ['execute', 'executeSync']) {
      const original = own[name]
      if (typeof original !== 'function') continue
      const execute: Execute = function (args) {
        if (recorder.enabled)
          noting(() => wrapSchema((args as { schema?: unknown }).schema ?? args, own))
        return Reflect.apply(original, this, arguments)
      }
      Object.defineProperty(execute, 'name', { value: name, configurable: true })
      Object.defineProperty(execute, 'length', { value: original.length, configurable: true })
      own[name] = execute
    }
  })
}

const wrapped = new WeakSet<object>()

function wrapSchema(schema: unknown, { defaultFieldResolver }: Record<string, unknown>): void {
  if (typeof schema !== 'object' || schema === null || wrapped.has(schema)) return
  wrapped.add(schema)
  if (typeof (schema as Schema).getTypeMap !== 'function') return
  for (const type of Object.values((schema as Schema).getTypeMap())) {
    if (type.name.startsWith('__') || typeof type.getFields !== 'function') continue
    for (const [name, field] of Object.entries(type.getFields())) {
      const { resolve } = field
      if (typeof resolve !== 'function' || resolve === defaultFieldResolver) continue
      if (wrapped.has(resolve)) continue
      field.resolve = resolving(resolve as Resolver, `${type.name}.${name}`)
      wrapped.add(field.resolve as object)
    }
  }
}

function resolving(resolve: Resolver, name: string): Resolver {
  const resolver: Resolver = function (this: unknown) {
    const parent = recorder.enabled ? recorder.parent() : undefined
    if (parent === undefined) return Reflect.apply(resolve, this, arguments)
    const { trace } = parent
    const span = new OpenSpan(trace, parent, 'internal', name, { 'graphql.field.name': name })
    const before = trace.spans.length
    let result: unknown
    try {
      result = context.run(span, Reflect.apply, resolve, this, arguments)
    } catch (error) {
      noting(() => {
        trace.hold(span)
        span.end('error', { 'error.type': errorType(error) })
      })
      throw error
    }
    const isLong = recorder.now() - span.startMs >= TRIVIAL_MS || trace.spans.length > before
    if (!isPromise(result)) {
      if (isLong) noting(() => (trace.hold(span), span.end()))
      return result
    }
    noting(() => trace.hold(span))
    return endingWith(span, result, WHERE)
  }
  Object.defineProperty(resolver, 'name', { value: resolve.name, configurable: true })
  Object.defineProperty(resolver, 'length', { value: resolve.length, configurable: true })
  return resolver
}
