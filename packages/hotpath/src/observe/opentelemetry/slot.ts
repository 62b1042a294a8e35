import { callingFiles } from '../../trace/call-site.js'
import { contained } from '../../trace/counts.js'
import { tellUser } from '../../trace/tell-user.js'
import { registrantVersion } from './registrant.js'

/** Where all copies of @opentelemetry/api 1.x look for what is registered (internal/global-utils). */
const KEY = Symbol.for('opentelemetry.js.api.1')
/** Readers ask for at least their own minor version. */
const ANY_VERSION = '1.999.0'
/** A look at the stack costs 10 us. Those who look first may be other tracers, that know the slot as well. */
const MAX_LOOKS = 20

type Registry = Record<string, unknown>

/**
 * Puts `offers` where the API's readers look, without being in the way of a registration.
 *
 * `registerGlobal` refuses when something of its type is there already, or with another version of
 * the API. It reads the slot, writes what it read back into it, asks the object for its type, then
 * for its version, and then writes. No reader writes the slot, so that write tells the two apart: from
 * then until the version was asked for our offers are hidden, and the version is that of the copy
 * that registers. What is registered stays, as it would without us; with the first tracer provider or
 * context manager all our offers are gone for good.
 *
 * A copy of the API whose version is not found could not register: until one is found, the slot is empty.
 *
 * @returns What is registered under a name by others.
 */
export function offer(offers: Readonly<Record<string, unknown>>): (type: string) => unknown {
  const registered: Registry = {}
  if (Reflect.get(globalThis, KEY) !== undefined) {
    return type => (Reflect.get(globalThis, KEY) as Registry | undefined)?.[type]
  }
  let registering = false
  let version = ANY_VERSION
  /** Of the copy that is at work. */
  let known: string | undefined
  let looks = 0
  let foreign: Registry | undefined
  let open = true
  const registry: Registry = {}
  Object.defineProperty(registry, 'version', {
    enumerable: true,
    get() {
      registering = false
      return version
    },
  })
  for (const [type, ours] of Object.entries(offers)) {
    Object.defineProperty(registry, type, {
      configurable: true,
      get: () => registered[type] ?? (open && !registering ? ours : undefined),
      set(value: unknown) {
        open = false
        registered[type] = value
        // From now on it is a plain property, which the API may delete.
        Object.defineProperty(registry, type, {
          value,
          writable: true,
          configurable: true,
          enumerable: true,
        })
      },
    })
  }
  Object.defineProperty(globalThis, KEY, {
    configurable: true,
    get() {
      registering = false
      known ??= contained('observe.opentelemetry', registrantVersion)
      if (known !== undefined) return registry
      if (++looks === MAX_LOOKS) giveUp()
      return undefined
    },
    set(value: unknown) {
      if (value !== registry) {
        open = false
        foreign = value as Registry
        Object.defineProperty(globalThis, KEY, { value, writable: true, configurable: true })
        return
      }
      registering = true
      if (version !== ANY_VERSION) return
      version = contained('observe.opentelemetry', registrantVersion) ?? known ?? version
    },
  })
  return type => (foreign ?? (type in offers ? registered : registry))[type]
}

function giveUp(): void {
  Reflect.deleteProperty(globalThis, KEY)
  const file = callingFiles()[0] ?? 'evaluated code'
  tellUser('HOTPATH_OTEL_VERSION', { file })
}
