import { HotpathError } from '../errors.js'
import { type Align, aligned, type By, cacheKey, type GroupBy } from './align.js'
import { type Answer, kindOf, type Row, rowsOf } from './answer.js'
import { Loader } from './loader.js'
import { attachedRecorder, currentScope } from './scope.js'

export interface BatchOptions {
  /** For its span and its errors. Default: the name of the function. */
  readonly name?: string
  /** Keys of one call at most; more are split. Default 1,000: an array of 8 kB on the wire. */
  readonly maxKeys?: number
  /** Keys remembered per request at most, the oldest go first; 0 remembers none. Default 10,000. */
  readonly maxCached?: number
}

/** A function of one key that asks for many at once. */
export interface Batched<K, V> {
  /** The value of a key. Calls of the same turn of the event loop become one call of the function. */
  (key: K): Promise<V>
  /** The values of many keys, in their order; afterwards a loop over them costs no call. */
  many(keys: readonly K[]): Promise<V[]>
  /** Forgets what this request remembers of a key: after a write to it. */
  clear(key: K): void
  /** Forgets all that this request remembers. */
  clearAll(): void
}

type Returned<R> = Answer<R> | PromiseLike<Answer<R>>

const DEFAULT_KEYS = 1000
const DEFAULT_CACHED = 10_000

/**
 * One call for the keys of many callers:
 *
 *     import { batch, by, groupBy } from 'hotpath/batch'
 *
 *     const addressOf = batch(
 *       (ids: number[]) => pool.query('select * from addresses where user_id = any($1)', [ids]),
 *       by('user_id'),
 *     )
 *     await Promise.all(users.map(user => addressOf(user.id)))   // one statement
 *
 * Values are remembered until the request ends: by the recorder's own context, or inside of a
 * `batchScope`. Outside of both, calls are joined and nothing is remembered. A call that fails
 * rejects all who wait for it and leaves nothing behind. The rules of batching are DataLoader's
 * (https://github.com/graphql/dataloader), which does it.
 *
 * @param load Gets distinct keys when they are aligned; returns rows in any order, or, without
 *   `by` and `groupBy`, one value for each key in their order.
 */
export function batch<K, R extends Row>(
  load: (keys: K[]) => Returned<R>,
  align: By<keyof R & string>,
  options?: BatchOptions,
): Batched<K, R | undefined>
export function batch<K, R extends Row>(
  load: (keys: K[]) => Returned<R>,
  align: GroupBy<keyof R & string>,
  options?: BatchOptions,
): Batched<K, R[]>
export function batch<K, V>(load: (keys: K[]) => Returned<V>, options?: BatchOptions): Batched<K, V>
export function batch<K>(
  load: (keys: K[]) => Returned<Row>,
  second?: Align | BatchOptions,
  third?: BatchOptions,
): Batched<K, unknown> {
  const align = second !== undefined && 'column' in second ? second : undefined
  const options = third ?? (align === undefined ? (second as BatchOptions | undefined) : undefined)
  return batched(new Plan(load as (keys: unknown[]) => Returned<Row>, align, options ?? {}))
}

function batched<K>(plan: Plan): Batched<K, unknown> {
  const one = (key: K) => plan.load(key)
  return Object.assign(one, {
    many: (keys: readonly K[]) => Promise.all(keys.map(one)),
    clear: (key: K) => void plan.loader().clear(key),
    clearAll: () => void plan.loader().clearAll(),
  })
}

/** What was asked for, and the loader of each request that lives. */
class Plan {
  private readonly name: string
  private readonly maxKeys: number
  private readonly maxCached: number
  private readonly loaders = new WeakMap<object, Loader>()
  private readonly outside: Loader

  constructor(
    private readonly fn: (keys: unknown[]) => Returned<Row>,
    private readonly align: Align | undefined,
    options: BatchOptions,
  ) {
    this.name = `batch(${options.name ?? (fn.name || align?.column || 'keys')})`
    this.maxKeys = countOf(options, 'maxKeys', DEFAULT_KEYS, 1)
    this.maxCached = countOf(options, 'maxCached', DEFAULT_CACHED, 0)
    this.outside = this.newLoader(false)
  }

  load(key: unknown): Promise<unknown> {
    if (key !== null && key !== undefined) return this.loader().load(key)
    // SQL: NULL equals nothing.
    if (this.align !== undefined) return Promise.resolve(this.align.many ? [] : undefined)
    const details = { batch: this.name, got: String(key) }
    return Promise.reject(new HotpathError('HOTPATH_BATCH_KEY', details))
  }

  loader(): Loader {
    const scope = currentScope()
    if (scope === undefined) return this.outside
    let loader = this.loaders.get(scope)
    if (loader === undefined) {
      loader = this.newLoader(true)
      this.loaders.set(scope, loader)
    }
    return loader
  }

  private newLoader(remembers: boolean): Loader {
    const loader: Loader = new Loader(keys => this.traced(keys, loader), {
      maxKeys: this.maxKeys,
      maxCached: remembers ? this.maxCached : 0,
      ...(this.align === undefined ? {} : { cacheKey }),
    })
    return loader
  }

  private async traced(keys: unknown[], loader: Loader): Promise<unknown[]> {
    const recorder = attachedRecorder()
    if (recorder === undefined) return this.values(keys, loader)
    const span = recorder.startSpan('internal', this.name, { 'hotpath.batch.keys': keys.length })
    try {
      const values = await recorder.runIn(span, () => this.values(keys, loader))
      span.end()
      return values
    } catch (error) {
      span.end('error')
      throw error
    }
  }

  private async values(keys: unknown[], loader: Loader): Promise<unknown[]> {
    // Called here, so that what it throws at once is a rejection like any other.
    const rows = await rowsOf(this.fn(this.align === undefined ? keys : distinct(keys)), this.name)
    if (this.align === undefined) {
      if (rows.length === keys.length) return [...rows]
      const details = { expected: String(keys.length), got: String(rows.length) }
      throw new HotpathError('HOTPATH_BATCH_LENGTH', { batch: this.name, ...details })
    }
    const values = aligned(keys, rows, this.align, this.name)
    for (const [at, value] of values.entries()) if (value instanceof Error) loader.clear(keys[at])
    return values
  }
}

/** Where nothing is remembered, a key may come twice. */
function distinct(keys: readonly unknown[]): unknown[] {
  const byText = new Map(keys.map(key => [cacheKey(key), key]))
  return byText.size === keys.length ? [...keys] : [...byText.values()]
}

function countOf(
  options: BatchOptions,
  option: 'maxKeys' | 'maxCached',
  otherwise: number,
  least: number,
): number {
  const value: unknown = options[option] ?? otherwise
  if (typeof value === 'number' && value >= least && !Number.isNaN(value)) return value
  const expected = `a number from ${least} up`
  const got = typeof value === 'number' ? String(value) : kindOf(value)
  throw new HotpathError('HOTPATH_BATCH_OPTION', { option, expected, got })
}
