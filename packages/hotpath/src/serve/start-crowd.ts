import { clock } from '../clock.js'
import type { Config } from '../config.js'
import { durationMs } from '../config/duration.js'
import { memoryPart } from '../concurrency/memory.js'
import { LOOK_MS, Pressure } from '../concurrency/pressure.js'
import { Crowd } from './crowd.js'
import { CrowdPolicies, isAboutCrowd } from './crowd-policy.js'
import { CrowdTally } from './crowd-tally.js'
import { checkFastWay } from './fast-way.js'
import type { Host } from './host.js'
import { refusing } from './refusal.js'
import type { ServeStage } from './seam.js'
import { ServerBounds } from './server-bounds.js'

/** The app may replace the global timers; ours must be real. */
const { clearTimeout, setImmediate, setInterval, setTimeout } = globalThis
const now = (): number => performance.now()

const after = (ms: number, run: () => void): (() => void) => {
  const timer = setTimeout(run, ms).unref()
  return () => clearTimeout(timer)
}

type Environment = Readonly<Record<string, string | undefined>>

/** Puts the crowd's stage before the rest of the way, where the config asks for it: docs/concurrency.md. */
export function startCrowd(
  config: Config,
  environment: Environment,
  host: Host,
  inner: ServeStage | undefined,
): ServeStage | undefined {
  if (!isAboutCrowd(config) || /^(?:off|0|false)$/i.test(environment['HOTPATH_CONCURRENCY'] ?? ''))
    return inner
  refusing.fast = checkFastWay(clock)
  const tally = new CrowdTally(host)
  const shed = pressureOf(config)
  const policies = new CrowdPolicies(config, {
    now,
    soon: fn => void setImmediate(fn),
    after: (ms, fn) => void setTimeout(fn, ms).unref(),
    waited: ms => shed?.of.waited(ms),
    would: ({ label }) => tally.add('concurrency.shadow.refused', label()),
  })
  const watched = new Set<unknown>()
  for (const { name, places } of policies.all) {
    // A route that says nothing of it has the places of `*`.
    if (places === undefined || watched.has(places)) continue
    watched.add(places)
    tally.watch(name, places)
  }
  const caught = (): void => host.caught('serve.crowd')
  const bounds = config.server === undefined ? undefined : new ServerBounds(config.server, after)
  return new Crowd(policies, tally, shed, now, caught, bounds, inner)
}

function pressureOf({ shed }: Config): { of: Pressure; shadow: boolean } | undefined {
  if (shed === undefined || shed.mode === 'off') return undefined
  const { loopDelay, queueTime, memory } = shed
  const limits = {
    loopDelayMs: durationMs(loopDelay),
    queueMs: durationMs(queueTime),
    memory: memory === undefined ? undefined : memoryPart(memory),
  }
  const pressure = new Pressure(limits, now())
  setInterval(() => pressure.look(now()), LOOK_MS).unref()
  return { of: pressure, shadow: shed.mode === 'shadow' }
}
