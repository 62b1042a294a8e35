import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventEmitter } from 'node:events'
import { contained } from '../../trace/counts.js'
import { type OpenSpan, recorder } from '../../trace/recorder.js'
import { OtelSpan, wrapped } from './span.js'

/** Under this key every copy of @opentelemetry/api keeps the span in a context (trace/context-utils). */
const SPAN_KEY = Symbol.for('OpenTelemetry Context Key SPAN')

export interface Context {
  getValue(key: symbol): unknown
  setValue(key: symbol, value: unknown): Context
  deleteValue(key: symbol): Context
}

/** An immutable map of values, as @opentelemetry/api has it. */
class Values implements Context {
  readonly #values: ReadonlyMap<symbol, unknown>

  constructor(values: ReadonlyMap<symbol, unknown>) {
    this.#values = values
  }

  getValue(key: symbol): unknown {
    return this.#values.get(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return new Values(new Map(this.#values).set(key, value))
  }

  deleteValue(key: symbol): Context {
    const values = new Map(this.#values)
    values.delete(key)
    return new Values(values)
  }
}

const ROOT: Context = new Values(new Map())

/** A context of the user's, and our span that was current when it was made active. */
interface Active {
  readonly context: Context
  readonly span: OpenSpan | undefined
}

/** Only the user's own values live here; it costs nothing until `with` is called. The span is in ours. */
const actives = new AsyncLocalStorage<Active>()

/** Whatever the app gives as a context may be none. */
export function isContext(given: unknown): given is Context {
  return (
    typeof given === 'object' &&
    given !== null &&
    typeof (given as { getValue?: unknown }).getValue === 'function' &&
    typeof (given as { setValue?: unknown }).setValue === 'function'
  )
}

export function spanIn(context: Context): unknown {
  return context.getValue(SPAN_KEY)
}

export function withSpan(context: Context, span: OtelSpan): Context {
  return context.setValue(SPAN_KEY, span)
}

/** The context manager that readers of the API find while no other is registered. */
export const contextManager = {
  /** What the user made active, with the span of ours that is current now. */
  active(): Context {
    const active = actives.getStore()
    const current = recorder.current()
    if (active !== undefined && active.span === current) return active.context
    const context = active?.context ?? ROOT
    return current === undefined
      ? context.deleteValue(SPAN_KEY)
      : withSpan(context, wrapped(current))
  },

  with<A extends unknown[], R>(
    context: Context,
    fn: (...args: A) => R,
    thisArg?: unknown,
    ...args: A
  ): R {
    if (!isContext(context)) return fn.apply(thisArg, args)
    const found = contained('observe.opentelemetry', () => spanIn(context))
    const span = openSpan(found)
    const active = { context, span }
    return recorder.runIn(span, () => actives.run(active, () => fn.apply(thisArg, args)))
  },

  bind<T>(context: Context, target: T): T {
    if (typeof target === 'function') return bindFunction(context, target as AnyFunction) as T
    if (isEmitter(target)) contained('observe.opentelemetry', () => bindEmitter(context, target))
    return target
  },

  enable(): unknown {
    return this
  },

  disable(): unknown {
    return this
  },
}

/** Of a span that is not ours (of a caller, by its header) we know nothing: what runs goes on below the current one. */
function openSpan(found: unknown): OpenSpan | undefined {
  if (found instanceof OtelSpan) return found.open
  return found === undefined ? undefined : recorder.current()
}

type AnyFunction = (...args: unknown[]) => unknown

function bindFunction(context: Context, target: AnyFunction): AnyFunction {
  const bound = function (this: unknown, ...args: unknown[]) {
    return contextManager.with(context, target, this, ...args)
  }
  Object.defineProperty(bound, 'length', { value: target.length, configurable: true })
  return bound
}

function isEmitter(target: unknown): target is EventEmitter {
  return typeof target === 'object' && target !== null && 'on' in target && 'emit' in target
}

/** Listeners run in the context that the emitter is bound to. */
function bindEmitter(context: Context, emitter: EventEmitter): void {
  const { emit } = emitter
  emitter.emit = function (this: EventEmitter, ...args: Parameters<typeof emit>) {
    return contextManager.with(context, emit, this, ...args)
  } as typeof emit
}
