import type { IncomingMessage } from 'node:http'

/** Somebody, by the text that tells them apart, and the plan that they are on where that is known. */
export interface Client {
  readonly key: string
  readonly plan?: string | undefined
}

/** Who a request is of, as something has verified it; undefined: nobody that is known. */
export type Identity = string | Client | undefined

/** Tells who a request is of. It has verified that: made by `jwt` or by `verified`. */
export interface Identify {
  (request: IncomingMessage): Identity | Promise<Identity>
  readonly [VERIFIES]: true
}

/** Of the registry: the config and the recorder may come from two copies of us. */
const VERIFIES = Symbol.for('hotpath.verifies')

/**
 * Says of a function of your own that it verifies what it tells: a signature, a session that the server
 * keeps. Who a client says that it is, anybody can say.
 *
 *     identify: verified(async request => (await sessions.find(cookieOf(request)))?.userId)
 */
export function verified(
  identify: (request: IncomingMessage) => Identity | Promise<Identity>,
): Identify {
  return Object.assign(identify, { [VERIFIES]: true as const })
}

/** Whether it was said to verify. */
export function doesVerify(identify: unknown): identify is Identify {
  return typeof identify === 'function' && Reflect.get(identify, VERIFIES) === true
}
