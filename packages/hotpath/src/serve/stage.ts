import type { IncomingMessage, ServerResponse } from 'node:http'
import { AsyncResource } from 'node:async_hooks'
import { processTags } from '../cache/tags.js'
import type { Clock } from '../clock.js'
import type { Cdn } from '../cdn/start.js'
import { type AnswerStore, type Found, targetTag } from './answer-store.js'
import { capture } from './capture.js'
import type { Entry } from './entry.js'
import { factsOf, targetOf, variantOf } from './facts.js'
import { Fill, type Kitchen } from './fill.js'
import { Flight, type Landing, MOST_REFRESH_MS } from './flight.js'
import { refuseCdn, targetName } from './for-cdn.js'
import type { Host } from './host.js'
import { Instances } from './instances.js'
import { isSafe, onChange, type Target } from './invalidate.js'
import { Memory } from './memory.js'
import type { Policies } from './policy.js'
import { rawHeadersOf } from './raw-headers.js'
import { type Emit, type RequestSpan, SERVED, type ServeStage, type Way } from './seam.js'
import { type Given, Sender } from './send.js'
import { Tally } from './tally.js'
import { keyedQuery, urlKey } from './url-key.js'
import type { Taken, Turn } from './turn.js'
import { Variants } from './variants.js'
import { GateVisit, type Making, type Visit } from './visit.js'
import { Writes } from './writes.js'

/** An answer may be that of several fills, one for each cache that it passes. */
type Filling = ServerResponse & Record<symbol, Fill | undefined>

/** The cache of answers in the request's way: hits, fills, those who wait, and writes. */
export class ResponseCache implements ServeStage {
  readonly sender: Sender
  private readonly memory: Memory
  private readonly variants: Variants
  private readonly tally: Tally
  private readonly kitchen: Kitchen
  private readonly instances: Instances
  /** By key and the values of its headers. */
  private readonly flights = new Map<string, Flight>()
  private readonly writes = new Writes()
  /** Where a response keeps the fill that it is the answer of. */
  private readonly ofFill = Symbol('hotpath.fill')
  private readonly caught = (): void => this.host.caught('serve')

  constructor(
    private readonly host: Host,
    private readonly policies: Policies,
    readonly clock: Clock,
    readonly cdn?: Cdn | undefined,
    /** Of several caches together; undefined: one of its own. */
    memory?: Memory,
  ) {
    this.sender = new Sender(clock)
    this.tally = new Tally(host, policies.all)
    this.memory = memory ?? new Memory(() => this.tally.add('', 'evicted'))
    this.variants = new Variants(this.memory, this.caught)
    this.kitchen = {
      memory: this.memory,
      clock,
      tally: this.tally,
      writes: this.writes,
      cdn,
      caught: this.caught,
      earned: policy => {
        const { route, shadowOnly } = policy
        policy.store?.earned(policy)
        // What was kept while it was compared is in no store: others would not get it, nor drop it.
        if (policy.store !== undefined) policy.learning.forget()
        if (!shadowOnly)
          host.say(
            `${route} is served from the cache from now on: what it would have served was what the app answered.`,
          )
      },
    }
    this.instances = new Instances(host, this.kitchen)
  }

  enter(
    request: IncomingMessage,
    response: ServerResponse,
    span: RequestSpan,
    emit: Emit,
    server: unknown,
  ): Way {
    try {
      const { method = '', url = '' } = request
      if (method !== 'GET' && method !== 'HEAD') {
        if (!isSafe(method))
          onChange(request, response, target => this.dropTarget(target, server), this.caught)
        return undefined
      }
      const policy = this.policies.candidate(url)
      if (policy === undefined) return undefined
      const facts = factsOf(request, policy, server)
      if (typeof facts === 'string') {
        this.passed(policy.route, facts)
        if (this.cdn !== undefined && policy.cdn !== undefined)
          refuseCdn(this.cdn, response, span, policy, this.caught)
        return undefined
      }
      return this.meet(
        new GateVisit(this.host, this, request, response, span, policy, facts, emit, server),
      )
    } catch {
      return this.failed(response, span)
    }
  }

  /** A request that may be answered from here. */
  meet(visit: Visit): Way {
    try {
      this.instances.share(visit.policy)
      return this.look(visit, true)
    } catch {
      return this.failed(visit.response, visit.span)
    }
  }

  /** It passes by, for this reason. */
  passed(route: string, reason: string): void {
    this.tally.add(route, 'passed', reason)
  }

  closed(response: ServerResponse): void {
    this.cdn?.purges.sent(response)
    const fill = (response as Filling)[this.ofFill]
    if (fill === undefined) return
    try {
      fill.flight?.abandoned()
    } catch {
      this.caught()
    }
  }

