import { caught } from '../trace/counts.js'
import { type Hits, keep } from './copy.js'
import { agesOf, agesOfFailure, Entry } from './entry.js'
import type { Flight, Outcome } from './flight.js'
import type { Memory } from './memory.js'
import type { Plan } from './options.js'
import type { Lease } from './share/lease.js'
import type { Shared } from './share/shared.js'
import type { CacheCounts } from './stats.js'
import type { Tag } from './tags.js'

/** What to do when there is no result. */
export interface Task {
  readonly name: string
  readonly counts: CacheCounts
  readonly plan: Plan
  readonly tags: readonly string[]
  readonly run: () => unknown
}

/** What becomes of a computation's end: kept in memory and at the store, or not, and why. */
export class Keeper {
  /** Names that were warned about. */
  readonly #warned = new Set<string>()

  constructor(
    private readonly memory: Memory,
    private readonly shared: Shared | undefined,
    private readonly hits: Hits,
    private readonly random: () => number,
    /** Versions are shared by all processes. */
    private readonly strict: () => boolean,
  ) {}

  /** Keeps a result, if it may be kept. */
  keep(
    key: string,
    task: Task,
    flight: Flight,
    lease: Lease | undefined,
    value: unknown,
    bornAt: number,
  ): Outcome {
    const { counts, plan } = task
    const none = value === undefined || value === null
    const unseen = isUnseen(flight)
    if (unseen) counts.unseen++
    const may = this.#mayKeep(flight)
    const reason = may ?? (unseen && this.strict() && !plan.ttlOnly ? 'forbidden' : undefined)
    if (reason !== undefined) counts[reason]++
    if (reason !== undefined || (none && plan.noneMs === 0)) {
      void lease?.end()
      // As it would come from the store: what a caller gets must not depend on a race.
      return { value: this.shared?.through(value)?.value ?? value }
    }
    const { shared } = this
    const sent = shared?.through(value)
    const kept =
      shared !== undefined && sent === undefined
        ? 'a value that the serializer refuses'
        : keep(sent === undefined ? value : sent.value, this.hits)
    if (typeof kept === 'string') {
      this.#unkept(task, kept)
      void lease?.end()
      return { value }
    }
    const { computation } = flight
    const noted = new Map(computation.noted)
    const ages = agesOf(bornAt, value, plan, this.random)
    const ids = flight.ids && shared?.idsOf(key, noted, flight.ids, flight.declared)
    const entry = new Entry(kept, ages, noted, computation.statements, ids, false)
    if (!flight.deaf && !this.memory.set(key, entry))
      this.#unkept(task, 'more than fits into memory')
    if (this.strict() && hasTables(noted)) {
      counts.unshared++
      void lease?.end()
    } else if (shared !== undefined && sent !== undefined && lease !== undefined) {
      if (ids === undefined) counts.unshared++
      void this.#share(key, task, entry, sent, lease)
    }
    return { entry }
  }

  async #share(
    key: string,
    task: Task,
    entry: Entry,
    sent: { readonly flags: number; readonly bytes: Uint8Array },
    lease: Lease,
  ): Promise<void> {
    const { ages, statements, ids } = entry
    try {
      const all = ids === undefined || (await this.shared?.write(key, sent, ages, statements, ids))
      if (all === false) this.#unkept(task, 'more than the store takes')
    } catch {
      caught('cache.write')
    }
    await lease.end()
  }

  #mayKeep(flight: Flight): 'raced' | 'forbidden' | undefined {
    if (flight.computation.objection !== '') return 'forbidden'
    if (flight.dead || !flight.computation.isFresh()) return 'raced'
    return undefined
  }

  /** Keeps a failure, if it is asked for. */
  keepFailure(key: string, task: Task, flight: Flight, error: unknown, bornAt: number): void {
    const { plan } = task
    if (plan.errorMs === 0 || flight.deaf || this.#mayKeep(flight) !== undefined) return
    // What is in grace is better than a failure.
    if (this.memory.get(key) !== undefined) return
    const kept = { value: error, copy: undefined, bytes: 200 }
    const { noted, statements } = flight.computation
    const ages = agesOfFailure(bornAt, plan)
    this.memory.set(key, new Entry(kept, ages, new Map(noted), statements, flight.ids, true))
  }

  #unkept(task: Task, obstacle: string): void {
    task.counts.unkept++
    if (this.#warned.has(task.name) || this.#warned.size >= 100) return
    this.#warned.add(task.name)
    process.emitWarning(
      `cache "${task.name}": a result holds ${obstacle} and is not kept. Return plain data, or set hits: 'shared' (without a store).`,
      { code: 'HOTPATH_CACHE_UNKEPT' },
    )
  }

  /** Of what is not kept, those who waited with its first caller get one of their own as well, where it can be. */
  copyOf(value: unknown): unknown {
    const kept = keep(value, this.hits)
    if (typeof kept === 'string') return value
    return kept.copy === undefined ? kept.value : kept.copy(kept.value)
  }
}

/** Nothing is known of what it was made of. */
export function isUnseen({ computation, declared }: Flight): boolean {
  return (
    computation.statements === 0 &&
    computation.noted.size <= declared.length &&
    declared.every(isEpoch)
  )
}

const isEpoch = (name: string): boolean => name.startsWith('clear ')

/** Statements have read tables for it. */
export function hasTables(noted: ReadonlyMap<Tag, number>): boolean {
  for (const { name } of noted.keys()) if (name.startsWith('pg:')) return true
  return false
}
