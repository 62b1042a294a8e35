import { processTags } from '../cache/tags.js'
import { type AnswerStore, answerStoreOf, type Found } from './answer-store.js'
import { variantOf } from './facts.js'
import { forCdn, targetOf } from './for-cdn.js'
import type { Host } from './host.js'
import type { Kitchen } from './fill.js'
import type { CachePolicy } from './policy.js'
import { rawHeadersOf } from './raw-headers.js'
import { type Taken, takeTurn } from './turn.js'
import type { Visit } from './visit.js'

/** What instances share: the answers of a policy with a `store`, and what it has earned. */
export class Instances {
  private readonly forget = (): void => this.kitchen.memory.clear()

  constructor(
    private readonly host: Host,
    private readonly kitchen: Kitchen,
  ) {}

  /** Opens the store that the config gives for a policy, and takes from it what the policy has earned. */
  share(policy: CachePolicy): void {
    policy.store?.adopt(policy)
    const { source } = policy
    if (source === undefined) return
    policy.source = undefined
    if (processTags().strict !== undefined) {
      this.host.say(
        `answers of ${policy.route} stay in this process: a store of answers is not strict.`,
      )
      return
    }
    answerStoreOf(source, this.kitchen.clock).then(
      store => {
        store.users.add(this.forget)
        policy.store = store
        policy.learning.forget()
      },
      () => {
        this.kitchen.caught()
        this.host.say(
          `the store of ${policy.route} could not be made: its answers stay in this process.`,
        )
      },
    )
  }

  /** Where answers are shared now. In strict mode nowhere, also where a store was opened before that began. */
  storeOf({ store }: CachePolicy): AnswerStore | undefined {
    return processTags().strict === undefined ? store : undefined
  }

  /** What the store has of an answer, or the right to make it: of all instances one at a time. */
  turn(visit: Visit, store: AnswerStore): Promise<Taken> {
    const { policy, facts, request, response } = visit
    const variant = variantOf(rawHeadersOf(request), [...policy.headers, ...policy.learning.inputs])
    return takeTurn({
      store,
      policy,
      target: facts.target,
      variant,
      find: () => this.ask(visit, store),
      isUseful: found => this.isUseful(visit, found),
      isOver: () => response.destroyed,
    })
  }

  /** What the store has of an answer. Never rejects. */
  async ask({ policy, facts, request }: Visit, store: AnswerStore): Promise<Found | undefined> {
    const raw = rawHeadersOf(request)
    const needed = [...policy.headers, ...policy.learning.inputs]
    try {
      return await store.find(policy, facts.target, needed, names => variantOf(raw, names))
    } catch {
      this.kitchen.caught()
      return undefined
    }
  }

  /** Whether the store has a fresh answer: then it is in memory as well from now on. */
  takes(visit: Visit, found: Found): boolean {
    const { policy, facts, request } = visit
    const { entry } = found
    if (entry === undefined || !this.isUseful(visit, found)) return false
    const { kept, names, variant } = entry
    const { cdn, clock, memory, tally } = this.kitchen
    if (cdn !== undefined) kept.forCdn = forCdn(cdn, policy, kept, names, clock, targetOf(request))
    memory.put(facts.key, names, policy.learning.generation, variant, kept)
    tally.add(policy.route, 'shared')
    return true
  }

  private isUseful({ policy }: Visit, { entry }: Found): boolean {
    if (entry === undefined || this.storeOf(policy) === undefined) return false
    const { kept } = entry
    return kept.ageMs(this.kitchen.clock.now()) < kept.lifetime.freshMs && kept.isCurrent()
  }
}