  /**
   * @param mayWait False for who has waited already.
   * @param asked Versions are shared: what the store was asked about; undefined in it: that does not hold.
   */
  private look(
    visit: Visit,
    mayWait: boolean,
    asked?: { readonly entry?: Entry | undefined },
  ): Way {
    const { request, policy, facts } = visit
    const { learning } = policy
    const slot = this.memory.slot(facts.key)
    const known = slot !== undefined && slot.generation === learning.generation ? slot : undefined
    const names = known?.names ?? []
    const variant = names.length === 0 ? '' : variantOf(rawHeadersOf(request), names)
    const found = policy.serves ? known?.variants.get(variant) : undefined
    const nowMs = this.clock.now()
    const store = this.instances.storeOf(policy)
    const current = found?.isCurrent() === true && store?.asks !== true ? found : undefined
    if (current !== undefined && asked === undefined && processTags().strict !== undefined)
      return this.askFirst(visit, current, mayWait)
    const entry = asked === undefined || asked.entry === current ? current : undefined
    const flightKey = `${facts.key} ${variant}`
    if (entry !== undefined && known !== undefined) {
      const ageMs = entry.ageMs(nowMs)
      const { freshMs, revalidateMs, errorMs } = entry.lifetime
      if (ageMs < revalidateMs) {
        if (ageMs >= freshMs) this.refresh(visit, flightKey)
        const second = Math.floor(nowMs / 1000)
        if (entry.usedSecond !== second) {
          entry.usedSecond = second
          this.memory.touch(known)
        }
        this.give(visit, this.variants.of(rawHeadersOf(request), entry, known), 'hit')
        return SERVED
      }
      if (ageMs < errorMs && mayWait && request.method === 'GET') {
        this.refresh(visit, flightKey)
        this.wait(visit, flightKey, entry)
        return SERVED
      }
    }
    if (request.method !== 'GET') return undefined
    const shares = policy.serves && !facts.conditional && !facts.noStore
    if (shares && mayWait && this.flights.has(flightKey)) {
      this.wait(visit, flightKey, undefined)
      return SERVED
    }
    if (store !== undefined && shares && mayWait) {
      this.fetch(visit, flightKey, store)
      return SERVED
    }
    return this.fill(visit, shares && !this.flights.has(flightKey) ? flightKey : undefined)
  }

  /** Versions are shared: whether an answer holds is asked for at each hit. */
  private askFirst(visit: Visit, entry: Entry, mayWait: boolean): Way {
    this.whetherHolds(entry, holds => {
      const asked = { entry: holds ? entry : undefined }
      this.resume(visit, () => this.look(visit, mayWait, asked))
    })
    return SERVED
  }

  /** In the async context of who asks. */
  private whetherHolds({ reading: { noted } }: Entry, then: (holds: boolean) => void): void {
    const go = AsyncResource.bind(then)
    void (processTags().strict?.holds(noted) ?? Promise.resolve(false)).then(holds =>
      setImmediate(go, holds),
    )
  }

  private give(visit: Visit, entry: Entry, given: Given): void {
    const { request, response } = visit
    visit.span.trace.route = entry.route
    const later = () => this.resume(visit, () => this.hand(visit, entry, given))
    if (this.host.hold?.(visit.policy.route, request, response, later) !== true)
      this.hand(visit, entry, given)
  }

  private hand(visit: Visit, entry: Entry, given: Given): typeof SERVED {
    visit.span.fromCache = true
    if (given === 'hit') visit.policy.hits++
    else this.tally.add(visit.policy.route, 'coalesced')
    visit.send(entry, this.clock.now(), given)
    return SERVED
  }

  /** Asks the store before the app; those who come meanwhile wait for what becomes of it. */
  private fetch(visit: Visit, flightKey: string, store: AnswerStore): void {
    const { response } = visit
    const flight = this.takeOff(flightKey)
    const go = AsyncResource.bind((taken: Taken) => {
      if (response.destroyed) {
        taken.turn?.over(true)
        return flight.land('none')
      }
      this.go(visit, this.arrived(visit, flight, taken))
    })
    // In a turn of the loop of its own: what the app throws is none of ours.
    void this.instances.turn(visit, store).then(taken => setImmediate(go, taken))
  }

  private arrived(visit: Visit, flight: Flight, { found, turn }: Taken): Way {
    try {
      const kept = found?.entry?.kept
      if (found === undefined || kept === undefined || !this.instances.takes(visit, found))
        return this.make(visit, flight, found, turn)
      this.give(visit, kept, 'hit')
      flight.land('stored')
      return SERVED
    } catch {
      turn?.over(true)
      flight.land('none')
      return this.failed(visit.response, visit.span)
    }
  }

  /** Lets the app answer, and watches. */
  private fill(visit: Visit, flightKey: string | undefined): Way {
    return this.make(visit, flightKey === undefined ? undefined : this.takeOff(flightKey))
  }

