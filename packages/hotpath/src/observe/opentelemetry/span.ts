import { errorType } from '../outgoing.js'
import { contained } from '../../trace/counts.js'
import type { OpenSpan } from '../../trace/recorder.js'
import { keepable, keepableName } from './attributes.js'

const WHERE = 'observe.opentelemetry'

/** `SpanStatusCode` of @opentelemetry/api. */
const STATUS = ['unset', 'ok', 'error'] as const

export interface OtelSpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
}

/** As of a span that is not recorded. */
const NO_CONTEXT: OtelSpanContext = {
  traceId: '0'.repeat(32),
  spanId: '0'.repeat(16),
  traceFlags: 0,
}

/**
 * A span of ours with the methods of `@opentelemetry/api`. Events and links are not kept, and of an
 * exception only its type: messages quote values. Takes whatever it is given, as the API's own does
 * that records nothing: it never throws.
 */
export class OtelSpan {
  /** @param owned The app made it: what the recorder began, a request or a statement, the app cannot end. */
  constructor(
    readonly open: OpenSpan,
    private readonly owned: boolean,
  ) {}

  spanContext(): OtelSpanContext {
    const known = contained(WHERE, () => this.open.context())
    if (known === undefined) return NO_CONTEXT
    return { traceId: known.traceId, spanId: known.spanId, traceFlags: known.sampled ? 1 : 0 }
  }

  setAttribute(key: string, value: unknown): this {
    return this.setAttributes({ [key]: value })
  }

  setAttributes(attributes: unknown): this {
    contained(WHERE, () => {
      if (!this.isRecording()) return
      const added = keepable(attributes, this.open.attributes)
      if (added !== undefined) this.open.add(added)
    })
    return this
  }

  addEvent(): this {
    return this
  }

  addLink(): this {
    return this
  }

  addLinks(): this {
    return this
  }

  setStatus(status: { readonly code?: number } | null | undefined): this {
    contained(WHERE, () => {
      const known = STATUS[status?.code ?? 0]
      if (known !== undefined && this.isRecording()) this.open.status = known
    })
    return this
  }

  updateName(name: string): this {
    contained(WHERE, () => {
      if (this.isRecording()) this.open.name = keepableName(String(name), this.open.attributes)
    })
    return this
  }

  recordException(exception: unknown): void {
    contained(WHERE, () => {
      if (this.isRecording()) this.open.add({ 'error.type': errorType(exception) })
    })
  }

  isRecording(): boolean {
    return this.open.endMs < 0
  }

  end(): void {
    if (this.owned) contained(WHERE, () => this.open.end())
  }
}

const wrappers = new WeakMap<OpenSpan, OtelSpan>()

/** The span that the app makes now. */
export function made(open: OpenSpan): OtelSpan {
  const span = new OtelSpan(open, true)
  wrappers.set(open, span)
  return span
}

/** The same wrapper each time, so that the user may compare what `getActiveSpan()` gives. */
export function wrapped(open: OpenSpan): OtelSpan {
  let span = wrappers.get(open)
  if (span === undefined) {
    span = new OtelSpan(open, false)
    wrappers.set(open, span)
  }
  return span
}
