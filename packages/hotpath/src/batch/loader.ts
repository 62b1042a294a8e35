import DataLoader from 'dataloader'
import { Computation, computeIn, currentComputation } from '../cache/computation.js'
import { Ask } from './ask.js'
import { Recent } from './recent.js'

interface LoaderOptions {
  readonly maxKeys: number
  readonly maxCached: number
  /** Under what a key is remembered, where that is not the key itself. */
  readonly cacheKey?: (key: unknown) => string
}

/**
 * DataLoader, for code whose results are kept: a batch is loaded for all of its callers, so what it reads
 * is told to the computation of each (`cache/computation.ts`). Calls outside of computations are
 * DataLoader's own.
 */
export class Loader {
  readonly #loader: DataLoader<unknown, unknown, unknown>
  readonly #recent: Recent<unknown, Promise<unknown>> | undefined
  /** Of the promises of keys that computations asked for. */
  readonly #asks = new WeakMap<Promise<unknown>, Ask>()
  readonly #cacheKeyOf: (key: unknown) => unknown

  /** @param fetch Gets at most `maxKeys` keys. */
  constructor(
    private readonly fetch: (keys: unknown[]) => Promise<unknown[]>,
    { maxKeys, maxCached, cacheKey }: LoaderOptions,
  ) {
    this.#recent = maxCached > 0 ? new Recent(maxCached) : undefined
    this.#cacheKeyOf = asked => {
      const key = asked instanceof Ask ? asked.key : asked
      return cacheKey === undefined ? key : cacheKey(key)
    }
    this.#loader = new DataLoader(asked => this.#dispatch(asked), {
      maxBatchSize: maxKeys,
      cacheKeyFn: this.#cacheKeyOf,
      ...(this.#recent === undefined ? { cache: false } : { cacheMap: this.#recent }),
    })
  }

  load(key: unknown): Promise<unknown> {
    const computation = currentComputation()
    return computation === undefined ? this.#loader.load(key) : this.#loadFor(computation, key)
  }

  clear(key: unknown): void {
    this.#loader.clear(key)
  }

  clearAll(): void {
    this.#loader.clearAll()
  }

  #loadFor(computation: Computation, key: unknown): Promise<unknown> {
    const known = this.#recent?.get(this.#cacheKeyOf(key))
    const asked = known && this.#asks.get(known)
    if (asked !== undefined) {
      asked.isFor(computation)
      return this.#loader.load(key)
    }
    // What nobody noted may be old already, and nobody would hear when it becomes so: it is read again.
    if (known !== undefined) this.#loader.clear(key)
    const ask = new Ask(key)
    ask.isFor(computation)
    const promise = this.#loader.load(ask)
    this.#asks.set(promise, ask)
    return promise
  }

  #dispatch(asked: readonly unknown[]): Promise<unknown[]> {
    let load: Computation | undefined
    const keys = asked.map(one => {
      if (!(one instanceof Ask)) return one
      load ??= new Computation(undefined)
      one.isLoadedBy(load)
      return one.key
    })
    return load === undefined ? this.fetch(keys) : computeIn(load, () => this.fetch(keys))
  }
}
