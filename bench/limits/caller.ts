/** One of the processes of accuracy.ts: asks at random times, and tells what was answered. */
import { setTimeout as wait } from 'node:timers/promises'
import type { LimitRule } from 'hotpath/limit'
import { redisLimits } from 'hotpath/limit/redis'
import { createClient } from 'redis'
import { seeded } from '../statistics/shuffle.js'
import type { Asked, Orders } from './accuracy.js'

process.once('message', (orders: Orders) => void run(orders))

async function run({ url, perSecond, burst, calls, seed }: Orders): Promise<void> {
  const client = await createClient({ url }).connect()
  const store = redisLimits(client)
  const random = seeded(seed)
  const intervalUs = Math.ceil(4e6 / perSecond) / 4
  const window = {
    name: `${perSecond}/s`,
    count: perSecond,
    periodUs: 1e6,
    intervalUs,
    burst,
    capacityUs: burst * intervalUs,
  }
  const rule: LimitRule = { algorithm: 'gcra', windows: [window], penalty: undefined }
  const asked: Asked[] = []
  while (asked.length < calls) {
    // Bursts of up to 30 at once, and pauses in which some is paid back.
    const many = Math.ceil(random() * 30)
    const taken = await Promise.all(
      Array.from({ length: many }, () => store.take('one client', rule, 1)),
    )
    for (const { nowUs, allowed, state } of taken)
      asked.push({ nowUs, allowed, untilUs: state[0] as number })
    if (random() < 0.5) await wait(random() * 20)
  }
  client.destroy()
  process.send?.(asked)
}
