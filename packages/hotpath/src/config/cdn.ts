import { DURATION, durationMs } from './duration.js'
import { isRecord, isText, type Rule } from './rule.js'

/**
 * A cache in front of the app that can be told to drop answers. The drivers of `hotpath/cdn` are such:
 *
 *     import { varnish } from 'hotpath/cdn'
 *     export default defineConfig({ cdn: { purge: [varnish({ url: 'http://10.0.0.7:6081' })] } })
 *
 * `hotpath/contract/cdn-purger` is the suite that each of them passes.
 */
export interface CdnPurger {
  /** For counters and messages: `varnish`. */
  readonly name: string
  /**
   * `key`: it drops all answers that carry a key. `path`: it drops one target at a time, given as
   * `shop.example/menu?page=2`, host and target as the app was asked for them.
   */
  readonly by: 'key' | 'path'
  /** What it reads of an answer. */
  readonly reads: CdnFields
  readonly limits: CdnLimits
  /** By path: the item that stands for all, where there is one. */
  readonly everything?: string
  /**
   * Drops answers: at most `limits.perCall` keys or targets. What is not there counts as dropped. A refusal
   * is a value; what it throws counts as one that may pass.
   */
  purge(items: readonly string[], signal: AbortSignal): Promise<PurgeResult>
}

/** What a CDN reads of the head of an answer. */
export interface CdnFields {
  /** Where it finds how long it may keep the answer. `CDN-Cache-Control` (RFC 9213) is sent to all. */
  readonly lifetime: 'CDN-Cache-Control' | 'Surrogate-Control' | 'X-Accel-Expires' | 's-maxage'
  /** Where it finds the keys; undefined: it knows none. */
  readonly keys?: { readonly header: string; readonly separator: string }
  /** Keys of one answer, and bytes of their header: what is over it would not be found by a purge. */
  readonly mostKeys: number
  readonly mostBytes: number
  /** Whether it tells answers apart by what `Vary` names: any header, Accept-Encoding and Origin alone, or none. */
  readonly vary: 'any' | 'usual' | 'none'
}

export interface CdnLimits {
  /** Items of one call. */
  readonly perCall: number
  /** Calls a second in the long run, and how many at once after a pause. */
  readonly perSecond: number
  readonly burst: number
}

/** What became of a purge. */
export type PurgeResult =
  | { readonly ok: true }
  | {
      readonly ok: false
      /** For a message: a status, or an error's code; no data of the app. */
      readonly reason: string
      /** It asked to be left alone for this long. */
      readonly retryAfterMs?: number
      /** It makes no sense to try again soon: a wrong token. */
      readonly final?: boolean
    }

/** Caches in front of the app: docs/cdn.md. */
export interface CdnConfig {
  /** Which are told of writes. */
  readonly purge: readonly CdnPurger[]
  /**
   * Makes keys that nobody can guess; the same in all processes. Default: the name of the service. Give one
   * where somebody might learn something from knowing that an answer is of the table `menu`.
   */
  readonly secret?: string
  /** So long after a purge it is purged once more, for answers that were on their way. Default `'1s'`. */
  readonly again?: string
}

/** What of the answers of one route a CDN may keep. */
export interface RouteCdnConfig {
  /** So long at most; the app's own s-maxage, max-age and Expires may say less. */
  readonly ttl: string
  /**
   * What browsers are told in Cache-Control: `'no-cache'`, or how long they may keep what nobody can take
   * back. Default: what the app says, and `no-cache` where it says nothing.
   */
  readonly browser?: string
}

const duration: Rule = { expected: DURATION, check: value => durationMs(value) !== undefined }

/** `cdn` of the cache of a route. */
export const routeCdnRule: Rule = {
  expected: "an object with a ttl, such as { ttl: '1h' }",
  check: value => isRecord(value) && Reflect.get(value as object, 'ttl') !== undefined,
  keys: {
    ttl: duration,
    browser: {
      expected: `'no-cache' or ${DURATION}`,
      check: value => value === 'no-cache' || durationMs(value) !== undefined,
    },
  },
}

const isPurger = (value: unknown): boolean =>
  isRecord(value) && typeof Reflect.get(value as object, 'purge') === 'function'

/** `cdn`. */
export const cdnRule: Rule = {
  expected: "an object with purge, such as { purge: [varnish({ url: 'http://127.0.0.1:6081' })] }",
  check: value => isRecord(value) && Reflect.get(value as object, 'purge') !== undefined,
  keys: {
    purge: {
      expected: 'a list of drivers of hotpath/cdn, such as [varnish({ url })]',
      check: value => Array.isArray(value) && value.length > 0 && value.every(isPurger),
    },
    secret: { expected: 'a text', check: isText },
    again: duration,
  },
}
