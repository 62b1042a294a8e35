import { caught } from '../trace/counts.js'
import { onModule } from '../trace/module-load.js'
import { type ActiveTrace, recorder } from '../trace/recorder.js'

type Json = (this: unknown, body?: unknown) => unknown
interface Response {
  json: Json
}

const PATCHED = Symbol.for('hotpath.observed')

/**
 * How long `res.json` of Express 4 and 5 takes until it ends the answer: to run every `toJSON`, to write the
 * text, to make its ETag. Two looks at the clock, 0.1 us. What puts off the end (compression, a session)
 * is not counted: the end must come before `json` returns.
 */
export function observeExpressJson(): void {
  // Without the package's name, which may be an alias; the shape tells it.
  onModule('/lib/response.js', patchResponse)
}

function patchResponse(response: unknown): void {
  if (!isExpress(response) || PATCHED in response) return
  Object.defineProperty(response, PATCHED, { value: true })
  const original = response.json
  response.json = function json(_body) {
    const trace = begin()
    try {
      return original.apply(this, arguments as unknown as [unknown])
    } finally {
      if (trace !== undefined) trace.serialisingMs = -1
    }
  }
}

function begin(): ActiveTrace | undefined {
  try {
    const trace = recorder.current()?.trace
    if (trace === undefined || trace.ended) return undefined
    trace.serialisingMs = recorder.now()
    return trace
  } catch {
    caught('observe.express')
    return undefined
  }
}

function isExpress(value: unknown): value is Response {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['json', 'jsonp', 'sendFile'].every(name => Object.hasOwn(value, name))
  )
}
