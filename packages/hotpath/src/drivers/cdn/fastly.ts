import type { CdnPurger } from '../../config/cdn.js'
import { call, resultOf } from './call.js'

export interface FastlyOptions {
  /** The service's id. */
  readonly service: string
  /** An API token with the scope `purge_select`. */
  readonly token: string
  /** Default `https://api.fastly.com`. */
  readonly api?: string
}

/**
 * Fastly, by surrogate keys, 256 a call (https://www.fastly.com/documentation/reference/api/purging/);
 * `Surrogate-Key` of an answer takes 16,384 bytes. How many calls it takes it says with 429.
 */
export function fastly({ service, token, api }: FastlyOptions): CdnPurger {
  const url = `${api ?? 'https://api.fastly.com'}/service/${encodeURIComponent(service)}/purge`
  return {
    name: 'fastly',
    by: 'key',
    reads: {
      lifetime: 'Surrogate-Control',
      keys: { header: 'Surrogate-Key', separator: ' ' },
      mostKeys: 900,
      mostBytes: 16_000,
      vary: 'any',
    },
    limits: { perCall: 256, perSecond: 10, burst: 50 },
    async purge(keys, signal) {
      const headers = {
        'Fastly-Key': token,
        Accept: 'application/json',
        'Content-Type': 'application/json',
      }
      const body = JSON.stringify({ surrogate_keys: keys })
      return resultOf(await call({ method: 'POST', url, headers, body }, signal))
    },
  }
}
