import { AsyncLocalStorage } from 'node:async_hooks'
import { elsewhere } from './elsewhere.js'
import type { Tag } from './tags.js'

/** Tags that one computation notes: more than a page reads, and less than 1 MB. */
const MOST = 10_000

/**
 * What a computation read while it ran, and in which version: a cached function, a response, a query. One
 * that runs within another hands over what it read, also when it was answered from a cache.
 */
export class Computation {
  readonly #noted = new Map<Tag, number>()
  #statements = 0
  #objection = ''
  /** Who is told of all that it reads. Others' bundles have this class too: of them its public part is used alone. */
  readonly #parents = new Set<Computation>()
  /** What other drivers had read before it began. */
  readonly #before = elsewhere().before()
  #readsElsewhere = false

  constructor(parent: Computation | undefined) {
    if (parent !== undefined) this.#parents.add(parent)
  }

  /** Statements whose tables were noted. With none nothing is known of what the result depends on. */
  get statements(): number {
    this.#lookElsewhere()
    return this.#statements
  }

  /** Why the result must not be kept; '' where it may. */
  get objection(): string {
    this.#lookElsewhere()
    return this.#objection
  }

  get noted(): ReadonlyMap<Tag, number> {
    this.#lookElsewhere()
    return this.#noted
  }

  /** Notes what a statement is about to read: before it is sent, so that a write meanwhile is seen. */
  readsStatement(tags: readonly Tag[]): void {
    this.count(1)
    for (const tag of tags) this.note(tag, tag.version)
  }

  /** The first version counts: what was read of it then is part of the result. */
  note(tag: Tag, version: number): void {
    if (this.#noted.size < MOST) {
      if (!this.#noted.has(tag)) this.#noted.set(tag, version)
    } else if (this.#noted.get(tag) !== version) this.forbid('reads more than is noted')
    for (const parent of this.#parents) parent.note(tag, version)
  }

  /** The result must not be kept, nor that of what it is part of. The first reason stays. */
  forbid(reason: string): void {
    if (this.#objection === '') this.#objection = reason
    for (const parent of this.#parents) parent.forbid(reason)
  }

  /** A kept result was used: what it was made of is read by this one too. */
  uses(noted: ReadonlyMap<Tag, number>, statements: number): void {
    this.count(statements)
    for (const [tag, version] of noted) this.note(tag, version)
  }

  /** Whether nothing that it read has changed since. */
  isFresh(): boolean {
    this.#lookElsewhere()
    for (const [tag, version] of this.#noted) if (tag.version !== version) return false
    return true
  }

  /** So many statements more were noted. */
  count(statements: number): void {
    this.#statements += statements
    for (const parent of this.#parents) parent.count(statements)
  }

  /** `other` waits for this one too: what this has read, and what it reads from now on, is read by both. */
  feeds(other: Computation): void {
    // In a circle each waits for the other for ever, and would tell it for ever.
    if (this.#parents.has(other) || other.reaches(this)) return
    other.uses(this.noted, this.#statements)
    if (this.#objection !== '') other.forbid(this.#objection)
    this.#parents.add(other)
  }

  /** Takes what other drivers read since it began for its own: whose it was is not known. */
  #lookElsewhere(): void {
    const read = elsewhere().since(this.#before)
    if (read === undefined) return
    if (typeof read === 'string') return this.forbid(read)
    for (const { tag, version } of read) this.note(tag, version)
    if (this.#readsElsewhere) return
    this.#readsElsewhere = true
    this.count(1)
  }

  /** Whether it is `other`, or tells it what it reads. */
  reaches(other: Computation): boolean {
    if (other === this) return true
    for (const parent of this.#parents) if (parent.reaches(other)) return true
    return false
  }
}

type Storage = AsyncLocalStorage<Computation | undefined>

/** Of the process. */
interface Running {
  /** Made when a cache is first used: apps without one pay nothing for it. */
  storage: Storage | undefined
}

const COMPUTATIONS = Symbol.for('hotpath.computations')
let found: Running | undefined

function running(): Running {
  const known = Reflect.get(globalThis, COMPUTATIONS) as Running | undefined
  if (known !== undefined) return known
  const made: Running = { storage: undefined }
  Object.defineProperty(globalThis, COMPUTATIONS, { value: made })
  return made
}

function storage(): Storage {
  found ??= running()
  return (found.storage ??= new AsyncLocalStorage())
}

/** The computation that the code that runs now is part of. */
export function currentComputation(): Computation | undefined {
  // Each statement asks three times, and to look in vain for a property of globalThis takes 20 ns.
  found ??= running()
  return found.storage?.getStore()
}

/** Runs `fn` as a computation of its own, within the one that runs now. */
export function compute<T>(fn: (computation: Computation) => T): T {
  const computation = new Computation(currentComputation())
  return storage().run(computation, fn, computation)
}

/** Runs `fn` as part of a computation that was made before, whatever runs now. */
export function computeIn<T>(computation: Computation, fn: () => T): T {
  return storage().run(computation, fn)
}