  /** Lets the app answer, for those who wait in `flight`, and watches. */
  make(
    making: Making,
    flight: Flight | undefined,
    found?: Found,
    turn?: Turn,
  ): Extract<Way, (run: never) => boolean> {
    const { request, response, span, policy, facts, unasked, watched } = making
    const asked = unasked === true ? undefined : response
    const fill = new Fill(this.kitchen, policy, facts, request, span, asked, watched)
    capture(response, policy.maxBytes, fill, this.caught)
    ;(response as Filling)[this.ofFill] = fill
    fill.flight = flight
    fill.found = found
    fill.turn = turn
    turn?.watch(response)
    return run => fill.run(run)
  }

  private takeOff(flightKey: string): Flight {
    const flight: Flight = new Flight(() => {
      if (this.flights.get(flightKey) === flight) this.flights.delete(flightKey)
    })
    this.flights.set(flightKey, flight)
    return flight
  }

  /** Follows who makes the answer; `old` is given when that fails. */
  private wait(visit: Visit, flightKey: string, old: Entry | undefined): void {
    this.flights.get(flightKey)?.follow((landing: Landing) => {
      this.resume(visit, () => this.again(visit, landing, old))
    })
  }

  /** Goes on with a request that was held up, unless its client has left. */
  private resume(visit: Visit, way: () => Way): void {
    if (!visit.response.destroyed) this.go(visit, this.contained(visit, way))
  }

  /** The way that a request takes which was held up. */
  private go(visit: Visit, way: Way): void {
    if (way === undefined) visit.pass()
    else if (way !== SERVED) way(() => visit.pass())
  }

  private again(visit: Visit, landing: Landing, old: Entry | undefined): Way {
    // Of versions that are shared the old one has been asked about, after this request came.
    if (landing === 'failed' && old?.isCurrent() === true) {
      this.give(visit, old, 'hit')
      return SERVED
    }
    const landed = landing === 'stored' ? this.landed(visit) : undefined
    if (landed === undefined) return this.fill(visit, undefined)
    const { entry, form } = landed
    const { strict } = processTags()
    if (strict === undefined || strict.joinsBlindly) {
      this.give(visit, form, 'collapsed')
      return SERVED
    }
    // It may have been begun before a write that this request must see.
    this.whetherHolds(entry, holds => {
      this.resume(visit, () => {
        if (!holds || !entry.isCurrent()) return this.fill(visit, undefined)
        this.give(visit, form, 'collapsed')
        return SERVED
      })
    })
    return SERVED
  }

  /** What another has made of the same request, and the form of it that this one accepts. */
  private landed({ policy, facts, request }: Visit): { entry: Entry; form: Entry } | undefined {
    const slot = this.memory.slot(facts.key)
    if (slot?.generation !== policy.learning.generation || !policy.serves) return undefined
    const raw = rawHeadersOf(request)
    const entry = slot.variants.get(variantOf(raw, slot.names))
    if (entry?.isCurrent() !== true) return undefined
    return { entry, form: this.variants.of(raw, entry, slot) }
  }

  private contained(visit: Visit, way: () => Way): Way {
    try {
      return way()
    } catch {
      return this.failed(visit.response, visit.span)
    }
  }

  /** An exception of ours: the app answers, unless an answer of ours is on its way already. */
  private failed(response: ServerResponse, span: RequestSpan): Way {
    this.caught()
    if (!response.headersSent) {
      span.fromCache = false
      return undefined
    }
    if (!response.writableEnded) response.destroy()
    return SERVED
  }

  /** Makes an answer anew while its client has the old one; one at a time. */
  private refresh(visit: Visit, flightKey: string): void {
    if (this.flights.has(flightKey)) return
    const flight = this.takeOff(flightKey)
    flight.limit(MOST_REFRESH_MS)
    this.tally.add(visit.policy.route, 'stale')
    const begin = visit.remake(flight)
    const go = (found?: Found): void => {
      try {
        if (found !== undefined && this.instances.takes(visit, found)) flight.land('stored')
        else begin(found)
      } catch {
        // Also of a handler that throws at once: no client waits for this answer, and the old one is there.
        this.caught()
        flight.land('failed')
      }
    }
    const store = this.instances.storeOf(visit.policy)
    if (store === undefined) setImmediate(go)
    else void this.instances.ask(visit, store).then(found => setImmediate(go, found))
  }

  /** An unsafe request has changed what is behind this target, as far as RFC 9111, 4.4 can tell. */
  dropTarget({ path, host, scheme, port }: Target, server: unknown): void {
    for (const policy of this.policies.behind(path)) {
      if (policy.cdn !== undefined) this.cdn?.purges.wrote(targetName(host, path))
      // With a rule nothing is kept for a query with `;` or `#`: what is before it may be what was changed.
      const before = path.replace(/(\?[^;#]*).*$/, '$1')
      const keyed = keyedQuery(path, policy.query) ?? keyedQuery(before, policy.query)
      if (keyed === undefined) continue
      const key = policy.scope + urlKey(server, scheme, host, path, keyed.query)
      this.writes.wrote(key)
      if (policy.store !== undefined) processTags().bump([targetTag(targetOf(key, port))])
      if (this.memory.drop(key)) this.tally.add(policy.route, 'invalidated')
    }
  }
}
