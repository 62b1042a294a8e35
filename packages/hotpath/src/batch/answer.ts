import { HotpathError } from '../errors.js'

/** A row, as drivers give it. */
export type Row = object

/**
 * What a batch's function may return, or promise: rows; what pg and Drizzle's `execute` give; or a
 * query of Kysely or Drizzle that is not run yet. Structural, so that none of them is imported.
 */
export type Answer<R> =
  | readonly R[]
  | { readonly rows: readonly R[] }
  | { execute(): PromiseLike<readonly R[] | { readonly rows: readonly R[] }> }

/** The rows of an answer. @throws HOTPATH_BATCH_ANSWER */
export async function rowsOf<R>(
  answer: Answer<R> | PromiseLike<Answer<R>>,
  name: string,
): Promise<readonly R[]> {
  // A query builder of Drizzle has both `then` and `execute`: awaiting it runs it.
  const settled: unknown = await answer
  const found = rowsIn<R>(settled)
  if (found !== undefined) return found
  const query = settled as { execute?: unknown } | null | undefined
  if (typeof query?.execute === 'function') {
    const executed = rowsIn<R>(await (query.execute() as PromiseLike<unknown>))
    if (executed !== undefined) return executed
  }
  throw new HotpathError('HOTPATH_BATCH_ANSWER', { batch: name, got: kindOf(settled) })
}

function rowsIn<R>(value: unknown): readonly R[] | undefined {
  if (Array.isArray(value)) return value as readonly R[]
  const rows = (value as { rows?: unknown } | null | undefined)?.rows
  return Array.isArray(rows) ? (rows as readonly R[]) : undefined
}

/** `undefined`, `a number`, `an object with name, id`: never a value of the app's. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  const names = Object.keys(value)
  return names.length === 0 ? 'an empty object' : `an object with ${listed(names)}`
}

const MOST_NAMES = 8

export function listed(names: readonly string[]): string {
  const more = names.length > MOST_NAMES ? ' ...' : ''
  return `${names.slice(0, MOST_NAMES).join(', ')}${more}`
}
