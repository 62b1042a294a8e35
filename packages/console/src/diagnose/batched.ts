import { type Courses, statementKey } from './course.js'
import type { Occurrence } from './occurrence.js'
import { reading } from './reading.js'
import { median } from './timing.js'

/**
 * What a further key costs in a statement that takes many, in the database and in the app: 1,000 keys took 17
 * to 34 ms in statements by hand, 14 to 56 ms with `queries: { batch }` (bench/RESULTS.md, queries). The
 * dearest of these.
 */
const keyNs = 50_000

/** How long one statement for all keys of a loop takes: one call of it, and the work on the other keys. */
export function batchedNs(occurrence: Occurrence, courses: Courses): number {
  const { calls } = occurrence
  const oneNs = median(calls.map(call => call.durationNs))
  return oneNs + (calls.length - 1) * perKeyNs(occurrence, courses)
}

/**
 * Batched or not, the work on each key is done: what the quick calls of the statement take above the way to
 * the database and back, which the quickest statement of the same kind shows. Writes wait for the disk: one
 * write is compared with others.
 */
export function perKeyNs({ service, subject, reading: own }: Occurrence, courses: Courses): number {
  const course = courses.get(statementKey(service, subject))
  if (course === undefined) return keyNs
  let wayMs = course.quickMs
  for (const [key, { quickMs }] of courses) {
    const [of, template = ''] = key.split('\u0000')
    const isLike = (reading(template).operation === 'select') === (own.operation === 'select')
    if (of === service && isLike) wayMs = Math.min(wayMs, quickMs)
  }
  return Math.max(keyNs, (course.quickMs - wayMs) * 1e6)
}
