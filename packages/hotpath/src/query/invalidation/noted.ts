import type { Computation } from '../../cache/computation.js'
import type { Tag } from '../../cache/tags.js'

/** What an answer was read from, in the versions that held before its statement was sent. */
export interface Noted {
  /** Why what is made of it must not be kept; '' when it may. */
  readonly objection: string
  readonly tags: ReadonlyMap<Tag, number>
}

const NO_TAGS: ReadonlyMap<Tag, number> = new Map()

export const objected = (objection: string): Noted => ({ objection, tags: NO_TAGS })

/** Of an answer of which nobody has noted what it was read from. */
const UNKNOWN = objected('an answer was used of which it is not known what it was read from')

/** The verifier's alone: nothing was read. */
export const NOTHING = objected('')

/** A computation got this answer. */
export function handOver(computation: Computation | undefined, noted: Noted | undefined): void {
  if (computation === undefined) return
  const { objection, tags } = noted ?? UNKNOWN
  computation.uses(tags, 1)
  if (objection !== '') computation.forbid(objection)
}

/** Whether nothing of it has changed since. */
export function isFresh({ tags }: Noted): boolean {
  for (const [tag, version] of tags) if (tag.version !== version) return false
  return true
}
