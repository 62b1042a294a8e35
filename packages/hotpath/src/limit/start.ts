/** Limits of routes, as a bundle of their own: loaded only when the config asks for them. */
import { clock } from '../clock.js'
import type { Config } from '../config.js'
import type { LimitHost } from './host.js'
import { type Routers, RouteLimits } from './route-limits.js'
import type { LimitStage } from './stage.js'

/** Makes the stage, or undefined when no route has a limit, or `HOTPATH_LIMIT=off` lets all of them be. */
export function startLimits(
  config: Config,
  host: LimitHost,
  routers: Routers,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): LimitStage | undefined {
  if (/^(?:off|0|false)$/i.test(environment['HOTPATH_LIMIT'] ?? '')) return undefined
  const limits = new RouteLimits(config, host, routers, clock)
  return limits.isEmpty ? undefined : limits
}
