/** Who was used goes to the back at most so often in a row, so that to find one who goes takes no time. */
const MOST_PASSED = 100

/**
 * Takes the next one to let go out of a map: the one that stands in front, unless it was used since it came or
 * last stood there. Then it goes to the back and waits for its next turn ("second chance", Corbató 1968). A use
 * is a mark, where a list in order of use deletes and inserts for each: two look-ups in a large map, and its
 * table written anew every now and then.
 */
export function takeNext<V extends { used: boolean }>(map: Map<string, V>): V | undefined {
  let passed = 0
  for (const [key, value] of map) {
    map.delete(key)
    if (!value.used || passed++ >= MOST_PASSED) return value
    value.used = false
    map.set(key, value)
  }
  return undefined
}
