import { HttpError } from './errors.js'

/** A row's number from a path or query, or 400. */
export function readKey(given: unknown, what: string): number {
  const key = typeof given === 'string' ? Number(given) : given
  if (typeof key === 'number' && Number.isInteger(key) && key > 0 && key <= 2_147_483_647)
    return key
  throw new HttpError(400, `${what} must be a whole number from 1 up, got ${JSON.stringify(given)}`)
}

/** A text of 1 to 200 characters, or 400. */
export function readText(given: unknown, what: string): string {
  if (typeof given === 'string' && given.length > 0 && given.length <= 200) return given
  throw new HttpError(400, `${what} must be a text of 1 to 200 characters`)
}

/** The items of a list in a body, 1 to 100 of them, or 400. */
export function readItems(given: unknown, what: string): readonly Record<string, unknown>[] {
  const fits =
    Array.isArray(given) &&
    given.length > 0 &&
    given.length <= 100 &&
    given.every(item => typeof item === 'object' && item !== null)
  if (fits) return given as Record<string, unknown>[]
  throw new HttpError(400, `${what} must be a list of 1 to 100 items`)
}

/** The single row that a look-up should find, or 404. */
export function onlyRow<T>(rows: readonly T[], what: string): T {
  const [row] = rows
  if (row === undefined) throw new HttpError(404, `${what} not found`)
  return row
}
