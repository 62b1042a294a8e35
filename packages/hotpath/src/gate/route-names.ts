import type { Config } from '../config.js'
import { nearest } from '../config/nearest.js'
import { contained } from '../trace/counts.js'
import { isGivenRoute, routesMet } from '../trace/routes.js'
import { beforeTallies, tally } from '../trace/tallies.js'

/** Requests of some route, after which one that the config names and that did not come is spoken of. */
const ENOUGH = 500

/**
 * Says of each route that the config names, once, that nothing is of it: of the first 500 requests none
 * was, and no router has it. A misspelt name would do nothing, and nobody would know. Asked when counters
 * leave, so a request pays nothing for it.
 */
export function watchRouteNames({ routes }: Config): void {
  const unmet = new Set(Object.keys(routes ?? {}).filter(name => name !== '*'))
  if (unmet.size === 0) return
  beforeTallies(() => {
    if (unmet.size > 0) contained('gate.route-names', () => look(unmet))
  })
}

function look(unmet: Set<string>): void {
  const met = new Set<string>()
  let requests = 0
  for (const { method, template, seen } of routesMet()) {
    if (template === undefined || seen === 0) continue
    met.add(`${method} ${template}`)
    unmet.delete(`${method} ${template}`)
    requests += seen
  }
  if (requests < ENOUGH) return
  for (const name of unmet) {
    unmet.delete(name)
    if (!isGivenRoute(name.slice(name.indexOf(' ') + 1))) say(name, [...met])
  }
}

function say(name: string, met: readonly string[]): void {
  const near = nearest(name, met)
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`
  process.stderr.write(
    `hotpath: the config names the route "${name}", but none of the first ${ENOUGH} requests was of it.${hint}\n`,
  )
  tally('hotpath.config.unmatched', { 'hotpath.config.name': name })
}
