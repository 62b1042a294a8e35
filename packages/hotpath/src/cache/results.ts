import { type Clock, clock as processClock } from '../clock.js'
import { HotpathError } from '../errors.js'
import { type Computation, computeIn, currentComputation } from './computation.js'
import type { Hits } from './copy.js'
import { Entry } from './entry.js'
import { Flight, type Outcome } from './flight.js'
import { hasTables, isUnseen, Keeper, type Task } from './keeper.js'
import type { Strictness } from './strict/strictness.js'
import { Memory } from './memory.js'
import { type CacheOptions, count, ms, oneOf, type Plan } from './options.js'
import { json } from './serializer.js'
import type { Budget } from './share/budget.js'
import type { Member } from './share/link.js'
import type { Lease } from './share/lease.js'
import { Shared } from './share/shared.js'
import type { CacheCounts } from './stats.js'
import { processTags, type Tags } from './tags.js'
import { within } from './wait.js'

/** One call of the app; without a caller it is of the background. */
interface Call {
  readonly caller?: Computation | undefined
  /** What it may still wait for the store. */
  readonly budget?: Budget | undefined
  /** What is past its `ttl`, for when the source fails. */
  readonly old?: Entry | undefined
}

const MAX_BYTES = 64 << 20
const MAX_ENTRIES = 100_000
const STORE_TIMEOUT_MS = 50
const STORE_RETRY_MS = 100
const LEASE_MS = 2_000
/** JSON of this size is a third of it compressed, and takes 0.3 ms. */
const COMPRESS_ABOVE = 16_384

/** Results by key: in memory, before a store where there is one, one computation at a time. */
export class Results implements Member {
  readonly memory: Memory
  readonly shared: Shared | undefined
  readonly epoch: string
  readonly #name: string
  /** What callers of a key may join. */
  readonly #flights = new Map<string, Flight>()
  /** All, those that nobody joins any more among them: what they give may still be kept. */
  readonly #running = new Set<Flight>()
  readonly #clock: Clock
  readonly #tags: Tags
  readonly #keeper: Keeper
  readonly #asksNobody: boolean

