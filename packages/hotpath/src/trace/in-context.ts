import { context } from './context.js'
import type { OpenSpan } from './span.js'

/**
 * Runs what ends an operation in the async context of who asked for it, not in that of the socket which
 * brought the answer.
 *
 * @param caller What the context held when it was asked for.
 */
export function inContext(
  caller: OpenSpan | undefined,
  fn: (this: unknown, ...args: unknown[]) => unknown,
  self: unknown,
  args: ArrayLike<unknown>,
): unknown {
  if (context.getStore() === caller) return Reflect.apply(fn, self, args)
  return context.run(caller, Reflect.apply, fn, self, args)
}
