import { onModule } from '../trace/module-load.js'
import { whileSerialising } from './serialising.js'

type Json = (this: unknown, body?: unknown) => unknown
interface Response {
  json: Json
}

const PATCHED = Symbol.for('hotpath.observed')

/**
 * How long `res.json` of Express 4 and 5 takes until it ends the answer: to run every `toJSON`, to write the
 * text, to make its ETag.
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
    return whileSerialising(() => original.apply(this, arguments as unknown as [unknown]))
  }
}

function isExpress(value: unknown): value is Response {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['json', 'jsonp', 'sendFile'].every(name => Object.hasOwn(value, name))
  )
}
