import { needUs } from '../../limit/algorithm.js'
import type { Taken } from '../../limit/buckets.js'
import type { LimitRule } from '../../limit/rule.js'
import type { Answered, LimitStore, TellingStore } from '../../limit/store.js'
import type { RedisClient } from './clients.js'
import { type Commands, commandsOf } from './commands.js'
import { LimitBatch } from './limit-batch.js'
import { GCRA_FULL, PROCESSES, SLIDING } from './limit-scripts.js'
import { runScript, tellScript } from './script.js'

export type { RedisClient } from './clients.js'

export interface RedisLimitsOptions {
  /** What all its keys begin with. Default `hotpath`. */
  readonly prefix?: string
}

/** After so long a process that says nothing is not counted any more. */
const PROCESS_MS = '30000'

/**
 * Counts in Redis or Valkey, from 6.0 on: one server, Sentinel, or Cluster. Each decision is one round trip, by
 * the server's clock, of one script with one key.
 *
 *     import { createClient } from 'redis'        // 5 and 6; or ioredis, 5 and 6
 *     import { redisLimits } from 'hotpath/limit/redis'
 *
 *     const client = await createClient({ url, disableOfflineQueue: true }).on('error', report).connect()
 *     const limiter = limit({ rate: '100/h', namespace: 'orders', store: redisLimits(client) })
 *
 * The client is yours: you close it. Keys are `PREFIX:limit:KIND:NAMESPACE:KEY`, and go by themselves when
 * nothing of them counts any more.
 *
 * @throws HOTPATH_LIMIT_OPTION when it is no client that is known
 */
export function redisLimits(client: RedisClient, options: RedisLimitsOptions = {}): LimitStore {
  return new RedisLimits(commandsOf(client, 'HOTPATH_LIMIT_OPTION'), options.prefix ?? 'hotpath')
}

/** What of a rule does not change from request to request, as the scripts take it. */
interface Prepared {
  readonly kind: string
  readonly prefix: string
  readonly capacity: string
  readonly need: string
  readonly head: readonly string[]
}

class RedisLimits implements TellingStore {
  readonly name = 'redis'
  readonly #prepared = new WeakMap<LimitRule, Prepared>()
  private readonly batch: LimitBatch

  constructor(
    private readonly commands: Commands,
    private readonly prefix: string,
  ) {
    this.batch = new LimitBatch(commands)
  }

  take(key: string, rule: LimitRule, cost: number, spent?: readonly number[]): Promise<Taken> {
    return new Promise((took, failed) => this.tell(key, rule, cost, spent, { took, failed }))
  }

  tell(
    key: string,
    rule: LimitRule,
    cost: number,
    spent: readonly number[] | undefined,
    answered: Answered,
  ): void {
    const prepared = this.#prepare(rule)
    const name = prepared.prefix + key
    if (prepared.kind === 'g') {
      const need = cost === 1 ? prepared.need : String(needUs(rule.windows[0], cost))
      const held = spent === undefined ? '0' : String(spent[0])
      return this.batch.add(name, prepared.capacity, need, held, answered)
    }
    const isGcra = rule.algorithm === 'gcra'
    const args = rule.windows.flatMap((window, at) => {
      const held = String(spent?.[at] ?? 0)
      return isGcra
        ? [String(window.capacityUs), String(needUs(window, cost)), held]
        : [String(window.periodUs), String(window.count), String(cost), held]
    })
    const script = isGcra ? GCRA_FULL : SLIDING
    const took = (answer: unknown): void =>
      told(() => (isGcra ? gcraOf(answer) : slidingOf(answer, rule)), answered)
    const failed = (error: unknown): void => answered.failed(error)
    tellScript(this.commands, script, [name], [...prepared.head, ...args], took, failed)
  }

  async forget(key: string, rule: LimitRule): Promise<void> {
    const name = this.#prepare(rule).prefix + key
    await this.commands.run(name, ['DEL', name])
  }

  async ping(): Promise<void> {
    // Not PING, which a client of a cluster sends anywhere.
    await this.commands.run(`${this.prefix}:limit`, ['EXISTS', `${this.prefix}:limit`])
  }

  instances(me: string): Promise<number> {
    const key = `${this.prefix}:limit-processes`
    return runScript(this.commands, PROCESSES, key, [me, PROCESS_MS], Number)
  }

  #prepare(rule: LimitRule): Prepared {
    const known = this.#prepared.get(rule)
    if (known !== undefined) return known
    const { algorithm, windows, penalty } = rule
    const isSingle = algorithm === 'gcra' && windows.length === 1 && penalty === undefined
    const { after = 0, withinUs = 0, forUs = 0 } = penalty ?? {}
    const [window] = windows
    // Another rule reads another state.
    const kind = isSingle
      ? 'g'
      : `${algorithm.slice(0, 1)}${windows.length}${penalty === undefined ? '' : 'p'}`
    const prepared = {
      kind,
      prefix: `${this.prefix}:limit:${kind}:`,
      capacity: String(window.capacityUs),
      need: String(window.intervalUs),
      head: [windows.length, after, withinUs, forUs].map(String),
    }
    this.#prepared.set(rule, prepared)
    return prepared
  }
}

function told(make: () => Taken, answered: Answered): void {
  let taken: Taken
  try {
    taken = make()
  } catch (error) {
    // The server answers with what is no answer.
    return answered.failed(error)
  }
  answered.took(taken)
}

function gcraOf(answer: unknown): Taken {
  const [now = 0, code, penaltyUs = 0, ...ahead] = (answer as unknown[]).map(Number)
  return { allowed: code === 1, penaltyUs, nowUs: now, state: ahead.map(us => now + us / 4) }
}

function slidingOf(answer: unknown, { windows }: LimitRule): Taken {
  const [now = 0, code, penaltyUs = 0, ...counts] = (answer as unknown[]).map(Number)
  const state = windows.flatMap(({ periodUs }, at) => [
    Math.floor(now / periodUs),
    (counts[2 * at] ?? 0) / 1000,
    (counts[2 * at + 1] ?? 0) / 1000,
  ])
  return { allowed: code === 1, penaltyUs, nowUs: now, state }
}
