/** Headers as a list are `[['a', 'b'], ['c', 'd']]` or `['a', 'b', 'c', 'd']`: Node takes both. */

/** The names, in lower case. */
export function namesOf(headers: readonly unknown[]): string[] {
  const names = Array.isArray(headers[0])
    ? (headers as readonly (readonly unknown[])[]).map(([name]) => name)
    : headers.filter((_, index) => index % 2 === 0)
  return names.map(name => String(name).toLowerCase())
}

/** A copy with one more header; the list that the app gave stays as it is. */
export function addToList(
  headers: readonly unknown[],
  [name, value]: readonly [string, string],
): unknown[] {
  return Array.isArray(headers[0]) ? [...headers, [name, value]] : [...headers, name, value]
}
