import type { Config } from '../config.js'
import type { LimitHost } from '../limit/host.js'
import type { LimitStage } from '../limit/stage.js'
import type { startLimits } from '../limit/start.js'
import { caught } from '../trace/counts.js'
import { askingRoutes, isAskingRoute, reaching } from '../trace/reaching.js'
import { recorder } from '../trace/recorder.js'
import { beforeTallies, tally } from '../trace/tallies.js'

/** The limits of routes, where there are any; a field of an object, so that the gate sees the change. */
export const limiting: { limits: LimitStage | undefined } = { limits: undefined }

/** What the bundle of limits may use of the recorder, of which there is one. */
const host: LimitHost = {
  caught,
  beforeCounts: beforeTallies,
  count(name, route, { reason, key }, n) {
    const [method = '', template = ''] = route.split(' ')
    tally(
      `hotpath.limit.${name}`,
      {
        ...(template === '' ? {} : { 'http.request.method': method }),
        'http.route': template === '' ? route : template,
        ...(reason === undefined ? {} : { reason }),
        ...(key === undefined ? {} : { 'hotpath.limit.key': key }),
      },
      n,
    )
  },
}

/** Loads limits where a route has one: an app without does not pay for it. */
export async function useLimits(config: Config): Promise<void> {
  const asked = Object.values(config.routes ?? {}).some(
    ({ limit, throttle }) => limit !== undefined || throttle !== undefined,
  )
  reaching.expected = asked
  if (!asked || !recorder.enabled) return
  try {
    const module = (await import('../limit/start.js')) as { startLimits: typeof startLimits }
    const limits = module.startLimits(config, host, { isAskingRoute, askingRoutes })
    limiting.limits = limits
    reaching.hold = limits?.reached
  } catch {
    caught('limit.start')
  }
}
