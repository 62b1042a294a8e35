import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../../clock.js'
import { caught } from '../../trace/counts.js'
import { type Hits, keep, keepPlain } from '../copy.js'
import { type Ages, Entry } from '../entry.js'
import type { Flight } from '../flight.js'
import { json, type Serializer } from '../serializer.js'
import type { CacheStore } from '../store.js'
import type { Tag, Tags } from '../tags.js'
import { Budget } from './budget.js'
import {
  bodyOf,
  COMPRESSED,
  compressed,
  type Envelope,
  inflated,
  pack,
  unpack,
  valueIn,
} from './envelope.js'
import { Lease } from './lease.js'
import { joinLink, leaveLink, type Link, type Member } from './link.js'
import { LRUCache } from 'lru-cache'

export interface SharedSettings {
  readonly name: string
  readonly coherence: 'fast' | 'checked' | 'strict'
  readonly timeoutMs: number
  readonly retryMs: number
  readonly leaseMs: number
  readonly serializer: Serializer
  readonly compressAbove: number
  readonly hits: Hits
  readonly clock: Clock
  readonly tags: Tags
}

/** Keys whose undeclared tags are remembered. */
const MOST_REMEMBERED = 10_000
/** While another process computes, the store is asked again after 5 ms, and then ever later. */
const FIRST_POLL_MS = 5
const LAST_POLL_MS = 50

/** A store as one cache uses it: entries and leases under its name. */
export class Shared {
  readonly link: Link
  /** All entries of this cache at the store have this tag: `clear` renews it. */
  readonly epoch: string
  /** Tags that a key's computation noted by itself: their versions are asked for before the next one. */
  readonly #undeclared = new LRUCache<string, readonly string[]>({ max: MOST_REMEMBERED })

  constructor(
    store: CacheStore,
    private readonly settings: SharedSettings,
    private readonly member: Member,
  ) {
    this.epoch = member.epoch
    this.link = joinLink(store, settings.tags, settings.retryMs, member)
  }

  /** Whether a hit in memory has to ask the store whether it holds. */
  get asks(): boolean {
    const { coherence } = this.settings
    if (coherence === 'strict') return true
    return !this.link.away && (coherence === 'checked' || !this.link.hears)
  }

  /** Whether a hit in memory always asks the store, and not only while no messages are heard. */
  get asksAlways(): boolean {
    return this.settings.coherence !== 'fast'
  }

  /** Nothing may be answered from the cache. */
  get closed(): boolean {
    return this.settings.coherence === 'strict' && this.link.away
  }

  get leaseMs(): number {
    return this.settings.leaseMs
  }

  budget(): Budget {
    return new Budget(this.settings.timeoutMs)
  }

  /** Whether these versions are those at the store; undefined when it does not say. */
  async holds(
    ids: ReadonlyMap<string, string> | undefined,
    budget: Budget,
  ): Promise<boolean | undefined> {
    if (ids === undefined) return undefined
    const names = [...ids.keys()]
    const read = await this.link.read([], names, budget)
    return read && names.every((name, i) => read.versions[i] === ids.get(name))
  }

