import type { CdnPurger, PurgeResult } from '../../config/cdn.js'
import { call, resultOf } from './call.js'

export interface NginxOptions {
  /** Where it listens: `http://10.0.0.7:80`. */
  readonly url: string
}

/**
 * The location of docs/cdn.md that drops. A location of its own: the module's other form, a method on the
 * cached location, crashes nginx's worker (1.22.1 with 2.3 of the module, both of Debian 12).
 */
const PURGES = '/hotpath-purge'

/** Requests at once: each drops one target. */
const AT_ONCE = 8

/**
 * nginx with the module cache_purge (Debian: libnginx-mod-http-cache-purge) and the configuration of
 * docs/cdn.md. It knows no keys, so each target is dropped by its URL; and of a target it drops one variant
 * alone, so it is given no answer that varies.
 */
export function nginx({ url }: NginxOptions): CdnPurger {
  const base = new URL(url).origin
  return {
    name: 'nginx',
    by: 'path',
    reads: { lifetime: 'X-Accel-Expires', mostKeys: 0, mostBytes: 0, vary: 'none' },
    limits: { perCall: 64, perSecond: 100, burst: 20 },
    async purge(targets, signal) {
      for (let at = 0; at < targets.length; at += AT_ONCE) {
        const some = targets.slice(at, at + AT_ONCE)
        const results = await Promise.all(some.map(target => drop(base, target, signal)))
        const refused = results.find(result => !result.ok)
        if (refused !== undefined) return refused
      }
      return { ok: true }
    },
  }
}

/** As it was asked for; bytes that this end of HTTP does not send are none that the other end took. */
const encoded = (target: string): string =>
  target.replace(/[^\x21-\x7e]/g, character => encodeURIComponent(character))

async function drop(base: string, target: string, signal: AbortSignal): Promise<PurgeResult> {
  const slash = target.indexOf('/')
  const host = target.slice(0, slash)
  const reply = await call(
    {
      method: 'GET',
      url: base,
      // Its key is what the client sent, byte for byte.
      path: PURGES + encoded(target.slice(slash)),
      headers: { Host: host },
    },
    signal,
  )
  // It is not there, or no target that nginx would have taken from a client.
  return [400, 404, 412, 414].includes(reply.status) ? { ok: true } : resultOf(reply)
}