  /** @throws HOTPATH_CACHE_OPTION */
  constructor(options: CacheOptions, tags = processTags()) {
    this.#name = options.name ?? 'cache'
    this.epoch = `clear ${this.#name}`
    this.#clock = options.clock ?? processClock
    const hits = oneOf('hits', options.hits ?? 'copied', ['copied', 'frozen', 'shared'])
    this.#tags = tags
    this.memory = new Memory(
      count('maxEntries', options.maxEntries, MAX_ENTRIES),
      count('maxBytes', options.maxBytes, MAX_BYTES),
    )
    this.#asksNobody = options.coherence === 'fast' || options.coherence === 'checked'
    this.shared = this.#sharedBy(options, hits)
    this.#keeper = new Keeper(
      this.memory,
      this.shared,
      hits,
      options.random ?? Math.random,
      () => this.#strict !== undefined,
    )
  }

  /** Where versions are shared, and this cache was not told otherwise. */
  get #strict(): Strictness | undefined {
    return this.#asksNobody ? undefined : this.#tags.strict
  }

  /** The answer from memory where that is all there is to do: nearly always. */
  hit(key: string, counts: CacheCounts): Promise<unknown> | undefined {
    if (this.shared?.asks === true || this.#strict !== undefined) return undefined
    const entry = this.memory.get(key)
    if (entry === undefined || this.#clock.now() >= entry.nextAt || !entry.isCurrent())
      return undefined
    entry.usedBy(currentComputation())
    counts.hits++
    return entry.promise()
  }

  /** The answer, wherever it comes from. */
  get(key: string, task: Task): Promise<unknown> {
    const strict = this.#strict
    return strict === undefined ? this.#getAny(key, task) : this.#getStrictly(key, task, strict)
  }

  /** What is in memory, and what is under way, is used only if the versions that all processes share say so. */
  async #getStrictly(key: string, task: Task, strict: Strictness): Promise<unknown> {
    const old = this.#current(key)
    const flight = this.#flights.get(key)
    if (flight !== undefined && !strict.joinsBlindly) {
      const { noted, objection } = flight.computation
      // What it reads from now on it reads after this call was made; what it has read must hold.
      const holds = objection === '' && (noted.size === 0 || (await strict.holds(noted)))
      if (!holds && this.#flights.get(key) === flight) this.#flights.delete(key)
    }
    if (old !== undefined && old.noted.size > 0 && !(await strict.holds(old.noted)))
      this.#forget(key, old)
    return this.#getAny(key, task, old)
  }

  /** @param asked What may be used of memory; whatever else is there now was not asked about. */
  #getAny(key: string, task: Task, asked?: Entry): Promise<unknown> {
    const { shared } = this
    if (this.#strict !== undefined && this.memory.get(key) !== asked) this.memory.delete(key)
    if (shared?.asks === true) return this.#getAsking(key, task, shared)
    return this.#getFrom(key, task, this.#current(key), shared?.budget())
  }

  /** What is in memory is used only if the store says that it holds. */
  async #getAsking(key: string, task: Task, shared: Shared): Promise<unknown> {
    if (shared.closed) return this.#bypass(task)
    let old = this.#current(key)
    const budget = shared.budget()
    const holds = await this.#holds(key, old, shared, budget)
    if (shared.closed) return this.#bypass(task)
    if (holds === false) this.#forget(key, old)
    // Nor where the store did not say: what was changed before it fell silent was not heard of either.
    if (holds !== true || old?.isCurrent() === false) old = undefined
    return this.#getFrom(key, task, old, budget)
  }

  /** No `async` function on the way of a hit: each is a promise more, of which a read from a store has ten. */
  #getFrom(
    key: string,
    task: Task,
    old: Entry | undefined,
    budget: Budget | undefined,
  ): Promise<unknown> {
    const caller = currentComputation()
    if (old === undefined) return this.#join(key, task, { caller, budget })
    const now = this.#clock.now()
    const { freshUntil, staleUntil } = old.ages
    if (now < freshUntil) {
      if (now >= old.nextAt) this.#refresh(key, task, old)
      return this.#answer(old, caller, task.counts, 'hits')
    }
    if (!old.failed && (now < staleUntil || now < old.quietUntil)) {
      this.#refresh(key, task, old)
      return this.#answer(old, caller, task.counts, now < staleUntil ? 'staleHits' : 'graceHits')
    }
    return this.#join(key, task, { caller, budget, old: old.failed ? undefined : old })
  }

  /** Forgets a key in this process. */
  forgetKey(key: string): void {
    this.memory.delete(key)
    for (const flight of this.#running) if (flight.key === key) flight.dead = true
    this.#flights.delete(key)
  }

  forget(name: string, key: string): void {
    if (name === this.#name) this.forgetKey(key)
  }

  drop(reason: 'gap' | 'away'): void {
    // A subscription that still hears keeps memory right without the store.
    if (reason === 'away' && this.shared?.link.hears === true && !this.shared.asksAlways) return
    this.memory.clear()
    for (const flight of this.#running) flight.deaf = true
    // Who comes from now on does not join them.
    this.#flights.clear()
  }

  forgetAll(): void {
    this.memory.clear()
    for (const flight of this.#running) flight.dead = true
    this.#flights.clear()
  }

  #sharedBy(options: CacheOptions, hits: Hits): Shared | undefined {
    const { store } = options
    const hears = store?.subscribe !== undefined && store.publish !== undefined
    const coherence = options.coherence ?? (hears ? 'fast' : 'checked')
    const settings = {
      name: this.#name,
      coherence: oneOf('coherence', coherence, ['fast', 'checked', 'strict']),
      timeoutMs: ms('storeTimeout', options.storeTimeout) ?? STORE_TIMEOUT_MS,
      retryMs: ms('storeRetry', options.storeRetry) ?? STORE_RETRY_MS,
      leaseMs: ms('lease', options.lease) ?? LEASE_MS,
      serializer: options.serializer ?? json,
      compressAbove: options.compressAbove ?? COMPRESS_ABOVE,
      hits,
      clock: this.#clock,
      tags: this.#tags,
    }
    return store === undefined ? undefined : new Shared(store, settings, this)
  }

  /** What is in memory of a key and was not made old by a change. */
  #current(key: string): Entry | undefined {
    const entry = this.memory.get(key)
    if (entry === undefined) return undefined
    if (entry.isCurrent() && this.#clock.now() < entry.ages.keptUntil) return entry
    this.memory.delete(key)
    return undefined
  }

  #forget(key: string, entry: Entry | undefined): void {
    if (this.memory.get(key) === entry) this.memory.delete(key)
  }

  /** Whether what is in memory of a key holds, as the store says now. Flights that do not are joined no more. */
  async #holds(
    key: string,
    old: Entry | undefined,
    shared: Shared,
    budget: Budget,
  ): Promise<boolean | undefined> {
    if (old !== undefined) return old.ids === undefined ? false : shared.holds(old.ids, budget)
    const flight = this.#flights.get(key)
    // Until it asks, whoever comes is as early as the one who began it.
    if (flight === undefined || !flight.asked) return undefined
    await flight.whenKnown()
    const alone = flight.computation.noted.size > flight.declared.length
    if (!alone && (await shared.holds(flight.ids, budget)) === true) return undefined
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
    return undefined
  }

  #answer(
    entry: Entry,
    caller: Computation | undefined,
    counts: CacheCounts,
    how: 'hits' | 'staleHits' | 'graceHits',
  ): Promise<unknown> {
    entry.usedBy(caller)
    counts[how]++
    return entry.promise()
  }

  /** Computes in the background, unless that is under way, or failed a moment ago. */
  #refresh(key: string, task: Task, old: Entry): void {
    const now = this.#clock.now()
    if (now < old.quietUntil) return
    const flight = this.#flights.get(key)
    if (flight?.admits(now, task.plan.hardMs) === true) return
    const refreshing = this.#start(key, task, {}, true)
    refreshing.outcome.catch(() => this.#quiet(old, task.plan))
  }

  #quiet(old: Entry, plan: Plan): void {
    old.quietUntil = this.#clock.now() + plan.retryMs
  }

  async #join(key: string, task: Task, call: Call): Promise<unknown> {
    const { caller, old } = call
    const known = this.#flights.get(key)
    const joins = known?.admits(this.#clock.now(), task.plan.hardMs) === true
    if (joins) {
      task.counts.joins++
      known.joined = true
      // From now on, and not once it is there: whoever comes after a change must not join this caller either.
      if (caller !== undefined) known.computation.feeds(caller)
    }
    const flight = joins ? known : this.#start(key, task, call, false)
    try {
      const outcome = await this.#settled(flight, task, old)
      // It may have read before this call was made, and nobody saw it.
      if (joins && this.#strict !== undefined && isUnseen(flight) && !task.plan.ttlOnly)
        return await task.run()
      if ('entry' in outcome) {
        // Nobody else has it, and nobody will.
        const own = !this.memory.enabled && !flight.joined
        return own ? outcome.entry.kept.value : outcome.entry.give()
      }
      return joins ? this.#keeper.copyOf(outcome.value) : outcome.value
    } catch (error) {
      const fallback = old ?? flight.fallback
      if (fallback?.isCurrent() !== true) throw error
      this.#quiet(fallback, task.plan)
      return this.#answer(fallback, caller, task.counts, 'graceHits')
    }
  }

  /** @throws HOTPATH_CACHE_TIMEOUT, and what the computation throws */
  #settled(flight: Flight, task: Task, old: Entry | undefined): Promise<Outcome> {
    const { softMs, hardMs } = task.plan
    const soft = old !== undefined && softMs > 0 && (hardMs === 0 || softMs < hardMs)
    const limitMs = soft ? softMs : hardMs
    return limitMs === 0 ? flight.outcome : this.#limited(flight, task, limitMs, soft)
  }

  async #limited(flight: Flight, task: Task, limitMs: number, soft: boolean): Promise<Outcome> {
    const settled = await within(flight.outcome, limitMs)
    if (settled !== 'late') return settled
    flight.outcome.catch(() => {})
    if (!soft) task.counts.timeouts++
    const timeout = String(limitMs)
    throw new HotpathError('HOTPATH_CACHE_TIMEOUT', { name: task.name, timeout })
  }

  #start(key: string, task: Task, { caller, budget }: Call, refreshes: boolean): Flight {
    const { shared } = this
    const declared = shared === undefined ? task.tags : [shared.epoch, ...task.tags]
    const flight = new Flight(key, caller, this.#clock.now(), declared)
    for (const name of declared) {
      const tag = this.#tags.of(name)
      flight.computation.note(tag, tag.version)
    }
    this.#flights.set(key, flight)
    this.#running.add(flight)
    flight.outcome = this.#run(key, task, flight, budget, refreshes)
    return flight
  }

  async #run(
    key: string,
    task: Task,
    flight: Flight,
    budget: Budget | undefined,
    refreshes: boolean,
  ): Promise<Outcome> {
    const { shared } = this
    try {
      if (shared === undefined || shared.link.away)
        return await this.#compute(key, task, flight, undefined)
      // Those who call in this same turn come before the store is asked.
      await Promise.resolve()
      flight.asked = true
      const looked = await shared.look(key, flight, refreshes, budget ?? shared.budget())
      flight.know()
      if (this.#mayUse(looked)) return this.#found(key, task, flight, looked, 'storeHits')
      if (looked === 'away') return await this.#compute(key, task, flight, undefined)
      const taken = await shared.take(key, flight, refreshes, budget ?? shared.budget())
      if (this.#mayUse(taken)) return this.#found(key, task, flight, taken, 'waits')
      const lease = taken === 'away' || taken instanceof Entry ? undefined : taken
      return await this.#compute(key, task, flight, lease)
    } finally {
      flight.know()
      this.#running.delete(flight)
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
      if (flight.aged !== undefined) this.#refresh(key, task, flight.aged)
    }
  }

  /** What statements have read is at the store in versions that are renewed a moment too late for `strict`. */
  #mayUse(given: unknown): given is Entry {
    return given instanceof Entry && (this.#strict === undefined || !hasTables(given.noted))
  }

  #found(
    key: string,
    { counts }: Task,
    flight: Flight,
    entry: Entry,
    how: 'storeHits' | 'waits',
  ): Outcome {
    counts[how]++
    if (!flight.dead && !flight.deaf && flight.computation.isFresh()) this.memory.set(key, entry)
    if (this.#clock.now() >= entry.nextAt) flight.aged = entry
    return { entry }
  }

  async #compute(
    key: string,
    task: Task,
    flight: Flight,
    lease: Lease | undefined,
  ): Promise<Outcome> {
    const { counts } = task
    counts.misses++
    const bornAt = this.#clock.now()
    let value: unknown
    try {
      value = await computeIn(flight.computation, async () => task.run())
    } catch (error) {
      counts.failures++
      void lease?.end()
      this.#keeper.keepFailure(key, task, flight, error, bornAt)
      throw error
    }
    counts.fills++
    return this.#keeper.keep(key, task, flight, lease, value, bornAt)
  }

  /** Computes as if there were no cache. */
  async #bypass(task: Task): Promise<unknown> {
    task.counts.bypassed++
    return task.run()
  }
}
