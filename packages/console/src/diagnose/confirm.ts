import type { Weighed } from './occurrence.js'

/**
 * A pattern that is there or not: two requests show it, or the only one that was sampled. One of many
 * is not enough: the first request after a start fills caches.
 */
export function isInSeveral({ occurrences, sampled }: Weighed): boolean {
  return occurrences.length >= 2 || sampled.length === 1
}

/**
 * What takes its time now and then shows in half of the requests at least. Those that were kept because
 * they were slow say little of the others, and do not count as long as there are two others.
 */
export function isInMost(weighed: Weighed): boolean {
  const { occurrences, sampled } = weighed
  const fair = sampled.filter(span => span.attributes['hotpath.sampled.reason'] !== 'slow')
  const judged = new Set(fair.length >= 2 ? fair : sampled)
  const showing = occurrences.filter(({ request }) => judged.has(request)).length
  return isInSeveral(weighed) && showing * 2 >= judged.size
}
