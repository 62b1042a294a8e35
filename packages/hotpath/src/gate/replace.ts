import type { Method } from './pg-types.js'

const GATED = Symbol('hotpath.gated')

/**
 * Replaces a method of a prototype by what `gate` makes of it, once; name, length and the property's
 * flags stay. Does nothing when there is no such method: another version of the library.
 */
export function replace(prototype: object, name: string, gate: (original: Method) => Method): void {
  const original = Reflect.get(prototype, name) as (Method & { [GATED]?: true }) | undefined
  if (typeof original !== 'function' || original[GATED] === true) return
  const gated = gate(original)
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
  Object.defineProperty(gated, 'name', { value: original.name, configurable: true })
  Object.defineProperty(gated, 'length', { value: original.length, configurable: true })
  Object.defineProperty(gated, GATED, { value: true })
  Object.defineProperty(prototype, name, {
    configurable: true,
    writable: true,
    enumerable: descriptor?.enumerable ?? false,
    value: gated,
  })
}
