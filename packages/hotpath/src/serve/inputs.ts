import type { IncomingMessage } from 'node:http'
import { inspect } from 'node:util'
import { keepRaw } from './raw-headers.js'
import { isInput } from './request-fields.js'

/** Names that are inputs though they look like a credential. */
export type Allowed = Pick<ReadonlySet<string>, 'has'>

/** Stands for every header: the app took the raw list, as frameworks do that make a `Headers` of it. */
export const ALL = '*'

/**
 * Notes which headers of a request are read by name. To print or to serialise them is no reading: an
 * access log does that, and would keep every answer from being shared. To copy them or to walk over them
 * is: what becomes of the copy is not known, and getters are called alike for `{ ...headers }` and for
 * one name after the other.
 *
 * @param allowed Inputs though they look like a credential: the config says that the answer is shared.
 */
export function watchInputs(request: IncomingMessage, allowed: Allowed): Inputs {
  const { headers } = request
  const rawHeaders = keepRaw(request)
  // Of a watch below this one, which is to hear of it too.
  const before = Object.getOwnPropertyDescriptor(request, 'rawHeaders')?.get
  const inputs = new Inputs(Object.keys(headers), allowed)
  let shown: unknown = watched(headers, inputs)
  let raw: unknown = rawHeaders
  Object.defineProperty(request, 'headers', {
    get: () => shown,
    set: value => {
      shown = value
    },
    configurable: true,
  })
  Object.defineProperty(request, 'rawHeaders', {
    get() {
      inputs.add(ALL)
      before?.call(request)
      return raw
    },
    set: value => {
      raw = value
    },
    configurable: true,
    enumerable: true,
  })
  return inputs
}

/** The names that were read so far. */
export class Inputs {
  readonly names = new Set<string>()
  /** How many headers the reading under way has followed in their order. */
  private at = 0

  constructor(
    private readonly order: readonly string[],
    private readonly allowed: Allowed,
  ) {}

  /** A header that is there was read. Whoever reads all of them would read others too. */
  read(name: string): void {
    this.add(name)
    if (name !== this.order[this.at]) this.at = name === this.order[0] ? 1 : 0
    else this.at++
    if (this.at < this.order.length) return
    this.at = 0
    this.names.add(ALL)
  }

  /** A header was asked for by its name, whether it is there or not. */
  add(name: string): void {
    // Node gives names in lower case: `hasOwnProperty` is no header.
    if (name === ALL || (name === name.toLowerCase() && isInput(name, this.allowed)))
      this.names.add(name)
  }
}

/**
 * The headers with a getter for each that is there, over a prototype that hears of those that are not. No
 * Proxy itself, and no property besides: `structuredClone` and `new Headers` would refuse it.
 */
function watched(headers: NodeJS.Dict<string | string[]>, inputs: Inputs): object {
  const shown = Object.create(absent(headers, inputs)) as object
  for (const name of Object.keys(headers))
    Object.defineProperty(shown, name, {
      get() {
        inputs.read(name)
        return headers[name]
      },
      set: (value: string) => {
        headers[name] = value
      },
      configurable: true,
      enumerable: true,
    })
  return shown
}

function absent(headers: object, inputs: Inputs): object {
  const copy = () => ({ ...headers })
  const note = (name: string | symbol): void => {
    if (typeof name === 'string' && !(name in Object.prototype)) inputs.add(name)
  }
  return new Proxy(Object.prototype, {
    get(target, name, receiver) {
      // What prints or serialises asks for these first.
      if (name === inspect.custom || name === 'toJSON') return copy
      note(name)
      return Reflect.get(target, name, receiver) as unknown
    },
    has(target, name) {
      note(name)
      return Reflect.has(target, name)
    },
  })
}
