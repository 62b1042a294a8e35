import { compute, type Computation } from '../../../dist/cache/computation.js'
import type { Tag } from '../../../dist/cache/tags.js'

/** Defects of this cache, which the verifier must find. */
export interface CachedDefects {
  /** What was read is kept, whatever was written meanwhile. */
  readonly noFillCheck?: boolean
  /** Who comes while another computes takes what that gets, whenever it began. */
  readonly naiveJoin?: boolean
  /** A hit within another computation tells it nothing. */
  readonly hitHandsNothing?: boolean
  /** The other process does not listen to what this one tells. */
  readonly deaf?: boolean
  /** Processes that are killed and cut off tell each other nothing. */
  readonly unlinked?: boolean
}

interface Entry {
  readonly value: unknown
  readonly noted: ReadonlyMap<Tag, number>
  readonly statements: number
}

interface Filling {
  readonly computation: Computation
  readonly value: Promise<unknown>
}

/** The smallest cache of functions that is right: what `hotpath/cache` does, in sixty lines. */
export class Cached {
  hits = 0
  /** Why something was not kept, and how often. */
  readonly refused = new Map<string, number>()
  private readonly entries = new Map<string, Entry>()
  private readonly filling = new Map<string, Filling>()

  constructor(private readonly defects: CachedDefects) {}

  async get<T>(key: string, fn: () => Promise<T>): Promise<T> {
    const entry = this.entries.get(key)
    if (entry !== undefined && isFresh(entry.noted)) {
      this.hits++
      compute(inner => {
        if (this.defects.hitHandsNothing !== true) inner.uses(entry.noted, entry.statements)
        else inner.uses(new Map(), entry.statements)
      })
      return entry.value as T
    }
    const filling = this.filling.get(key)
    if (
      filling !== undefined &&
      (this.defects.naiveJoin === true || filling.computation.isFresh())
    ) {
      const value = await filling.value
      const { computation } = filling
      const good =
        computation.isFresh() && computation.objection === '' && computation.statements > 0
      if (good || this.defects.naiveJoin === true) {
        compute(inner => inner.uses(computation.noted, computation.statements))
        return value as T
      }
    }
    return this.fill(key, fn)
  }

  private fill<T>(key: string, fn: () => Promise<T>): Promise<T> {
    return compute(async computation => {
      const value = fn()
      const filling = { computation, value }
      this.filling.set(key, filling)
      try {
        const got = await value
        this.keep(key, got, computation)
        return got
      } finally {
        if (this.filling.get(key) === filling) this.filling.delete(key)
      }
    })
  }

  private keep(key: string, value: unknown, computation: Computation): void {
    const { objection, statements } = computation
    const reason = objection || (statements === 0 ? 'no statement was seen' : '')
    if (reason !== '') {
      this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1)
      return
    }
    let noted = new Map(computation.noted)
    if (this.defects.noFillCheck === true)
      noted = new Map([...noted.keys()].map(tag => [tag, tag.version]))
    else if (!isFresh(noted)) return
    this.entries.set(key, { value, noted, statements })
  }
}

function isFresh(noted: ReadonlyMap<Tag, number>): boolean {
  for (const [tag, version] of noted) if (tag.version !== version) return false
  return true
}
