import type { Computation } from './computation.js'
import type { Kept } from './copy.js'
import type { Plan } from './options.js'
import type { Tag } from './tags.js'

/** A result, when its ages begin, and what it was made of. Times are those of `clock.now()`. */
export class Entry {
  /** What it was made of, each in the version that was read. Two lists, since a hit walks them. */
  readonly #tags: readonly Tag[]
  readonly #versions: readonly number[]
  #promise: Promise<unknown> | undefined
  /** When a hit has more to do than to answer: at the first of the ages below. */
  nextAt: number
  /** Until then its source is not asked again: it has just failed. */
  quietUntil = 0

  constructor(
    readonly kept: Kept,
    readonly ages: Ages,
    readonly noted: ReadonlyMap<Tag, number>,
    /** Statements that it was made of. */
    readonly statements: number,
    /** The versions of its tags at the store, where it came from there or went there. */
    readonly ids: ReadonlyMap<string, string> | undefined,
    /** It is a failure that is kept for a short time. */
    readonly failed: boolean,
  ) {
    this.#tags = [...noted.keys()]
    this.#versions = [...noted.values()]
    this.nextAt = Math.min(ages.earlyAt, ages.freshUntil)
  }

  /** Whether nothing that it was made of has changed. */
  isCurrent(): boolean {
    const tags = this.#tags
    for (let i = 0; i < tags.length; i++) if (tags[i]?.version !== this.#versions[i]) return false
    return true
  }

  /** The value, for one caller. */
  give(): unknown {
    const { copy, value } = this.kept
    return copy === undefined ? value : copy(value)
  }

  /** The same as a promise: one for all, where all are given the same value. */
  promise(): Promise<unknown> {
    const { copy, value } = this.kept
    if (copy !== undefined) return Promise.resolve(copy(value))
    this.#promise ??= this.failed ? Promise.reject(value) : Promise.resolve(value)
    return this.#promise
  }

  /** What takes part in the computation that asked for it. */
  usedBy(computation: Computation | undefined): void {
    computation?.uses(this.noted, this.statements)
  }
}

export interface Ages {
  readonly bornAt: number
  /** From here on a hit computes anew in the background. */
  readonly earlyAt: number
  readonly freshUntil: number
  readonly staleUntil: number
  /** From here on it is as if it were not there. */
  readonly keptUntil: number
}

export function agesOf(bornAt: number, value: unknown, plan: Plan, random: () => number): Ages {
  const full = value === undefined || value === null ? plan.noneMs : plan.ttlMs
  const ttlMs = full * (1 - plan.jitter * random())
  // Half of it is drawn, so that the entries that were made at once are not computed anew at once.
  const earlyMs = plan.early === 0 ? 0 : ttlMs * plan.early * (0.5 + 0.5 * random())
  const freshUntil = bornAt + ttlMs
  return {
    bornAt,
    earlyAt: plan.early === 0 ? Number.POSITIVE_INFINITY : freshUntil - earlyMs,
    freshUntil,
    staleUntil: freshUntil + plan.staleMs,
    keptUntil: freshUntil + Math.max(plan.staleMs, plan.graceMs),
  }
}

/** The ages of a failure: it is thrown for a while, and never stale. */
export function agesOfFailure(bornAt: number, plan: Plan): Ages {
  const end = bornAt + plan.errorMs
  return {
    bornAt,
    earlyAt: Number.POSITIVE_INFINITY,
    freshUntil: end,
    staleUntil: end,
    keptUntil: end,
  }
}
