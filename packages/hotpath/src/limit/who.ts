import type { IncomingMessage } from 'node:http'

/** Whose requests are counted together; `by` of a policy. */
export type By = 'ip' | 'user' | 'key' | ((request: IncomingMessage) => Told | Promise<Told>)

/** What a function of the app may give. Undefined, null and '': nobody is known. */
type Told = string | number | undefined | null

/** Somebody, by the text that tells them apart, and the plan that they are on where that is known. */
export interface Client {
  readonly key: string
  readonly plan?: string | undefined
}

/**
 * Whose request it is. A text is a client without a plan; undefined: nobody is known, and the request is
 * counted by its address. Must not reject: what fails is undefined.
 */
export type Identity = (
  request: IncomingMessage,
) => string | Client | undefined | Promise<string | Client | undefined>

/** What `identityOf` needs of the config, besides `by`. */
export interface WhoSettings {
  /** For `by: 'key'`: the header that holds it. Default `x-api-key`. */
  readonly keyHeader?: string
  /** For `by: 'user'`: who sent it. */
  readonly identify?: Identity
}

/** The address that a request came from. Never undefined: who has none shares one key. */
export function addressOf(request: IncomingMessage, _settings: WhoSettings = {}): string {
  return request.socket?.remoteAddress ?? 'unknown'
}

/**
 * The function that says whose request it is. Called once for each policy.
 *
 *     const identity = identityOf('ip', {})
 *     await identity(request) // '192.0.2.7'
 */
export function identityOf(by: By, settings: WhoSettings): Identity {
  if (by === 'ip') return request => addressOf(request, settings)
  if (by === 'user') return settings.identify ?? (() => undefined)
  if (by === 'key') {
    const name = (settings.keyHeader ?? 'x-api-key').toLowerCase()
    return request => {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join() : value
    }
  }
  return request => {
    const told = by(request)
    if (told instanceof Promise) return told.then(textOf, () => undefined)
    return textOf(told)
  }
}

const textOf = (told: Told): string | undefined =>
  told === undefined || told === null || told === '' ? undefined : String(told)
