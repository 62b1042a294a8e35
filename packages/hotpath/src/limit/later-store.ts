import type { Taken } from './buckets.js'
import type { LimitRule } from './rule.js'
import { type Answered, type LimitStore, tellOf, type TellingStore } from './store.js'

/**
 * A store that is on its way: a client goes on connecting for as long as its server is away. Who asks meanwhile
 * waits as for one that does not answer, which is bounded, and goes by `onStoreFailure`.
 */
export class LaterStore implements TellingStore {
  private store: LimitStore | undefined

  constructor(readonly made: Promise<LimitStore>) {
    made.then(
      store => void (this.store = store),
      () => {},
    )
  }

  get name(): string {
    return this.store?.name ?? 'of the config'
  }

  take(
    key: string,
    rule: LimitRule,
    cost: number,
    spent?: readonly number[],
  ): Taken | Promise<Taken> {
    const { store } = this
    if (store !== undefined) return store.take(key, rule, cost, spent)
    return this.made.then(made => made.take(key, rule, cost, spent))
  }

  tell(
    key: string,
    rule: LimitRule,
    cost: number,
    spent: readonly number[] | undefined,
    answered: Answered,
  ): void {
    const { store } = this
    if (store !== undefined) return tellOf(store, key, rule, cost, spent, answered)
    this.made.then(
      made => tellOf(made, key, rule, cost, spent, answered),
      error => answered.failed(error),
    )
  }

  async forget(key: string, rule: LimitRule): Promise<void> {
    await (await this.made).forget(key, rule)
  }

  async ping(): Promise<void> {
    await (await this.made).ping?.()
  }

  async instances(me: string): Promise<number> {
    return (await (await this.made).instances?.(me)) ?? 1
  }
}

type Source = () => unknown

const made = new WeakMap<Source, LaterStore>()

/** The same function is called once for all routes that name it. */
export function laterStoreOf(source: Source): LaterStore {
  let store = made.get(source)
  if (store === undefined) made.set(source, (store = new LaterStore(storeOf(source))))
  return store
}

async function storeOf(source: Source): Promise<LimitStore> {
  const store = (await source()) as Partial<LimitStore> | undefined
  if (typeof store?.take !== 'function' || typeof store.forget !== 'function')
    throw new TypeError('no store of limits')
  return store as LimitStore
}
