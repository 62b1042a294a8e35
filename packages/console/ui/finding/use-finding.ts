import type { FindingAnswer, FindingsAnswer } from '../../src/api/answers.js'
import { type Asked, useAnswer } from '../ask/use-answer.js'
import type { Place } from '../place/place.js'
import { questionOf } from '../place/question.js'

/**
 * One finding. The list of findings, which the header asks for anyway, holds all of it: so it is there
 * at once. The console is asked for it alone only when the list came without it, or did not come.
 */
export function useFinding(place: Place, id: string): Asked<FindingAnswer> {
  const list = useAnswer<FindingsAnswer>(questionOf(place, 'findings'))
  const known = list.answer === undefined ? undefined : inList(list.answer, id)
  const lacks = known === undefined && (list.answer !== undefined || list.error !== undefined)
  const alone = useAnswer<FindingAnswer>(lacks ? questionOf(place, `findings/${id}`) : null)
  return known === undefined ? alone : { ...list, answer: known }
}

/** By its id, or the first digits of it where they are of no other. */
function inList({ findings, ...head }: FindingsAnswer, id: string): FindingAnswer | undefined {
  const all = [...findings, ...(head.ignored ?? [])]
  const found = all.filter(one => one.id.startsWith(id))
  const [finding] = found
  if (finding === undefined || found.length > 1) return undefined
  const at = findings.indexOf(finding)
  return { ...head, finding, rank: at < 0 ? null : at + 1 }
}
