/** The request's way, as a bundle of its own: loaded only when the config asks for a cache of answers. */
import { processTags } from '../cache/tags.js'
import { startCdn } from '../cdn/start.js'
import type { Timing } from '../cdn/host.js'
import { clock } from '../clock.js'
import type { Config } from '../config.js'
import { checkFastWay } from './fast-way.js'
import type { Host } from './host.js'
import { CachePolicies } from './policy.js'
import type { ServeStage } from './seam.js'
import { ResponseCache } from './stage.js'
import { startCrowd } from './start-crowd.js'

/** The app may replace the global timers; ours must be real. */
const { setTimeout, clearTimeout } = globalThis

const timing: Timing = {
  now: () => clock.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms).unref()
    return () => clearTimeout(timer)
  },
}

/** The stages of requests, one around the other; undefined: no route asks for any. */
export function startServe(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
  host: Host,
): ServeStage | undefined {
  return startCrowd(config, environment, host, startCache(config, environment, host))
}

function startCache(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
  host: Host,
): ServeStage | undefined {
  const policies = new CachePolicies(config, environment)
  if (policies.all.length === 0) return undefined
  const { cdn: front, service = '' } = config
  const isTold = front !== undefined && policies.all.some(policy => policy.cdn !== undefined)
  const cdn = isTold ? startCdn(front, service, processTags(), host, timing) : undefined
  const cache = new ResponseCache(host, policies, clock, cdn)
  cache.sender.fast = checkFastWay(clock)
  return cache
}
