import type { CdnPurger } from '../../config/cdn.js'
import { call, resultOf } from './call.js'

export interface VarnishOptions {
  /** Where it listens: `http://10.0.0.7:6081`. */
  readonly url: string
}

/**
 * Varnish with the module xkey (Debian: varnish-modules) and the VCL of docs/cdn.md. Of several each has its
 * own: `purge: [varnish({ url: a }), varnish({ url: b })]`.
 */
export function varnish({ url }: VarnishOptions): CdnPurger {
  return {
    name: 'varnish',
    by: 'key',
    reads: {
      lifetime: 'CDN-Cache-Control',
      keys: { header: 'Surrogate-Key', separator: ' ' },
      mostKeys: 400,
      // Its `http_resp_hdr_len` is 8 kB unless it is told otherwise: an answer over it is an error.
      mostBytes: 8_000 - 'Surrogate-Key: '.length,
      vary: 'any',
    },
    // A request's header has the same bound as an answer's.
    limits: { perCall: 400, perSecond: 1_000, burst: 100 },
    async purge(keys, signal) {
      const headers = { 'xkey-purge': keys.join(' ') }
      return resultOf(await call({ method: 'PURGE', url, headers }, signal))
    },
  }
}
