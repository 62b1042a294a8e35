import { AssertionError } from 'node:assert'
import { AsyncLocalStorage } from 'node:async_hooks'
import { HotpathError } from '../errors.js'
import type { follow as Follow } from '../trace/follow.js'
import { type Loop, loopsIn } from './loops.js'
import { type Statement, statementsOf } from './statements.js'

export interface LoopOptions {
  /** So many calls of one statement with different parameters are a loop; 5, as of the finding `n-plus-one`. */
  readonly calls?: number
}

export interface QueryOptions {
  /** So many statements may go to the database. */
  readonly max: number
}

/**
 * Runs `fn`, and gives what it gives, unless it sends one statement in a loop: from one place, five times or
 * more, with different parameters. Counted is what `fn` sends itself, and what servers of this process send
 * for requests of `fn`. Works in every test runner, without a console.
 *
 *     import { expectNoNPlusOne } from 'hotpath/test'
 *     const users = await expectNoNPlusOne(() => listUsers())
 *     await expectNoNPlusOne(() => fetch(`${api.url}/users`))
 *
 * Rejects with an `AssertionError` that names statement, count and place; with what `fn` throws; with a
 * `HotpathError` where no statement was seen, since then nothing was judged.
 */
export async function expectNoNPlusOne<T>(
  fn: () => T | Promise<T>,
  { calls = 5 }: LoopOptions = {},
): Promise<T> {
  const { result, statements } = await followed('expectNoNPlusOne', fn, expectNoNPlusOne)
  const loops = loopsIn(statements, calls)
  if (loops.length > 0)
    throw failure(
      loops.map(inWords).join('\n'),
      loops.map(({ text, calls: n }) => `${n} × ${text}`),
      [],
      expectNoNPlusOne,
    )
  return result
}

/**
 * Runs `fn`, and gives what it gives, unless it sends more than `max` statements to the database; BEGIN and
 * COMMIT count. Else as `expectNoNPlusOne`.
 *
 *     await expectQueries(() => listUsers(), { max: 2 })
 */
export async function expectQueries<T>(
  fn: () => T | Promise<T>,
  { max }: QueryOptions,
): Promise<T> {
  const { result, statements } = await followed('expectQueries', fn, expectQueries)
  if (statements.length <= max) return result
  const list = statements.map(({ text, where }) => `  ${text}${where ? `  (${where})` : ''}`)
  const more = list.length > MOST_LISTED ? [`  and ${list.length - MOST_LISTED} more`] : []
  throw failure(
    [
      `${statements.length} statements, at most ${max} expected:`,
      ...list.slice(0, MOST_LISTED),
      ...more,
    ].join('\n'),
    statements.length,
    max,
    expectQueries,
  )
}

const MOST_LISTED = 20

async function followed<T>(
  name: string,
  fn: () => T | Promise<T>,
  caller: (...args: never[]) => unknown,
): Promise<{ readonly result: T; readonly statements: readonly Statement[] }> {
  const follow = Reflect.get(AsyncLocalStorage, Symbol.for('hotpath.follow')) as
    | typeof Follow
    | undefined
  if (follow === undefined) throw told('HOTPATH_TEST_DETACHED', name, caller)
  const following = follow(name)
  try {
    // Awaited within: what knex, Drizzle or `inject` return begins when it is awaited.
    const result = await following.run(async () => await fn())
    const statements = statementsOf(following.spans())
    if (statements.length === 0) throw told('HOTPATH_TEST_NOTHING', name, caller)
    return { result, statements }
  } finally {
    following.end()
  }
}

function inWords({ text, calls, distinct, where }: Loop): string {
  const different = distinct === undefined ? '' : `, ${distinct} different parameters`
  return `${calls} calls of one statement${different}${where ? `, from ${where}` : ''}:\n  ${text}`
}

function failure(
  message: string,
  actual: unknown,
  expected: unknown,
  stackStartFn: (...args: never[]) => unknown,
): AssertionError {
  return new AssertionError({
    message,
    actual,
    expected,
    operator: stackStartFn.name,
    stackStartFn,
  })
}

/** The stack of an error begins where the test called us. */
function told(
  code: 'HOTPATH_TEST_DETACHED' | 'HOTPATH_TEST_NOTHING',
  name: string,
  caller: (...args: never[]) => unknown,
): HotpathError {
  const error = new HotpathError(code, { name })
  Error.captureStackTrace(error, caller)
  return error
}
