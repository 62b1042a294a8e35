import type { Statement } from './advice.js'
import type { Remarks } from './remarks.js'

/** More statements than this are cut: the cheapest ones go. */
const most = 300

/** By what they cost together where that was measured, else by how often they are called. */
export function dearestOf(statements: readonly Statement[], remarks: Remarks): Statement[] {
  const weight = ({ ms, calls }: Statement): number => ms ?? calls
  const dearest = [...statements].sort((a, b) => weight(b) - weight(a)).slice(0, most)
  if (dearest.length < statements.length)
    remarks.note(`Only the ${most} dearest of ${statements.length} statements were looked at.`)
  return dearest
}
