import type { Config } from '../config.js'
import { bytesOf } from '../config/bytes.js'
import {
  type ConcurrencyConfig,
  PRIORITIES,
  type Priority,
  type RouteCrowdConfig,
} from '../config/crowd.js'
import { durationMs } from '../config/duration.js'
import { Places, type PlacesOptions } from '../concurrency/places.js'
import type { Label } from './crowd-tally.js'
import { RouteTable } from './route-table.js'

const QUEUE_MS = 100
const [MIN, MAX] = [2, 1_000]

/** Paths by which supervisors ask whether a process lives: to refuse them is to have it killed. */
const HEALTH =
  /^\/(?:-\/)?(?:health|healthz|healthcheck|live|livez|liveness|ready|readyz|readiness|healthy|ping)\/?$/i

/** What the config says of the crowd on one route. */
export interface CrowdPolicy {
  readonly name: string
  /** Method and path of its name; undefined for `*`. */
  readonly label: Label | undefined
  /** Index of `PRIORITIES`; undefined: the config says nothing. */
  readonly priority: number | undefined
  /** Neither counted nor shed. */
  readonly exempt: boolean
  readonly places: Places | undefined
  /** Longest body; undefined: any. */
  readonly bodyLimit: number | undefined
}

const NOTHING: CrowdPolicy = {
  name: '*',
  label: undefined,
  priority: undefined,
  exempt: false,
  places: undefined,
  bodyLimit: undefined,
}

/** Of what the process gives to places. */
export type Surroundings = Pick<PlacesOptions, 'now' | 'soon' | 'after' | 'waited' | 'would'>

/** The policies of a config; what a route does not say `*` says for it. */
export class CrowdPolicies {
  readonly all: readonly CrowdPolicy[]
  readonly #table: RouteTable<CrowdPolicy>

  constructor({ routes = {} }: Config, surroundings: Surroundings) {
    const others = routes['*']
    const shared = others === undefined ? NOTHING : policyOf('*', others, NOTHING, surroundings)
    const named = Object.entries(routes)
      .filter(([name, route]) => name !== '*' && speaks(route))
      .map(([name, route]) => [name, policyOf(name, route, shared, surroundings)] as const)
    this.all = [...named.map(([, policy]) => policy), ...(shared === NOTHING ? [] : [shared])]
    this.#table = new RouteTable<CrowdPolicy>([...named, ['*', shared]])
  }

  of(method: string, url: string): CrowdPolicy {
    return this.#table.find(method, url) ?? NOTHING
  }
}

/** Whether any part of a config is about the crowd. */
export function isAboutCrowd({ shed, server, routes = {} }: Config): boolean {
  return (shed ?? server) !== undefined || Object.values(routes).some(speaks)
}

const speaks = ({ concurrency, priority, bodyLimit }: RouteCrowdConfig): boolean =>
  concurrency !== undefined || priority !== undefined || bodyLimit !== undefined

/** The importance of a request: as the config says, or as its path tells. */
export function priorityOf({ priority }: CrowdPolicy, method: string, url: string): number {
  if (priority !== undefined) return priority
  const isHealth =
    (method === 'GET' || method === 'HEAD') && HEALTH.test(url.split('?')[0] as string)
  return PRIORITIES.indexOf(isHealth ? 'critical' : 'normal')
}

function policyOf(
  name: string,
  { concurrency, priority, bodyLimit }: RouteCrowdConfig,
  others: CrowdPolicy,
  surroundings: Surroundings,
): CrowdPolicy {
  const [method = '', template = ''] = name.split(' ')
  return {
    name,
    label: name === '*' ? undefined : { method, template },
    priority: priority === undefined ? others.priority : indexOf(priority),
    exempt: concurrency === 'exempt' || (concurrency === undefined && others.exempt),
    places: concurrency === undefined ? others.places : placesOf(concurrency, surroundings),
    bodyLimit: bodyLimit === undefined ? others.bodyLimit : bytesOf(bodyLimit),
  }
}

const indexOf = (priority: Priority): number => PRIORITIES.indexOf(priority)

/** Undefined where any number is let in. */
export function placesOf(
  said: NonNullable<RouteCrowdConfig['concurrency']>,
  surroundings: Surroundings,
): Places | undefined {
  if (said === 'exempt') return undefined
  const config: ConcurrencyConfig = typeof said === 'object' ? said : { limit: said }
  const { limit = 'adaptive', min = MIN, max = Math.max(MAX, min), queue, queueTime, mode } = config
  if (mode === 'off') return undefined
  return new Places({
    limit,
    min: Math.min(min, max),
    max,
    queue,
    queueMs: durationMs(queueTime) ?? QUEUE_MS,
    shadow: mode === 'shadow',
    ...surroundings,
  })
}
