import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { clock } from '../clock.js'
import { checkResponseCache } from '../config.js'
import type { ResponseCacheConfig } from '../config/response-cache.js'
import { currentComputation } from '../cache/computation.js'
import { HotpathError, type Problem, problem } from '../errors.js'
import type { Found } from '../serve/answer-store.js'
import type { Entry } from '../serve/entry.js'
import { type Facts, factsOf } from '../serve/facts.js'
import type { Flight } from '../serve/flight.js'
import type { Inputs } from '../serve/inputs.js'
import { onChange, type Target } from '../serve/invalidate.js'
import { Memory } from '../serve/memory.js'
import { CachePolicy, isTurnedOff } from '../serve/policy.js'
import { replayOf } from '../serve/replay.js'
import { type RequestSpan, SERVED } from '../serve/seam.js'
import type { Given } from '../serve/send.js'
import { ResponseCache } from '../serve/stage.js'
import type { Making, Visit } from '../serve/visit.js'
import { pathTemplate } from '../trace/path-template.js'
import { type Answer, answerOf } from './answer.js'
import { arrivalOf, arrive, watchArrivals } from './arrivals.js'
import { MountHost } from './mount-host.js'

/** Routes of one mount that are told apart: each earns by itself that it serves. Others pass by. */
const MOST_ROUTES = 100

/** What the config says of a route, but for what CDNs are told: docs/response-cache.md. */
export type MountPolicy = Omit<ResponseCacheConfig, 'cdn'>

/** What one mount did so far. */
export interface MountFigures {
  /** Routes that have earned that they are served, such as `GET /menu`. */
  readonly serves: readonly string[]
  /**
   * By name as in docs/response-cache.md, with the reason where there is one: `hits`, `passed credential`.
   * `evicted` is of all mounts of the process, which share one memory.
   */
  readonly counts: Readonly<Record<string, number>>
  /** Exceptions of ours that were caught. */
  readonly errors: number
}

/** What a framework does with a request at a mount. */
export interface Turn {
  /** The path of the route, as the router has it; undefined: it does not say. */
  readonly path: string | undefined
  /** Goes on to the app's handler; throws what that throws. */
  pass(): boolean
  answer(answer: Answer): void
}

/** `cacheResponses` of all frameworks: where it was mounted, and the policies of the routes behind it. */
export class Mount {
  readonly #byRoute = new Map<string, CachePolicy>()
  readonly #policies: CachePolicy[] = []
  readonly #host = new MountHost()
  readonly #cache: ResponseCache
  readonly #scope = `mount ${mounts.size} `
  readonly #off: boolean

  /** @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE */
  constructor(private readonly config: MountPolicy) {
    const wrong = checkResponseCache(config, 'cacheResponses') ?? refusedCdn(config)
    if (wrong !== undefined) throw new HotpathError(wrong)
    const all = this.#policies
    const policies = { all, candidate: () => undefined, behind: () => all }
    this.#cache = new ResponseCache(this.#host, policies, clock, undefined, memory)
    mounts.add(this)
    this.#off = config.mode === 'off' || isTurnedOff(process.env)
    if (!this.#off) watchArrivals(unsafe, caughtBefore)
  }

  /** Answers a request that has come here, now or later, or lets it pass. */
  take(request: IncomingMessage, response: ServerResponse, turn: Turn): void {
    const visit = this.#visit(request, response, turn)
    const making = visit === undefined ? undefined : MountVisit.makes.get(request)
    if (visit === undefined) turn.pass()
    else if (making !== undefined)
      this.#cache.make(
        { ...visit.making, facts: making.facts },
        making.flight,
        making.found,
      )(() => turn.pass())
    else {
      const way = this.#cache.meet(visit)
      if (way === undefined) turn.pass()
      else if (way !== SERVED) way(() => turn.pass())
    }
  }

