import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '../config.js'
import type { Host } from '../serve/host.js'
import type { RequestSpan, ServeStage } from '../serve/seam.js'
import type { startServe } from '../serve/start.js'
import { context } from '../trace/context.js'
import { caught } from '../trace/counts.js'
import { addGauges } from '../trace/gauges.js'
import { keeper } from '../trace/keeper.js'
import { recorder } from '../trace/recorder.js'
import { routeStats } from '../trace/routes.js'
import { ActiveTrace, OpenSpan } from '../trace/span.js'
import { beforeTallies, tally } from '../trace/tallies.js'
import { limiting } from './limit-stage.js'
import { guessRoute } from './route-guess.js'

export { SERVED, type Way } from '../serve/seam.js'

/** The stage, when there is one; a field of an object, so that the gate sees the change. */
export const serving: { stage: ServeStage | undefined } = { stage: undefined }

/** What the bundle of the stage may use of the recorder, of which there is one. */
const host: Host = {
  caught,
  get hold() {
    const { limits } = limiting
    return limits === undefined ? undefined : limits.hit
  },
  count: (name, route, reason, n) => countAs(`hotpath.cache.${name}`, route, reason, n),
  countAs,
  gauges: read => addGauges('serve.gauges', read),
  countCdn: (name, driver, n) => tally(`hotpath.cdn.${name}`, { 'hotpath.cdn': driver }, n),
  beforeCounts: beforeTallies,
  say: line => void process.stderr.write(`hotpath: ${line}\n`),
  within: (span, fn) => context.run(span as unknown as OpenSpan, fn),
  background,
}

/** @param route `GET /menu`, or '' for all together. */
function countAs(name: string, route: string, reason: string, n: number): void {
  const [method = '', template = ''] = route.split(' ')
  tally(
    name,
    {
      ...(method === '' ? {} : { 'http.request.method': method }),
      ...(template === '' ? {} : { 'http.route': template }),
      ...(reason === '' ? {} : { reason }),
    },
    n,
  )
}

/** A trace of its own, which no client waits for: it is in no histogram of requests. */
function background(
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
  begin: (span: RequestSpan, run: (emit: () => boolean) => boolean) => void,
): void {
  const trace = new ActiveTrace(keeper)
  const root = trace.begin(new OpenSpan(trace, undefined, 'internal', name, undefined))
  response.once('close', () => root.end())
  const { method = '', url = '' } = request
  const stats = () => {
    const { route } = trace
    if (route === undefined) return routeStats(method, guessRoute(url), true)
    return routeStats(method, route ?? undefined)
  }
  begin({ trace, fromCache: false, stats }, fn => context.run(root, fn))
}

/** Loads the stages where the config asks for one: an app without them does not pay for it. */
export async function useServe(config: Config): Promise<void> {
  const asked =
    (config.shed ?? config.server) !== undefined ||
    Object.values(config.routes ?? {}).some(
      ({ cache, concurrency, priority, bodyLimit }) =>
        (cache ?? concurrency ?? priority ?? bodyLimit) !== undefined,
    )
  if (!asked || !recorder.enabled) return
  try {
    const module = (await import('../serve/start.js')) as { startServe: typeof startServe }
    serving.stage = module.startServe(config, process.env, host)
  } catch {
    caught('serve.start')
  }
}
