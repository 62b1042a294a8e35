import type { IncomingMessage } from 'node:http'
import type { TrustProxy } from '../config/trust-proxy.js'
import { ClientAddresses } from '../identity/client-address.js'
import { headerValue, rawListOf } from '../identity/header-value.js'
import { doesVerify, type Identity as Told } from '../identity/verifies.js'

export type { Client } from '../identity/verifies.js'

/** Whose requests are counted together; `by` of a policy. */
export type By = 'ip' | 'user' | 'key' | ((request: IncomingMessage) => Given | Promise<Given>)

/** What a function of the app may give. Undefined, null and '': nobody is known. */
type Given = string | number | undefined | null

/**
 * Whose request it is. A text is a client without a plan; undefined: nobody is known, and the request is
 * counted by its address. Must not reject: what fails is undefined.
 */
export type Identity = (request: IncomingMessage) => Told | Promise<Told>

/** What `identityOf` needs of the config, besides `by`. */
export interface WhoSettings {
  /** For `by: 'key'`: the header that holds it. Default `x-api-key`. */
  readonly keyHeader?: string | undefined
  /** For `by: 'user'`: who sent it; one that verifies. */
  readonly identify?: Identity | undefined
  /** Which proxies are believed when they tell the address. Default: none. */
  readonly trustProxy?: TrustProxy | undefined
  /** What of an IPv6 address tells one client. Default 64. */
  readonly ipv6Prefix?: number | undefined
}

/** An API key is no longer than this; what is longer is nobody's. */
const MOST_KEY = 1_024

/** One for each config: the blocks that are trusted are read once. */
const readers = new WeakMap<WhoSettings, ClientAddresses>()
const NOBODY_TRUSTED: WhoSettings = {}

/**
 * The address that a request came from: of IPv6 its first 64 bits, and what a proxy says only where it is
 * trusted. Never undefined: who has none shares one key.
 */
export function addressOf(
  request: IncomingMessage,
  settings: WhoSettings = NOBODY_TRUSTED,
): string {
  return addressesOf(settings).of(request) ?? NO_ADDRESS
}

/** Of a connection that is gone. */
export const NO_ADDRESS = 'unknown'

/** Who reads addresses by these settings: for those that ask it for each request. */
export function addressesOf(settings: WhoSettings): ClientAddresses {
  let reader = readers.get(settings)
  if (reader === undefined) readers.set(settings, (reader = new ClientAddresses(settings)))
  return reader
}

/**
 * The function that says whose request it is. Called once for each policy; `failed` for each request where the
 * app's function throws.
 *
 *     const identity = identityOf('ip', {})
 *     await identity(request) // '192.0.2.7'
 */
export function identityOf(by: By, settings: WhoSettings, failed = (): void => {}): Identity {
  if (by === 'ip') return request => addressOf(request, settings)
  if (by === 'user') {
    const { identify } = settings
    // Who a client only says that it is must not be asked for; the config refuses it before.
    return doesVerify(identify) ? contained(identify, failed) : () => undefined
  }
  if (by === 'key') {
    const name = (settings.keyHeader ?? 'x-api-key').toLowerCase()
    return request => {
      const value = headerValue(rawListOf(request), name)
      return value === '' || value.length > MOST_KEY ? undefined : value
    }
  }
  return contained(request => {
    const told = by(request)
    return told instanceof Promise ? told.then(textOf) : textOf(told)
  }, failed)
}

/** What fails is undefined, and `failed` is told. */
function contained(identify: Identity, failed: () => void): Identity {
  const nobody = (): undefined => void failed()
  const named = (told: Told): Told =>
    (typeof told === 'object' ? told.key : told) === '' ? undefined : told
  return request => {
    try {
      const told = identify(request)
      return told instanceof Promise ? told.then(named, nobody) : named(told)
    } catch {
      return nobody()
    }
  }
}

const textOf = (told: Given): string | undefined =>
  told === undefined || told === null || told === '' ? undefined : String(told)
