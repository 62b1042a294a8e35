import { processTags, type Tag } from './tags.js'

/** A database by its protocol. */
export type System = 'postgresql' | 'mysql'

/** Noted by what was read through another driver; told whenever anything of its database system is written. */
export const READ_ELSEWHERE: Readonly<Record<System, string>> = {
  postgresql: 'pg:elsewhere',
  mysql: 'mysql:elsewhere',
}
/** Told, and noted by nobody: something was written through another driver, in whichever database. */
export const WRITTEN_ELSEWHERE = `${READ_ELSEWHERE.postgresql}:*`
/** The same, of tables, types or functions. */
export const CHANGED_ELSEWHERE = `${READ_ELSEWHERE.postgresql}:!`

/** What one database system was asked through drivers whose statements are not read one by one. */
export class Source {
  /** Statements that may have read. */
  reads = 0
  /** Of these, what nothing may be made of: within a transaction they see what nobody else sees. */
  apart = 0
  readonly #name: string

  constructor(readonly system: System) {
    this.#name = READ_ELSEWHERE[system]
    if (system === 'postgresql') processTags().listen(names => this.#hear(names), true)
  }

  get tag(): Tag {
    return processTags().of(this.#name)
  }

  /** About to be sent. */
  read(apart: boolean): void {
    this.reads++
    if (apart) this.apart++
  }

  /** About to be heard of by the app. */
  wrote(changes: boolean): void {
    if (this.system === 'mysql') {
      // In strict mode nothing is made of it.
      if (processTags().strict === undefined) processTags().bump([this.#name])
    } else processTags().bump([this.#name, changes ? CHANGED_ELSEWHERE : WRITTEN_ELSEWHERE])
  }

  /** What is written through pg, here or in another process, is read through other drivers too. */
  #hear(names: readonly string[] | 'all'): void {
    if (names === 'all') return
    const isOther = (name: string) => name.startsWith('pg:') && !name.startsWith(this.#name)
    if (names.some(isOther)) processTags().bump([this.#name])
  }
}

/** What was known of a source when a computation began. */
interface Before {
  readonly source: Source
  readonly reads: number
  readonly apart: number
  readonly tag: Tag
  readonly version: number
}

/** Strict mode: holds what would be written unmarked back until all who give hits know of it. */
export interface Held {
  /** Of this process, as sessions are named in strict mode. */
  readonly id: string
  /**
   * A connection whose writes are not marked is there. Resolves when it may send statements: nobody is given
   * a hit from then on.
   *
   * @param openMs For how long it has been open.
   * @param passes It is let go as soon as it was answered: nobody needs to be told.
   */
  arrives(openMs: number, passes: boolean): Promise<void>
  /** It is gone; `idle`: it was at nothing. */
  leaves(idle: boolean): void
}

/**
 * Statements that pass by the gate of pg. Whose they are cannot be told, so each belongs to every computation
 * that was under way when it was sent, and what it reads is all of its database system.
 */
export class Elsewhere {
  /** Something depends on what is read: without a cache nobody looks. */
  watched = false
  /** Statements of pg itself are not read either: there is no grammar. */
  pgToo = false
  held: Held | undefined = undefined
  readonly #sources = new Map<System, Source>()

  of(system: System): Source {
    let source = this.#sources.get(system)
    if (source === undefined) {
      source = new Source(system)
      this.#sources.set(system, source)
    }
    return source
  }

  /** A computation begins: what it reads is read in these versions, or in later ones. */
  before(): readonly Before[] {
    if (this.#sources.size === 0) return NONE
    return [...this.#sources.values()].map(source => {
      const { reads, apart, tag } = source
      return { source, reads, apart, tag, version: tag.version }
    })
  }

  /**
   * What was read since; undefined: nothing.
   *
   * @returns The tags that it depends on, or why nothing may be made of it.
   */
  since(before: readonly Before[]): readonly Before[] | string | undefined {
    if (this.#sources.size === 0) return undefined
    let read: Before[] | undefined
    for (const source of this.#sources.values()) {
      const was = before.find(one => one.source === source)
      if (source.reads === (was?.reads ?? 0)) continue
      if (processTags().strict !== undefined) return 'reads through a driver that marks nothing'
      if (was === undefined || source.apart !== was.apart)
        return 'another driver read within a transaction'
      read ??= []
      read.push(was)
    }
    return read
  }
}

const NONE: readonly Before[] = []
const ELSEWHERE = Symbol.for('hotpath.elsewhere')
let found: Elsewhere | undefined

/** That of the process: `register` and the library are bundles of their own. */
export function elsewhere(): Elsewhere {
  if (found !== undefined) return found
  found = Reflect.get(globalThis, ELSEWHERE) as Elsewhere | undefined
  if (found === undefined) {
    found = new Elsewhere()
    Object.defineProperty(globalThis, ELSEWHERE, { value: found })
  }
  return found
}
