import type { Clock } from '../../dist/clock.js'
import { type Cache, type CacheOptions } from 'hotpath/cache'
import { cacheOver } from '../../dist/cache/cache.js'
import { Tags } from '../../dist/cache/tags.js'

/** Time that passes when a test says so. */
export class TestClock implements Clock {
  ms = 1_000
  readonly origin = 1_700_000_000_000
  now(): number {
    return this.ms
  }
}

/** A source that answers when and how the test says. */
export class Source<T> {
  calls = 0
  readonly #waiting: { resolve(value: T): void; reject(error: unknown): void }[] = []

  readonly read = (): Promise<T> => {
    this.calls++
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Ends the call that waits longest. */
  answer(value: T): void {
    this.#waiting.shift()?.resolve(value)
  }

  fail(error: unknown): void {
    this.#waiting.shift()?.reject(error)
  }
}

export interface Lab {
  readonly cache: Cache
  readonly clock: TestClock
}

/**
 * Room for what a test keeps. A cache takes the memory of all its entries as it is made, 20 ms for those of
 * the default, and tests of random programs make thousands.
 */
const maxEntries = 1_000

/** A cache as one process of an app has it: with tags of its own, and a clock that stands. */
export function lab(options: CacheOptions = {}): Lab {
  const clock = new TestClock()
  return {
    clock,
    cache: cacheOver({ clock, random: () => 0.5, ttl: 1000, maxEntries, ...options }, new Tags()),
  }
}

/** Lets everything run that is ready to. */
export const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
