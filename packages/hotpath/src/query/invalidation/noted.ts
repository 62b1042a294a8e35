import type { Computation } from '../../cache/computation.js'
import type { Tag } from '../../cache/tags.js'

/** What an answer was read from, in the versions that held before its statement was sent. */
export interface Noted {
  /** Why what is made of it must not be kept; '' when it may. */
  readonly objection: string
  /** Each with the version at the same place in `versions`: two arrays take a third of what a map of three does. */
  readonly tags: readonly Tag[]
  readonly versions: readonly number[]
}

const NONE: readonly never[] = []

export const objected = (objection: string): Noted => ({ objection, tags: NONE, versions: NONE })

/** Of an answer of which nobody has noted what it was read from. */
const UNKNOWN = objected('an answer was used of which it is not known what it was read from')

/** The verifier's alone: nothing was read. */
export const NOTHING = objected('')

/** A computation got this answer. */
export function handOver(computation: Computation | undefined, noted: Noted | undefined): void {
  if (computation === undefined) return
  const { objection } = noted ?? UNKNOWN
  computation.uses(versionsOf(noted ?? UNKNOWN), 1)
  if (objection !== '') computation.forbid(objection)
}

/** Whether nothing of it has changed since. */
export function isFresh({ tags, versions }: Noted): boolean {
  for (let i = 0; i < tags.length; i++) if ((tags[i] as Tag).version !== versions[i]) return false
  return true
}

/** As those take it who keep it for long, or ask others. */
export function versionsOf({ tags, versions }: Noted): ReadonlyMap<Tag, number> {
  return new Map(tags.map((tag, i) => [tag, versions[i] as number]))
}