  figures(): MountFigures {
    return {
      serves: this.#policies.filter(policy => policy.serves).map(({ route }) => route),
      counts: { ...this.#host.counted(), ...(evicted === 0 ? {} : { evicted }) },
      errors: this.#host.errors + before.errors,
    }
  }

  /** An unsafe request has changed what is behind this target, as far as can be told. */
  drop(target: Target, server: unknown): void {
    this.#cache.dropTarget(target, server)
  }

  #visit(request: IncomingMessage, response: ServerResponse, turn: Turn): MountVisit | undefined {
    try {
      const arrival = this.#off ? undefined : arrivalOf(request)
      if (arrival === undefined || arrival.taken || response.headersSent) return undefined
      arrival.taken = true
      const policy = this.#policyOf(turn.path ?? pathTemplate(arrival.url))
      if (policy === undefined) return undefined
      const facts = factsOf(request, policy, arrival.server, arrival.url)
      if (typeof facts === 'string') {
        this.#cache.passed(policy.route, facts)
        return undefined
      }
      const span = spanOf(policy.route)
      response.once('close', () => this.#cache.closed(response))
      const { inputs, url, server } = arrival
      const making = { request, response, span, policy, facts, watched: inputs }
      return new MountVisit(making, url, server, turn)
    } catch {
      this.#host.caught()
      return undefined
    }
  }

  #policyOf(path: string): CachePolicy | undefined {
    const route = `GET ${path}`
    const known = this.#byRoute.get(route)
    if (known !== undefined || this.#policies.length >= MOST_ROUTES) return known
    const policy = new CachePolicy(route, this.config, this.#scope)
    this.#byRoute.set(route, policy)
    this.#policies.push(policy)
    return policy
  }
}

/** Nobody would purge what a CDN keeps: the purges belong to the recorder. Said also to who has no types. */
function refusedCdn(config: object): Problem | undefined {
  if (Reflect.get(config, 'cdn') === undefined) return undefined
  const hint =
    'A mount tells CDNs nothing. Name the route in hotpath.config instead: routes, cache, cdn.'
  return problem('HOTPATH_CONFIG_KEY', { file: 'cacheResponses', key: 'policy.cdn', hint })
}

const mounts = new Set<Mount>()
/** Exceptions of ours before it was known whose request it is. */
const before = { errors: 0 }
const caughtBefore = (): void => void before.errors++
let evicted = 0
/** All mounts share what answers may take of the memory. */
const memory = new Memory(() => void evicted++)

function unsafe(request: IncomingMessage, response: ServerResponse, server: unknown): void {
  const drop = (target: Target): void => {
    for (const mount of mounts) mount.drop(target, server)
  }
  onChange(request, response, drop, caughtBefore)
}

/** The router has said whose route it is: nothing is left to guess. */
function spanOf(route: string): RequestSpan {
  const stats = { method: 'GET', template: route.slice('GET '.length) } as ReturnType<
    RequestSpan['stats']
  >
  return { trace: { route: undefined }, fromCache: false, stats: () => stats }
}

class MountVisit implements Visit {
  /** Requests that nobody sent, on their way to the mount that makes an answer anew. */
  static readonly makes = new WeakMap<
    IncomingMessage,
    { facts: Facts; flight: Flight; found: Found | undefined }
  >()
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly span: RequestSpan
  readonly policy: CachePolicy
  readonly facts: Facts
  readonly watched: Inputs

  constructor(
    readonly making: Making & { readonly watched: Inputs },
    private readonly url: string,
    private readonly server: unknown,
    private readonly turn: Turn,
  ) {
    const { request, response, span, policy, facts, watched } = making
    this.request = request
    this.response = response
    this.span = span
    this.policy = policy
    this.facts = facts
    this.watched = watched
  }

  pass(): boolean {
    return this.turn.pass()
  }

  send(entry: Entry, nowMs: number, given: Given): void {
    const { request, facts, turn } = this
    // The route may be in the config as well: what is kept there depends on what this was made of.
    currentComputation()?.uses(entry.reading.noted, entry.reading.statements)
    // And on the headers by which this one is told from others: to read them by name tells who watches.
    const { headers, learning } = this.policy
    for (const name of [...headers, ...learning.inputs]) Reflect.get(request.headers, name)
    turn.answer(answerOf(request, entry, nowMs, given, facts.conditional))
  }

  /** Through the whole app, from the server on: what stands before the mount is part of the answer. */
  remake(flight: Flight): (found?: Found) => void {
    const { server, facts } = this
    const { request, response } = replayOf(this.request, this.response, this.url)
    return found => {
      arrive(request, response, server)
      MountVisit.makes.set(request, { facts, flight, found })
      // Past whoever counts what clients send: nobody sent it.
      EventEmitter.prototype.emit.call(server as EventEmitter, 'request', request, response)
    }
  }
}
