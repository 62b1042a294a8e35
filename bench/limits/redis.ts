import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import { limit, type LimitStore } from 'hotpath/limit'
import { redisLimits } from 'hotpath/limit/redis'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { createClient } from 'redis'
import { interleave } from '../measure/interleave.js'

const KEYS = 1_000
const CONCURRENCY = 64
const PER_HOUR = 1_000_000

/** Decisions a second at concurrency 64, round by round. */
export interface ThroughRedis {
  readonly hotpath: readonly number[]
  readonly rlf: readonly number[]
  /** The script that `hotpath` runs, by the client alone. */
  readonly evalsha: readonly number[]
  /** A/A. */
  readonly evalshaAgain: readonly number[]
}

interface Client {
  readonly store: LimitStore
  readonly rlf: RateLimiterRedis
  evalsha(hash: string, key: string, args: readonly string[]): Promise<unknown>
  load(script: string): Promise<unknown>
  close(): void
}

const theirs = { points: PER_HOUR, duration: 3_600, keyPrefix: 'rlf' }

const clients = {
  async redis(url: string): Promise<Client> {
    const client = await createClient({ url })
      .on('error', () => {})
      .connect()
    return {
      store: redisLimits(client),
      rlf: new RateLimiterRedis({ ...theirs, storeClient: client, useRedisPackage: true }),
      // With the options that our driver gives: by default the client makes an AbortSignal for each command.
      evalsha: (hash, key, args) =>
        client.sendCommand(['EVALSHA', hash, '1', key, ...args], { timeout: 0 }),
      load: script => client.sendCommand(['SCRIPT', 'LOAD', script]),
      close: () => client.destroy(),
    }
  },
  async ioredis(url: string): Promise<Client> {
    const client = new Redis(url)
    await client.ping()
    return {
      store: redisLimits(client),
      rlf: new RateLimiterRedis({ ...theirs, storeClient: client }),
      evalsha: (hash, key, args) => client.evalsha(hash, 1, key, ...args),
      load: script => client.script('LOAD', script),
      close: () => client.disconnect(),
    }
  },
}

/** One decision through Redis, beside rate-limiter-flexible and the bare command, all on one client. */
export async function measureRedis(
  kind: keyof typeof clients,
  url: string,
  rounds: number,
  calls: number,
  random: () => number,
): Promise<ThroughRedis> {
  const client = await clients[kind](url)
  const { script, args } = await sentFor(client.store)
  const hash = createHash('sha1').update(script).digest('hex')
  await client.load(script)
  const limiter = limit({ rate: `${PER_HOUR}/h`, namespace: 'bench', store: client.store })
  let alone = 0
  const ours = async (id: number) => {
    if ((await limiter.take(`client:${id}`)).alone) alone++
  }
  // As long a key as ours.
  const bare = (id: number) => client.evalsha(hash, `hotpath:limit:g:bare_:client:${id}`, args)
  const arms = {
    hotpath: block(ours, calls),
    rlf: block(id => client.rlf.consume(`client:${id}`), calls),
    evalsha: block(bare, calls),
    evalshaAgain: block(bare, calls),
  }
  await interleave(arms, 2, random)
  const results = await interleave(arms, rounds, random)
  client.close()
  if (alone > 0) throw new Error(`${alone} decisions were made without Redis`)
  const of = (name: keyof typeof arms) => results.map(round => round[name])
  return {
    hotpath: of('hotpath'),
    rlf: of('rlf'),
    evalsha: of('evalsha'),
    evalshaAgain: of('evalshaAgain'),
  }
}

/** The script and the arguments that a store sends for one request of a limit: seen at the store's own commands. */
async function sentFor(store: LimitStore): Promise<{ script: string; args: string[] }> {
  const seen: (readonly (string | Buffer)[])[] = []
  const isReady = true
  const spy = {
    isReady,
    withTypeMapping: () => spy,
    duplicate: () => spy,
    sendCommand: async (args: (string | Buffer)[]) => {
      seen.push(args)
      if (args[0] === 'EVALSHA') throw new Error('NOSCRIPT')
      return [0, 0]
    },
  }
  const limiter = limit({
    rate: `${PER_HOUR}/h`,
    namespace: 'bench',
    store: redisLimits(spy),
  })
  await limiter.take('client:0')
  const sent = seen.find(([command]) => command === 'EVAL')
  if (sent === undefined || store.name !== 'redis') throw new Error('no script was sent')
  const [, script = '', , , ...args] = sent.map(String)
  return { script, args }
}

const block = (call: (id: number) => Promise<unknown>, calls: number) => async () => {
  let next = 0
  const lane = async () => {
    while (next < calls) await call(next++ % KEYS)
  }
  const beganAt = performance.now()
  await Promise.all(Array.from({ length: CONCURRENCY }, lane))
  return (calls * 1000) / (performance.now() - beganAt)
}
