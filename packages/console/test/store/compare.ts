import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { Histogram } from '../../dist/model.js'

/**
 * A histogram of a step to compare by. A driver merges all steps at one scale, the model each for
 * itself, so it goes down to the lowest scale that is drawn.
 */
export function spread({ scale, offset, buckets, ...rest }: Histogram): object {
  const counts = new Map<number, number>()
  for (const [i, count] of buckets.entries()) {
    const at = Math.floor((offset + i) / 2 ** (scale + 1))
    if (count > 0) counts.set(at, (counts.get(at) ?? 0) + count)
  }
  return { ...rest, counts: [...counts].sort(([a], [b]) => a - b) }
}

/** Parts of points add up in another order in each driver. */
export const rounded = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, each: unknown) =>
      typeof each === 'number' ? Number(each.toFixed(6)) : each,
    ),
  )

/** `deepEqual` of lists that names the first difference: of long lists its own message takes minutes. */
export function same(what: string, got: readonly unknown[], wanted: readonly unknown[]): void {
  if (isDeepStrictEqual(got, wanted)) return
  const at = Math.max(
    0,
    wanted.findIndex((each, i) => !isDeepStrictEqual(got[i], each)),
  )
  assert.fail(
    `${what}: ${got.length} for ${wanted.length}, at ${at}: ${text(got[at])} for ${text(wanted[at])}`,
  )
}

/** One text for equal values, whatever the order of their keys. */
const text = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'bigint') return String(each)
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
export const sorted = <T>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => (text(a) < text(b) ? -1 : 1))
