import type { CdnPurger } from '../../config/cdn.js'
import { call, resultOf } from './call.js'

export interface CloudflareOptions {
  /** The zone's id. */
  readonly zone: string
  /** An API token that may purge the cache of this zone. */
  readonly token: string
  /** The plan of the account, which says how many calls it may make. Default `'free'`, the fewest. */
  readonly plan?: 'free' | 'pro' | 'business' | 'enterprise'
  /** Default `https://api.cloudflare.com`. */
  readonly api?: string
}

/**
 * Calls a second and at once, by plan, and 100 tags a call, as of July 2026:
 * https://developers.cloudflare.com/cache/how-to/purge-cache/
 */
const PLANS = {
  free: { perSecond: 5 / 60, burst: 25 },
  pro: { perSecond: 5, burst: 25 },
  business: { perSecond: 10, burst: 50 },
  enterprise: { perSecond: 50, burst: 500 },
} as const

/** Cloudflare, by cache tags; `Cache-Tag` of an answer takes 16 KB. */
export function cloudflare({ zone, token, plan = 'free', api }: CloudflareOptions): CdnPurger {
  const url = `${api ?? 'https://api.cloudflare.com'}/client/v4/zones/${encodeURIComponent(zone)}/purge_cache`
  return {
    name: 'cloudflare',
    by: 'key',
    reads: {
      lifetime: 'CDN-Cache-Control',
      keys: { header: 'Cache-Tag', separator: ',' },
      mostKeys: 900,
      mostBytes: 16_000,
      // Of Vary it reads Accept-Encoding; Origin is in its key.
      vary: 'usual',
    },
    limits: { perCall: 100, ...PLANS[plan] },
    async purge(tags, signal) {
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
      const body = JSON.stringify({ tags })
      const reply = await call({ method: 'POST', url, headers, body }, signal)
      const result = resultOf(reply)
      return result.ok && !saysSuccess(reply.text)
        ? { ok: false, reason: 'its answer says no success' }
        : result
    },
  }
}

function saysSuccess(text: string): boolean {
  try {
    return (JSON.parse(text) as { success?: unknown } | null)?.success === true
  } catch {
    return false
  }
}
