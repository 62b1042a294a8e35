import { takeNext } from './second-chance.js'
import type { Strictness } from './strict/strictness.js'

/**
 * Something that may change: a table, a row, a name that the app chose. What was computed from it is old
 * once `version` is another than it was before the reading.
 */
export interface Tag {
  readonly name: string
  version: number
}

/** As it is kept here. */
interface Known extends Tag {
  /** Asked for again since it came. */
  used: boolean
}

/**
 * Who is told of changes, other than the one who told of them.
 *
 * @param heard Another process has told of it, or may have: the one that wrote knows as well. Or it was said
 *   already, and is said again.
 */
export type TagListener = (names: readonly string[] | 'all', heard: boolean) => void

/** Tags that are known at a time: some 10 MB. */
const MOST = 100_000
/** Of a tag that was forgotten: what holds it is old. */
const FORGOTTEN = -1

/**
 * The tags of this process. To change one costs the same however many entries hold it: they compare
 * versions when they are asked for, so nobody has to look for them.
 */
export class Tags {
  /** Where versions are shared and asked for at each hit. Here, since all who give hits have it at hand. */
  strict: Strictness | undefined = undefined
  /** Who should hear of writes from outside and does not: meanwhile nothing new is for a CDN. */
  readonly deaf = new Set<object>()
  readonly #known = new Map<string, Known>()
  readonly #listeners = new Set<TagListener>()
  readonly #quiet = new Set<TagListener>()
  readonly #most: number
  #next = 1
  /**
   * Set while a link to a store tells of what it was told: links in other bundles of this process must not
   * tell it on, or two would tell each other for ever.
   */
  telling = false

  constructor(most = MOST) {
    this.#most = most
  }

  get size(): number {
    return this.#known.size
  }

  /** Nobody would notice a change. */
  get idle(): boolean {
    return this.#known.size === 0 && this.#listeners.size === 0
  }

  /** The tag of this name. To be asked for, with its version, before what it stands for is read. */
  of(name: string): Tag {
    const known = this.#known.get(name)
    if (known !== undefined) {
      known.used = true
      return known
    }
    if (this.#known.size >= this.#most) this.#forgetOne()
    const tag = { name, version: this.#next++, used: false }
    this.#known.set(name, tag)
    return tag
  }

  /** What was computed from these is old. `teller` is not told again; see TagListener for `heard`. */
  bump(names: readonly string[], teller?: TagListener, heard = teller !== undefined): void {
    for (const name of names) {
      const tag = this.#known.get(name)
      if (tag !== undefined) tag.version = this.#next++
    }
    this.#tell(names, teller, heard)
  }

  /** All is old: what changed is not known. */
  bumpAll(teller?: TagListener, heard = teller !== undefined): void {
    this.age('all')
    this.#tell('all', teller, heard)
  }

  /** The same, of what is known to everybody already: nobody is told. */
  age(tag: Tag | 'all'): void {
    if (tag !== 'all') {
      if (tag.version !== FORGOTTEN) tag.version = this.#next++
      return
    }
    for (const known of this.#known.values()) known.version = FORGOTTEN
    this.#known.clear()
  }

  /**
   * Returns what ends the listening. A listener must not throw.
   *
   * @param quiet It wants to know, and needs no change to be told that nothing here depends on.
   */
  listen(listener: TagListener, quiet = false): () => void {
    const listeners = quiet ? this.#quiet : this.#listeners
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  #tell(names: readonly string[] | 'all', teller: TagListener | undefined, heard: boolean): void {
    for (const listener of this.#listeners) if (listener !== teller) listener(names, heard)
    for (const listener of this.#quiet) if (listener !== teller) listener(names, heard)
  }

  #forgetOne(): void {
    const tag = takeNext(this.#known)
    if (tag !== undefined) tag.version = FORGOTTEN
  }
}

const TAGS = Symbol.for('hotpath.tags')
let found: Tags | undefined

/** The one set of tags of this process: `register` and the library are bundles of their own. */
export function processTags(): Tags {
  if (found !== undefined) return found
  found = Reflect.get(globalThis, TAGS) as Tags | undefined
  if (found === undefined) {
    found = new Tags()
    Object.defineProperty(globalThis, TAGS, { value: found })
  }
  return found
}
