type Method = (this: unknown, ...args: unknown[]) => unknown

const PATCHED = Symbol.for('hotpath.observed')

/**
 * Replaces a method of a prototype by what `patch` makes of it, once; its name, length and flags stay. Does
 * nothing when there is no such method: another version of the library.
 */
export function patchMethod(
  prototype: object,
  name: string,
  patch: (original: Method) => Method,
): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
  const original: unknown = descriptor?.value
  if (descriptor === undefined || typeof original !== 'function' || PATCHED in original) return
  const patched = patch(original as Method)
  for (const [key, value] of Object.entries({ name: original.name, length: original.length }))
    Object.defineProperty(patched, key, { value, configurable: true })
  Object.defineProperty(patched, PATCHED, { value: true })
  Object.defineProperty(prototype, name, { ...descriptor, value: patched })
}
