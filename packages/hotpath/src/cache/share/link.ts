import { HotpathError } from '../../errors.js'
import { caught } from '../../trace/counts.js'
import type { CacheStore, StoreRead } from '../store.js'
import type { Tags } from '../tags.js'
import { Budget, Failed } from './budget.js'
import { Messages } from './messages.js'

/** A cache in this process that uses the store. */
export interface Member {
  /** The tag that all its entries at the store have. */
  readonly epoch: string
  /** Forgets what is in memory, since a change of it may not have been heard of. */
  drop(reason: 'gap' | 'away'): void
  /** Forgets one key; undefined for those of another cache. */
  forget(name: string, key: string): void
}

/** Failures one after another from which on the store is left alone. */
const FAILURES = 3
const LONGEST_PAUSE_MS = 5_000
/** An attempt to come back may take longer than a call: nobody waits for it. */
const ATTEMPT_MS = 1_000
/** Tags that wait to be renewed; beyond them everything is. */
const MOST_PENDING = 10_000
const SILENT_MS = 60_000

/**
 * The one way from this process to a store: bounds each call, leaves the store alone while it fails, and
 * comes back by itself. What was invalidated meanwhile is renewed at the store before it is used again.
 */
export class Link {
  readonly messages: Messages | undefined
  readonly #members = new Set<Member>()
  /** Tags that the store has not been told of, each with the number of its last invalidation. */
  readonly #pending = new Map<string, number>()
  #number = 0
  #away = false
  #failures = 0
  #outages = 0
  #timer: NodeJS.Timeout | undefined
  #warnedAt = Number.NEGATIVE_INFINITY
  #closed = false
  readonly #unlisten: () => void
  /** Changes that others in this process tell of: a write that was seen, another cache. */
  readonly listener = (names: readonly string[] | 'all'): void => {
    // Who made it has told all links of it, also those that are in another bundle of ours.
    if (this.tags.telling) return
    void this.renew(names === 'all' ? [...this.#members].map(member => member.epoch) : names)
  }

  constructor(
    readonly store: CacheStore,
    readonly tags: Tags,
    /** The first pause between attempts to come back, doubled each time. */
    private readonly pauseMs: number,
  ) {
    this.#unlisten = tags.listen(this.listener)
    if (store.subscribe === undefined || store.publish === undefined) return
    this.messages = new Messages(store, {
      tags: names => this.#bump(names),
      key: (name, key) => this.#each(member => member.forget(name, key)),
      gap: () => this.#each(member => member.drop('gap')),
    })
  }

  get away(): boolean {
    return this.#away
  }

  /** Whether changes made by others are heard of. */
  get hears(): boolean {
    return this.messages?.live === true
  }

  get figures(): { state: 'used' | 'away'; hears: boolean; outages: number; pending: number } {
    const state = this.#away ? 'away' : 'used'
    return { state, hears: this.hears, outages: this.#outages, pending: this.#pending.size }
  }

  /** @throws HOTPATH_CACHE_NAME */
  join(member: Member): void {
    for (const { epoch } of this.#members)
      if (epoch === member.epoch)
        throw new HotpathError('HOTPATH_CACHE_NAME', { what: 'A second cache of one name' })
    this.#members.add(member)
  }

  /** Resolves with true once the last member has left, and the link with it. */
  async leave(member: Member): Promise<boolean> {
    this.#members.delete(member)
    if (this.#members.size > 0) return false
    this.#closed = true
    this.#unlisten()
    clearTimeout(this.#timer)
    await this.messages?.stop()
    return true
  }

  /** Undefined, as for all below: the store is not there for this call. */
  read(
    keys: readonly string[],
    tags: readonly string[],
    budget: Budget,
  ): Promise<StoreRead | undefined> {
    return this.#call(budget, () => this.store.read(keys, tags))
  }

  ensure(tags: readonly string[], budget: Budget): Promise<readonly string[] | undefined> {
    return this.#call(budget, () => this.store.ensure(tags))
  }

  lease(key: string, holder: string, ms: number, budget: Budget): Promise<boolean | undefined> {
    return this.#call(budget, () => this.store.lease(key, holder, ms))
  }

  async write(key: string, bytes: Uint8Array, ttlMs: number, budget: Budget): Promise<void> {
    await this.#call(budget, () => this.store.write(key, bytes, ttlMs))
  }

  async release(key: string, holder: string, budget: Budget): Promise<void> {
    await this.#call(budget, () => this.store.release(key, holder))
  }

  /** True once no process is answered with it from the store. */
  async remove(name: string, key: string, storeKey: string, budget: Budget): Promise<boolean> {
    const done = await this.#call(budget, async () => {
      await this.store.remove([storeKey])
      await this.messages?.sendKey(name, key)
      return true
    })
    return done === true
  }

  /**
   * True once every process is answered anew; false when the store could not be told: then this one knows
   * alone, and tells it before it uses the store again.
   */
  async renew(names: readonly string[], budget?: Budget): Promise<boolean> {
    if (names.length === 0) return true
    const number = ++this.#number
    for (const name of names) this.#pending.set(name, number)
    if (this.#pending.size > MOST_PENDING) this.#pendAll(number)
    if (this.#away) return false
    const run = () => this.store.renew(names)
    const answer = await (budget ?? new Budget(ATTEMPT_MS)).spend(run)
    if (answer instanceof Failed) {
      this.#leaveAlone()
      return false
    }
    this.#renewed(names, number)
    return this.#tell(names)
  }

  #renewed(names: Iterable<string>, number: number): void {
    for (const name of names) {
      const waiting = this.#pending.get(name)
      if (waiting !== undefined && waiting <= number) this.#pending.delete(name)
    }
    // Again: who read the store meanwhile has the old entry, under the tag as it was changed before.
    this.#bump([...names])
  }

  async #tell(names: readonly string[]): Promise<boolean> {
    if (this.messages === undefined) return true
    const { messages } = this
    const told = await new Budget(ATTEMPT_MS).spend(() => messages.sendTags(names))
    return !(told instanceof Failed)
  }

  #bump(names: readonly string[]): void {
    this.tags.telling = true
    try {
      this.tags.bump(names, this.listener)
    } finally {
      this.tags.telling = false
    }
  }

  #pendAll(number: number): void {
    this.#pending.clear()
    for (const member of this.#members) this.#pending.set(member.epoch, number)
  }

  #call<T>(budget: Budget, run: () => Promise<T>): Promise<T | undefined> {
    if (this.#away || budget.leftMs <= 0) return Promise.resolve(undefined)
    return budget.spendFor(run, answer => {
      if (answer instanceof Failed) {
        if (answer.how === 'error') caught(`cache.store.${this.store.name}`)
        if (++this.#failures >= FAILURES) this.#leaveAlone()
        return undefined
      }
      this.#failures = 0
      return answer
    })
  }

  #leaveAlone(): void {
    if (this.#away || this.#closed) return
    this.#away = true
    this.#outages++
    this.#each(member => member.drop('away'))
    this.#warn()
    this.#retry(this.pauseMs)
  }

  #retry(pauseMs: number): void {
    this.#timer = setTimeout(() => {
      void this.#comeBack().then(back => {
        if (!back && !this.#closed) this.#retry(Math.min(pauseMs * 2, LONGEST_PAUSE_MS))
      })
    }, pauseMs)
    this.#timer.unref()
  }

