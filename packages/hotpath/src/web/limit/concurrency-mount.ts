import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Guest, Place, Places } from '../../concurrency/places.js'
import { checkPolicy } from '../../config.js'
import {
  type ConcurrencyConfig,
  PRIORITIES,
  type Priority,
  routeCrowdRules,
} from '../../config/crowd.js'
import { HotpathError } from '../../errors.js'
import type { Turn } from '../../limit/route-limit.js'
import { placesOf } from '../../serve/crowd-policy.js'
import { hasLeft, isOpenEnded, tellsLatency } from '../../serve/open-ended.js'
import { problemOf } from '../../serve/refusal.js'

/** `concurrency` of the config, as docs/concurrency.md has it. */
export type MountConcurrency<Subject> =
  | 'adaptive'
  | number
  | (ConcurrencyConfig & {
      /** Who goes first when not all can: of those that share this mount. Default `normal`. */
      readonly priority?: (request: Subject) => Priority
    })

/** How many are let in, are there and wait now, and what one mount did so far: `queued`, `refused full` ... */
export interface ConcurrencyFigures {
  readonly limit: number
  readonly inFlight: number
  readonly waiting: number
  readonly counts: Readonly<Record<string, number>>
  /** Exceptions of ours, and of functions of the options, that were caught. */
  readonly errors: number
}

/** Routes whose latencies are told apart; of more, the others are one. */
const MOST_ROUTES = 500

/** The app may replace the global timers; ours must be real. */
const { setImmediate, setTimeout } = globalThis

/** `limitConcurrency` of all frameworks. */
export class ConcurrencyMount<Subject> {
  readonly #places: Places | undefined
  readonly #priority: ((request: Subject) => Priority) | undefined
  readonly #routes = new Map<string, object>()
  readonly #counts: Record<string, number> = {}
  #errors = 0

  /**
   * @param routeOf The route that the framework has found, as it was written; latencies are compared by it.
   * @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE
   */
  constructor(
    options: MountConcurrency<Subject>,
    private readonly routeOf: (subject: Subject) => unknown,
  ) {
    const { priority, ...rest } = typeof options === 'object' ? options : { limit: options }
    const wrong = checkPolicy(routeCrowdRules.concurrency, rest, 'limitConcurrency')
    if (wrong !== undefined) throw new HotpathError(wrong)
    this.#priority = priority
    this.#places = placesOf(rest, {
      now: () => performance.now(),
      soon: fn => void setImmediate(fn),
      after: (ms, fn) => void setTimeout(fn, ms).unref(),
      waited: () => {},
      would: () => this.#count('shadow.refused'),
    })
  }

  /** False: it may go on at once; else `turn` says how, now or later. Throws what the app throws. */
  hold(request: IncomingMessage, response: ServerResponse, turn: Turn, subject: Subject): boolean {
    const places = this.#places
    if (places === undefined || response.destroyed || hasLeft(request)) return false
    let place: Place | undefined
    let isRefused = false
    let context: AsyncResource | undefined
    const closed = (): void => {
      this.#contained(() => {
        if (place === undefined) places.gone()
        else place.leave(tellsLatency(response))
      })
    }
    const guest: Guest = {
      priority: this.#priorityOf(subject),
      route: () => this.#route(subject),
      label: () => ({ method: request.method ?? '', template: undefined }),
      enter: (taken, waitedMs) => {
        place = taken
        if (waitedMs > 0) this.#count('queued')
        // In the async context of the request, whoever gives the place back.
        context?.runInAsyncScope(() => run(taken, turn))
      },
      refuse: why => {
        isRefused = true
        this.#count(`refused ${why}`)
        this.#contained(() => turn.refuse(problemOf(why)))
      },
      isGone: () => response.destroyed || hasLeft(request),
      isOpenEnded: (nowMs, begunMs) => isOpenEnded(request, response, nowMs - begunMs),
    }
    const isAsked = this.#contained(() => void (place = places.ask(guest)))
    if (isRefused) return true
    if (!isAsked) return false
    response.once('close', closed)
    if (place === undefined) context = new AsyncResource('hotpath.place')
    else run(place, turn)
    return true
  }

  figures(): ConcurrencyFigures {
    const { limit = Number.POSITIVE_INFINITY, inFlight = 0, waiting = 0 } = this.#places ?? {}
    return { limit, inFlight, waiting, counts: { ...this.#counts }, errors: this.#errors }
  }

  /** What of ours fails is no matter of the app. */
  #contained(work: () => void): boolean {
    try {
      work()
      return true
    } catch {
      this.#errors++
      return false
    }
  }

  #priorityOf(subject: Subject): number {
    try {
      const at = PRIORITIES.indexOf(this.#priority?.(subject) ?? 'normal')
      if (at >= 0) return at
    } catch {
      // Counted below, as what is no priority is.
    }
    this.#errors++
    return PRIORITIES.indexOf('normal')
  }

  #route(subject: Subject): object {
    const name = String(this.routeOf(subject))
    const known = this.#routes.get(name)
    if (known !== undefined) return known
    if (this.#routes.size >= MOST_ROUTES) return this
    const route = { name }
    this.#routes.set(name, route)
    return route
  }

  #count(name: string): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1
  }
}

/** On to the handler, which has run, after that, to where it waits. */
function run(place: Place, turn: Turn): void {
  try {
    turn.go()
  } finally {
    place.ran()
  }
}
