import { type RouteCdnConfig, routeCdnRule } from './cdn.js'
import { DURATION, durationMs } from './duration.js'
import { type Check, isRecord, isText, type Rule } from './rule.js'

/**
 * Answers of one route are kept and given again, as a shared HTTP cache does it (RFC 9111). Durations are
 * text: `'500ms'`, `'30s'`, `'10m'`.
 *
 *     routes: { 'GET /menu': { cache: { ttl: '30s', stale: '10m' } } }
 */
export interface ResponseCacheConfig {
  /** An answer is fresh for this long at most; the app's own Cache-Control may say less. */
  readonly ttl: string
  /** After that it may be given for this long, while one request in the background makes it anew. */
  readonly stale?: string
  /**
   * `on`, the default, serves once it has been seen that it would have served what the app answers;
   * until then, and always with `shadow`, it only compares and counts.
   */
  readonly mode?: 'off' | 'shadow' | 'on'
  /** What else than scheme, host, path and query an answer depends on, and what of the query it does not. */
  readonly key?: ResponseCacheKey
  /**
   * Headers that do not change this answer: they are out of the key though the handler reads them. Those
   * that look like a credential make a request private unless they are named here or in `key.headers`.
   * `set-cookie`: an answer that sets one is kept without it.
   */
  readonly shared?: readonly string[]
  /** Names by which the app's code drops these answers, besides what their statements read. */
  readonly tags?: readonly string[]
  /**
   * With `invalidation: { mode: 'strict' }`: an answer of which no statement was seen is kept all the same,
   * and lives by its `ttl` alone.
   */
  readonly ttlOnly?: boolean
  /**
   * Text of 1,024 bytes and more that the app did not compress is given compressed to who accepts it:
   * brotli, zstd or gzip, each made once. Default true.
   */
  readonly compress?: boolean
  /**
   * Where instances share answers and what the policy has earned: a store of `hotpath/cache`, or a function
   * that makes one at start. The same function is called once for all routes that name it.
   */
  readonly store?: StoreOfAnswers | (() => StoreOfAnswers | Promise<StoreOfAnswers>)
  /** A longer body is not kept. Default 1,048,576. */
  readonly maxBytes?: number
  /** What a CDN may keep of them: docs/cdn.md. Default: what the app says. */
  readonly cdn?: RouteCdnConfig
}

/** What of a store of `hotpath/cache` tells that it is one. */
export interface StoreOfAnswers {
  readonly name: string
  read(keys: readonly string[], tags: readonly string[]): Promise<unknown>
  write(key: string, bytes: Uint8Array, ttlMs: number): Promise<void>
  ensure(tags: readonly string[]): Promise<readonly string[]>
  renew(tags: readonly string[]): Promise<void>
}

export interface ResponseCacheKey {
  /**
   * Parameters that the answer does not depend on, or the only ones that it does; those that look like a
   * credential are in the key nevertheless.
   */
  readonly query?: { readonly ignore: readonly string[] } | { readonly only: readonly string[] }
  /** Request headers that the answer depends on; what `Vary` names is known without. */
  readonly headers?: readonly string[]
}

/** Parameters of this kind tell who asks: an answer that is shared must not leave them out of its key. */
const SECRET =
  /token|secret|passw|signature|session|credential|jwt|auth|api[-_]?key|^(?:sig|sid|key)$/i

/** Whether a parameter looks like a credential by its name, as it is spelt in a query. */
export function isSecretParameter(name: string): boolean {
  try {
    return SECRET.test(decodeURIComponent(name))
  } catch {
    return true
  }
}

const isNames: Check = value =>
  Array.isArray(value) && value.length > 0 && value.length <= 100 && value.every(isText)
const headers: Rule = {
  expected: "a list of header names such as ['accept-language']",
  check: value =>
    isNames(value) && (value as string[]).every(name => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)),
}
const duration: Rule = { expected: DURATION, check: value => durationMs(value) !== undefined }

/** `cache` of a route. */
export const responseCacheRule: Rule = {
  expected: "an object with a ttl, such as { ttl: '30s' }",
  check: value => isRecord(value) && Reflect.get(value as object, 'ttl') !== undefined,
  keys: {
    ttl: duration,
    stale: duration,
    mode: {
      expected: "'off', 'shadow' or 'on'",
      check: value => ['off', 'shadow', 'on'].includes(String(value)),
    },
    key: {
      expected: 'an object',
      check: isRecord,
      keys: {
        query: {
          expected: "an object with either ignore or only, such as { ignore: ['utm_source'] }",
          check: value => isRecord(value) && Object.keys(value as object).length === 1,
          keys: {
            ignore: {
              expected:
                'a list of parameters that tell nobody apart; a credential stays in the key',
              check: value => isNames(value) && !(value as string[]).some(isSecretParameter),
            },
            only: { expected: "a list of parameters such as ['page']", check: isNames },
          },
        },
        headers,
      },
    },
    shared: { ...headers, expected: "a list of header names such as ['cookie']" },
    tags: { expected: "a list of names such as ['menu']", check: isNames },
    cdn: routeCdnRule,
    ttlOnly: { expected: 'true or false', check: value => typeof value === 'boolean' },
    store: {
      expected: 'a store such as redisStore(client), or a function that makes one',
      check: value =>
        typeof value === 'function' ||
        ['read', 'write', 'renew', 'ensure'].every(
          name => typeof Reflect.get(Object(value), name) === 'function',
        ),
      // It may be of any class.
      keysOf: () => undefined,
    },
    compress: { expected: 'true or false', check: value => typeof value === 'boolean' },
    maxBytes: {
      expected: 'a whole number of bytes from 1 up',
      check: value => Number.isSafeInteger(value) && (value as number) >= 1,
    },
  },
}