  /**
   * One look: the entry if it is there, current and of use; undefined: it is not. What the flight has declared,
   * it has noted before; its `ids` are set, and `fallback` where something is in grace.
   */
  async look(
    key: string,
    flight: Flight,
    refreshes: boolean,
    budget: Budget,
  ): Promise<Entry | undefined | 'away'> {
    const more = this.#undeclared.get(key)
    const names = more === undefined ? flight.declared : union(flight.declared, more)
    const { clock } = this.settings
    // Before the store is asked: what is told while it answers makes the answer old.
    const local = this.#local(names)
    const read = await this.link.read([this.#storeKey(key)], names, budget)
    if (read === undefined) return 'away'
    const ids = read.versions.includes(undefined)
      ? await this.#complete(names, read.versions, budget)
      : byName(names, read.versions as readonly string[])
    if (ids === undefined) return 'away'
    flight.ids = ids
    const [raw] = read.entries
    const opened = raw && this.#open(key, raw, flight.declared, local, ids, budget)
    // Nearly always there is nothing to wait for.
    const entry = opened instanceof Promise ? await opened : opened
    const now = clock.now()
    if (entry !== undefined && now >= entry.ages.staleUntil) flight.fallback = entry
    const until = refreshes ? entry?.nextAt : entry?.ages.staleUntil
    if (entry === undefined || now >= (until ?? 0)) return undefined
    flight.computation.uses(entry.noted, entry.statements)
    return entry
  }

  /**
   * Takes on to compute a key that was not there, or waits for who has. One that refreshes wants it fresh.
   * Resolves with the lease, with the entry that another made, or `away`.
   */
  async take(
    key: string,
    flight: Flight,
    refreshes: boolean,
    first: Budget,
  ): Promise<Lease | Entry | 'away'> {
    const lease = new Lease(this, this.#storeKey(key))
    let budget = first
    for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_POLL_MS)) {
      const held = await lease.take(budget)
      if (held === undefined) return 'away'
      if (!held) {
        await wait(pauseMs)
        budget = this.budget()
      }
      // Also by who has the lease: the one before may have finished between the two.
      const looked = await this.look(key, flight, refreshes, budget)
      if (held && looked === undefined) return lease.hold()
      if (held) void lease.end()
      if (looked !== undefined) return looked
    }
  }

  /**
   * The value as every process is given it, with what is to be written; undefined for what cannot be.
   */
  through(value: unknown): { value: unknown; flags: number; bytes: Uint8Array } | undefined {
    try {
      const { serializer } = this.settings
      const { flags, bytes } = bodyOf(value, serializer)
      const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      return { value: valueIn(flags, body, serializer), flags, bytes }
    } catch {
      return undefined
    }
  }

  /** The versions at the store of all that was noted; undefined when one was not asked for before. */
  idsOf(
    key: string,
    noted: ReadonlyMap<Tag, number>,
    known: ReadonlyMap<string, string>,
    declared: readonly string[],
  ): Map<string, string> | undefined {
    const names = [...noted.keys()].map(tag => tag.name)
    const undeclared = names.filter(name => !declared.includes(name))
    if (undeclared.length > 0) this.#undeclared.set(key, undeclared)
    const ids = new Map<string, string>()
    for (const name of names) {
      const id = known.get(name)
      if (id === undefined) return undefined
      ids.set(name, id)
    }
    return ids
  }

  /** Writes an entry; never rejects. False when it is too large for the store. */
  async write(
    key: string,
    body: { readonly flags: number; readonly bytes: Uint8Array },
    ages: Ages,
    statements: number,
    ids: ReadonlyMap<string, string>,
  ): Promise<boolean> {
    const { clock, compressAbove } = this.settings
    const ttlMs = Math.ceil(ages.keptUntil - clock.now())
    if (ttlMs <= 0) return true
    const small = await compressed(body, compressAbove).catch(() => body)
    const bytes = pack(small, ages, statements, ids, clock.origin)
    if (bytes.length > (this.link.store.maxBytes ?? Number.POSITIVE_INFINITY)) return false
    await this.link.write(this.#storeKey(key), bytes, ttlMs, this.budget())
    return true
  }

  remove(key: string): Promise<boolean> {
    return this.link.remove(this.settings.name, key, this.#storeKey(key), this.budget())
  }

  /** True once all processes know; false when this one alone does for now. */
  renew(names: readonly string[]): Promise<boolean> {
    return this.link.renew(names, this.budget())
  }

  close(): Promise<void> {
    return leaveLink(this.link, this.member)
  }

  #storeKey(key: string): string {
    return `${this.settings.name}:${key}`
  }

  #local(names: readonly string[]): Map<string, readonly [Tag, number]> {
    const { tags } = this.settings
    const map = new Map<string, readonly [Tag, number]>()
    for (const name of names) {
      const tag = tags.of(name)
      map.set(name, [tag, tag.version])
    }
    return map
  }

  /** Versions by name; those that the store does not have are given one. */
  async #complete(
    names: readonly string[],
    versions: readonly (string | undefined)[],
    budget: Budget,
  ): Promise<Map<string, string> | undefined> {
    const missing = names.filter((_, i) => versions[i] === undefined)
    const given = missing.length === 0 ? [] : await this.link.ensure(missing, budget)
    if (given === undefined) return undefined
    const made = byName(missing, given)
    return byName(
      names,
      names.map((name, i) => versions[i] ?? made.get(name) ?? ''),
    )
  }

  #open(
    key: string,
    raw: Uint8Array,
    declared: readonly string[],
    local: Map<string, readonly [Tag, number]>,
    ids: Map<string, string>,
    budget: Budget,
  ): Entry | undefined | Promise<Entry | undefined> {
    const { clock } = this.settings
    const envelope = unpack(raw, clock.origin, clock.now())
    if (envelope === undefined || clock.now() >= envelope.ages.keptUntil) return undefined
    // Written by who declares fewer tags: an older version of the app.
    if (!declared.every(name => envelope.ids.has(name))) return undefined
    const rest = (): Entry | undefined | Promise<Entry | undefined> => {
      for (const [name, id] of envelope.ids) if (ids.get(name) !== id) return undefined
      if ((envelope.flags & COMPRESSED) === 0) return this.#entryOf(envelope, envelope.body, local)
      return inflated(envelope.body).then(
        body => this.#entryOf(envelope, body, local),
        () => void caught('cache.entry'),
      )
    }
    const unknown = [...envelope.ids.keys()].filter(name => !ids.has(name))
    if (unknown.length === 0) return rest()
    for (const [name, tag] of this.#local(unknown)) local.set(name, tag)
    this.#undeclared.set(key, unknown)
    return this.link.read([], unknown, budget).then(read => {
      for (const [i, name] of unknown.entries()) ids.set(name, read?.versions[i] ?? '')
      return rest()
    })
  }

  #entryOf(
    { flags, ages, statements, ids }: Envelope,
    body: Buffer,
    local: ReadonlyMap<string, readonly [Tag, number]>,
  ): Entry | undefined {
    const { serializer, hits } = this.settings
    try {
      const value = valueIn(flags, body, serializer)
      // What JSON.parse made has no other owner, and nothing in it that could not be copied.
      const kept = serializer === json ? keepPlain(value, hits, body.length) : keep(value, hits)
      if (typeof kept === 'string') return undefined
      const noted = new Map<Tag, number>()
      for (const name of ids.keys()) {
        const tag = local.get(name)
        if (tag !== undefined) noted.set(tag[0], tag[1])
      }
      return new Entry(kept, ages, noted, statements, ids, false)
    } catch {
      // Written by another version of the app, with another serialiser.
      caught('cache.entry')
      return undefined
    }
  }
}

function byName(names: readonly string[], versions: readonly string[]): Map<string, string> {
  const map = new Map<string, string>()
  for (let i = 0; i < names.length; i++) map.set(names[i] ?? '', versions[i] ?? '')
  return map
}

const union = (a: readonly string[], b: readonly string[]): readonly string[] => [
  ...new Set([...a, ...b]),
]
