import { randomUUID } from 'node:crypto'
import type { CdnPurger, PurgeResult } from '../../config/cdn.js'

/** What `CreateInvalidationCommand` of `@aws-sdk/client-cloudfront` takes. */
export interface InvalidationInput {
  DistributionId: string
  InvalidationBatch: {
    CallerReference: string
    Paths: { Quantity: number; Items: string[] }
  }
}

export interface CloudfrontOptions {
  /** The distribution's id. */
  readonly distribution: string
  /**
   * Sends it with your client, which has your credentials:
   *
   *     send: (input, options) => client.send(new CreateInvalidationCommand(input), options)
   */
  send(input: InvalidationInput, options: { abortSignal: AbortSignal }): Promise<unknown>
  /**
   * `path`, the default: each path that was sent is remembered. `tag`: for distributions whose
   * `CacheTagConfig` names the header `Cache-Tag`.
   */
  readonly by?: 'path' | 'tag'
}

/** Errors of the moment, by the names of AWS. */
const PASSING =
  /^(?:TooManyInvalidationsInProgress|Throttling|ThrottlingException|RequestLimitExceeded|ServiceUnavailable|RequestTimeout|InternalError|TimeoutError|AbortError)/
/** What it charges for is paths, and 3,000 of them may be in progress. */
const PATHS_AT_ONCE = 1_000
/** Longer paths it does not take. */
const LONGEST = 4_000

/**
 * CloudFront, through the client of AWS that you have: signing alone would not find your credentials. It
 * reads s-maxage of Cache-Control. Limits:
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html and
 * invalidation-by-tags.html there.
 */
export function cloudfront({ distribution, send, by = 'path' }: CloudfrontOptions): CdnPurger {
  const byTag = by === 'tag'
  const tags = { keys: { header: 'Cache-Tag', separator: ',' }, mostKeys: 50, mostBytes: 8_000 }
  return {
    name: 'cloudfront',
    by: byTag ? 'key' : 'path',
    ...(byTag ? {} : { everything: '/*' }),
    reads: {
      lifetime: 's-maxage',
      vary: 'usual',
      ...(byTag ? tags : { mostKeys: 0, mostBytes: 0 }),
    },
    // Of paths with a wildcard 15 may be in progress, for minutes each.
    limits: { perCall: PATHS_AT_ONCE, perSecond: 0.2, burst: 5 },
    async purge(items, signal) {
      const list = byTag ? items.map(tag => `#${tag}`) : [...new Set(items.map(pathOf))]
      const Items = list.every(item => item.length <= LONGEST) ? list : ['/*']
      const Paths = { Quantity: Items.length, Items }
      const InvalidationBatch = { CallerReference: randomUUID(), Paths }
      try {
        await send({ DistributionId: distribution, InvalidationBatch }, { abortSignal: signal })
        return { ok: true }
      } catch (error) {
        return refusalOf(error)
      }
    },
  }
}

/** Of `shop.example/menu?page=2` the path with its query, with what it does not take encoded. */
function pathOf(target: string): string {
  const path = target.slice(target.indexOf('/'))
  return path === '/*' ? path : encodeURI(path).replaceAll('%25', '%').replaceAll('*', '%2A')
}

function refusalOf(error: unknown): PurgeResult {
  const { name, code, $metadata } = error as {
    name?: unknown
    code?: unknown
    $metadata?: { httpStatusCode?: number }
  }
  const status = $metadata?.httpStatusCode
  const reason = String(name ?? code ?? status).slice(0, 100)
  const passes = PASSING.test(reason) || status === undefined || status >= 500 || status === 429
  return passes ? { ok: false, reason } : { ok: false, reason, final: true }
}