  async #comeBack(): Promise<boolean> {
    const answer = await new Budget(ATTEMPT_MS).spend(() => this.store.read([], ['probe']))
    if (answer instanceof Failed) return false
    while (this.#pending.size > 0) {
      const names = [...this.#pending.keys()]
      const number = this.#number
      const renewed = await new Budget(ATTEMPT_MS).spend(() => this.store.renew(names))
      if (renewed instanceof Failed) return false
      this.#renewed(names, number)
      void this.#tell(names)
    }
    if (this.#closed) return true
    this.#failures = 0
    this.#away = false
    return true
  }

  #each(act: (member: Member) => void): void {
    for (const member of this.#members) act(member)
  }

  #warn(): void {
    const now = performance.now()
    if (now - this.#warnedAt < SILENT_MS) return
    this.#warnedAt = now
    process.emitWarning(
      `The store "${this.store.name}" does not answer in time: this process caches alone until it does.`,
      { code: 'HOTPATH_CACHE_STORE' },
    )
  }
}

const links = new WeakMap<CacheStore, WeakMap<Tags, Link>>()

/**
 * The link of this process to a store: caches that were given the same store share it.
 *
 * @throws HOTPATH_CACHE_NAME
 */
export function joinLink(store: CacheStore, tags: Tags, pauseMs: number, member: Member): Link {
  const known = links.get(store) ?? new WeakMap<Tags, Link>()
  links.set(store, known)
  const link = known.get(tags) ?? new Link(store, tags, pauseMs)
  known.set(tags, link)
  link.join(member)
  return link
}

/** Ends the link with its last member. */
export async function leaveLink(link: Link, member: Member): Promise<void> {
  if (await link.leave(member)) links.get(link.store)?.delete(link.tags)
}
