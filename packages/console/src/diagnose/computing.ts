import { isInMost } from './confirm.js'
import { atPart, busyMsOf, coursesIn } from './course.js'
import type { TraceSpan } from '../model.js'
import type { Occurrence, Weighed } from './occurrence.js'
import { median } from './timing.js'

const settings = {
  /** The first requests of a route (the recorder keeps five as `new`) compile its code, which takes as long. */
  requests: 3,
  /** The recorder speaks from 20 ms on. A busy machine stretches 10 ms of work to that, in every request ... */
  blockMs: 25,
  /** ... but not in all alike: of all requests the quickest in ten takes this long too ... */
  quickPart: 0.1,
  /**
   * ... unless it is far above: then some requests compute and others do not. Four callers on two cores, with
   * other programs, took 15 ms of code of Directus to 60 ms in every second request.
   */
  farMs: 100,
}

/** So much code at a stretch is no garbage collection, and no busy machine. */
export const blockMs = settings.blockMs

/**
 * Whether the code of a route computes this long by itself, and not because the machine has no time for it.
 *
 * @param ms How long an occurrence computes at a stretch.
 */
export function isItsCode(weighed: Weighed, ms: (occurrence: Occurrence) => number): boolean {
  const { occurrences, sampled, courses } = weighed
  const [first] = occurrences
  const settled = occurrences.filter(({ request }) => isSettled(request))
  const longestMs = settled.map(ms)
  // What stretches most statements stretches code too.
  const busyMs = first === undefined ? 0 : busyMsOf(coursesIn(courses, first.service))
  const typicalMs = median(longestMs) - busyMs
  const others = sampled.filter(isSettled).length - settled.length
  const quickMs = atPart(settings.quickPart, [...longestMs, ...Array<number>(others).fill(0)])
  return (
    settled.length >= settings.requests &&
    typicalMs >= settings.blockMs &&
    atPart(settings.quickPart, longestMs) >= settings.blockMs &&
    (quickMs > 0 || typicalMs >= settings.farMs) &&
    isInMost(weighed)
  )
}

const isSettled = ({ attributes }: TraceSpan): boolean =>
  attributes['hotpath.sampled.reason'] !== 'new'
