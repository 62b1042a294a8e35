import { contained } from '../../trace/counts.js'
import { keeper } from '../../trace/keeper.js'
import { ActiveTrace, OpenSpan, recorder, type SpanKind } from '../../trace/recorder.js'
import { type Context, contextManager, isContext, spanIn, withSpan } from './context.js'
import { keepable, keepableName } from './attributes.js'
import { made, OtelSpan } from './span.js'

/** `SpanKind` of @opentelemetry/api, by number. */
const KINDS: readonly SpanKind[] = ['internal', 'server', 'client', 'producer', 'consumer']
const MAX_NAME = 200

interface SpanOptions {
  readonly kind?: number
  readonly attributes?: object
  readonly root?: boolean
}
type Identity = [name: string, version?: string | undefined, options?: unknown]
interface Provider {
  getTracer(...identity: Identity): object
}
type AnyFunction = (...args: unknown[]) => unknown

/**
 * The tracer that the user's code keeps. When a real SDK is registered after all, it passes everything
 * on to that, as the API's own proxy would.
 */
class Tracer {
  #real: Record<string, AnyFunction> | undefined

  constructor(
    private readonly registered: () => Provider | undefined,
    private readonly identity: Identity,
  ) {}

  startSpan(name: string, options?: SpanOptions | null, context?: unknown): unknown {
    const real = this.#delegate()
    if (real !== undefined) return real['startSpan']?.(name, options, context)
    return startSpan(name, options, isContext(context) ? context : contextManager.active())
  }

  /** `(name, fn)`, `(name, options, fn)` or `(name, options, context, fn)`. */
  startActiveSpan(name: string, ...rest: unknown[]): unknown {
    const real = this.#delegate()
    if (real !== undefined) return real['startActiveSpan']?.(name, ...rest)
    const fn = rest.pop()
    if (typeof fn !== 'function') return undefined
    const [options, given] = rest as [SpanOptions?, unknown?]
    const context = isContext(given) ? given : contextManager.active()
    const span = startSpan(name, options, context)
    return contextManager.with(withSpan(context, span), fn as AnyFunction, undefined, span)
  }

  isEnabled(): boolean {
    return true
  }

  #delegate(): Record<string, AnyFunction> | undefined {
    const provider = this.registered()
    if (provider === undefined || this.#real !== undefined) return bound(this.#real)
    this.#real = provider.getTracer(...this.identity) as Record<string, AnyFunction>
    return bound(this.#real)
  }
}

/** Methods of a tracer keep their `this`. */
function bound(
  tracer: Record<string, AnyFunction> | undefined,
): Record<string, AnyFunction> | undefined {
  if (tracer === undefined) return undefined
  return {
    startSpan: (...args) => tracer['startSpan']?.(...args),
    startActiveSpan: (...args) => tracer['startActiveSpan']?.(...args),
  }
}

/** @param registered The provider of a real SDK, once there is one. */
export function tracerProvider(registered: () => Provider | undefined): Provider {
  return {
    getTracer: (...identity) =>
      registered()?.getTracer(...identity) ?? new Tracer(registered, identity),
  }
}

/** Spans that the app makes while the recorder is off belong to a trace that was not kept. */
const NOWHERE = new ActiveTrace(keeper)
NOWHERE.ended = true

function startSpan(
  name: string,
  options: SpanOptions | null | undefined,
  context: Context,
): OtelSpan {
  const span = recorder.enabled
    ? contained('observe.opentelemetry', () => recordedSpan(name, options ?? {}, context))
    : undefined
  return made(span ?? new OpenSpan(NOWHERE, undefined, 'internal', '', undefined))
}

function recordedSpan(name: string, options: SpanOptions, context: Context): OpenSpan {
  const attributes = keepable(options.attributes)
  const kind = KINDS[options.kind ?? 0] ?? 'internal'
  const known = keepableName(String(name), options.attributes).slice(0, MAX_NAME)
  const start = () => recorder.startSpan(kind, known, attributes)
  const parent = options.root ? undefined : parentOf(context)
  return parent === recorder.current() ? start() : recorder.runIn(parent, start)
}

/** A span of another tracer in the context is not known to us: then the current one is the parent. */
function parentOf(context: Context): OpenSpan | undefined {
  const span = spanIn(context)
  if (span === undefined) return undefined
  return span instanceof OtelSpan ? span.open : recorder.current()
}
