import type { CacheStore } from 'hotpath/cache'

/** A store that a test can break; it counts what it is asked. */
export class FaultyStore implements CacheStore {
  readonly name = 'faulty'
  asked = 0
  /** `hang`: nothing is answered, ever. */
  fault: 'none' | 'throw' | 'hang' = 'none'
  /** A change waits for it on its way to the store. */
  gate: Promise<unknown> = Promise.resolve()
  /** And so does who wants to compute. */
  leaseGate: Promise<unknown> = Promise.resolve()
  /** Messages are taken and not sent. */
  loses = false
  /** As when the connection for messages was cut and is back. */
  gap = (): void => {}
  readonly subscribe?: NonNullable<CacheStore['subscribe']>
  readonly publish?: NonNullable<CacheStore['publish']>

  constructor(
    private readonly inner: CacheStore,
    messages = true,
  ) {
    if (!messages) return
    this.subscribe = (onMessage, onGap) => {
      this.gap = onGap
      return inner.subscribe?.(onMessage, onGap) ?? (async () => {})
    }
    this.publish = message =>
      this.#pass(async () => (this.loses ? undefined : inner.publish?.(message)))
  }

  read: CacheStore['read'] = (keys, tags) => this.#pass(() => this.inner.read(keys, tags))
  write: CacheStore['write'] = (key, bytes, ttlMs) =>
    this.#pass(() => this.inner.write(key, bytes, ttlMs))
  remove: CacheStore['remove'] = keys => this.#pass(() => this.inner.remove(keys))
  renew: CacheStore['renew'] = tags =>
    this.#pass(() => this.gate.then(() => this.inner.renew(tags)))
  ensure: CacheStore['ensure'] = tags => this.#pass(() => this.inner.ensure(tags))
  lease: CacheStore['lease'] = (key, holder, ttlMs) =>
    this.#pass(() => this.leaseGate.then(() => this.inner.lease(key, holder, ttlMs)))
  release: CacheStore['release'] = (key, holder) =>
    this.#pass(() => this.inner.release(key, holder))

  #pass<T>(run: () => Promise<T>): Promise<T> {
    this.asked++
    if (this.fault === 'throw') return Promise.reject(new Error('broken by the test'))
    if (this.fault === 'hang') return new Promise(() => {})
    return run()
  }
}
