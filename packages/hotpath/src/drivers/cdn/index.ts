/** `hotpath/cdn`: who is told of writes, for `cdn: { purge: [...] }`. See docs/cdn.md. */
export { type CloudflareOptions, cloudflare } from './cloudflare.js'
export { type CloudfrontOptions, cloudfront, type InvalidationInput } from './cloudfront.js'
export { type FastlyOptions, fastly } from './fastly.js'
export { type NginxOptions, nginx } from './nginx.js'
export { type VarnishOptions, varnish } from './varnish.js'
export { purged } from '../../cdn/purged.js'
export type { CdnFields, CdnLimits, CdnPurger, PurgeResult } from '../../config/cdn.js'
