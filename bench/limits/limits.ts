import { startRedis } from '../cache/redis-server.js'
import { lastLine, table, withInterval, figure } from '../measure/line.js'
import { record, say } from '../results.js'
import { type Estimate, meanOf, ratioOf } from '../statistics/interval.js'
import { seeded } from '../statistics/shuffle.js'
import { measureAccuracy } from './accuracy.js'
import { measureMemory } from './memory.js'
import { measureMiddleware } from './middleware.js'
import { overload } from './overload.js'
import { measureRedis, type ThroughRedis } from './redis.js'

/**
 * `npm run bench limits`: decisions in memory and through Redis, in front of routes, and whether they are right;
 * and an app that is asked for more than it can do.
 */
export async function limits(quick: boolean): Promise<void> {
  const seed = Date.now() % 2 ** 31
  const random = seeded(seed)
  const rounds = quick ? 8 : 30
  say('in memory')
  const memory = await measureMemory(rounds, quick ? 100_000 : 300_000, random)
  const server = await startRedis()
  try {
    const through = async (kind: 'redis' | 'ioredis') => {
      say(`through Redis, with ${kind}`)
      return measureRedis(kind, server.url, rounds, quick ? 5_000 : 20_000, random)
    }
    const redis = await through('redis')
    const ioredis = await through('ioredis')
    say('accuracy')
    const accuracy = await measureAccuracy(server.url, quick ? 5_000 : 50_000, seed)
    const fastify = await measureMiddleware('fastify', quick, random)
    const express = await measureMiddleware('express', quick, random)

    say('overload')
    const storm = await overload({ quick, seed })

    const ns = (values: readonly number[]) => withInterval(meanOf(values), 0, ' ns')
    const beside = (name: string, values: readonly number[]) => [
      name,
      ns(values),
      withInterval(between(memory.map, values)),
    ]
    const rate = (values: readonly number[]) => withInterval(meanOf(values.map(r => r / 1000)), 1)
    const remote = (kind: string, { hotpath, rlf, evalsha, evalshaAgain }: ThroughRedis) => [
      [`${kind}: hotpath`, rate(hotpath), withInterval(between(hotpath, evalsha))],
      [`${kind}: rate-limiter-flexible`, rate(rlf), withInterval(between(rlf, evalsha))],
      [`${kind}: the bare script`, rate(evalsha), withInterval(between(evalshaAgain, evalsha))],
    ]
    const text = [
      table(
        ['in memory, one decision', 'time', 'Map / it'],
        [
          beside('GCRA over a Map (beside: itself again)', memory.mapAgain),
          beside('hotpath', memory.hotpath),
          beside('hotpath, two windows', memory.two),
          beside('hotpath, sliding window', memory.sliding),
          beside('rate-limiter-flexible', memory.rlf),
          beside('express-rate-limit', memory.expressRateLimit),
        ],
      ),
      table(
        ['Redis, 64 at once', 'thousands a second', 'of the bare script'],
        [...remote('redis', redis), ...remote('ioredis', ioredis)],
      ),
      'What is asked of hotpath in one go leaves as one command for up to 32 decisions; the others send one for each.',
      table(
        [
          'in front of a route without a database',
          'throughput of the bare one',
          'requests for the same processor time',
        ],
        [
          ...fastify.map(one => ['Fastify', one] as const),
          ...express.map(one => ['Express', one] as const),
        ].map(([framework, { name, rate: r, cpu }]) => [
          `${framework}: ${name}`,
          withInterval(r, 3),
          withInterval(cpu, 3),
        ]),
      ),
      `Accuracy: of ${accuracy.asked} requests of four processes ${accuracy.allowed} were let through; ${accuracy.overshoot} where an exact model, replayed on the times that the script gave, has no room, ${accuracy.undershoot} refused where it has.`,
    ]
    const figures = [
      figure('memory_vs_map', between(memory.map, memory.hotpath), 2),
      figure('redis_vs_rlf', between(redis.hotpath, redis.rlf), 2),
      figure('redis_vs_evalsha', between(redis.hotpath, redis.evalsha), 2),
      figure('ioredis_vs_rlf', between(ioredis.hotpath, ioredis.rlf), 2),
      figure('ioredis_vs_evalsha', between(ioredis.hotpath, ioredis.evalsha), 2),
      figure('middleware_fastify', fastify[0]?.rate as Estimate, 3),
      figure('middleware_express', express[0]?.rate as Estimate, 3),
      figure('overshoot', exactly(accuracy.overshoot), 0),
      figure('goodput', exactly(storm.goodput), 2),
      figure('shed_loop_p99_ms', exactly(storm.shedDelayMs), 0),
    ]
    text.push(storm.report, lastLine('limits', figures))
    const shown = text.join('\n\n')
    if (!quick) record('limits', `Node ${process.version}`, seed, shown)
    process.stdout.write(`seed ${seed}\n\n${shown}\n`)
  } finally {
    await server.stop()
  }
}

const exactly = (value: number): Estimate => ({ value, low: Number.NaN, high: Number.NaN })

/** The one divided by the other, round by round. */
function between(above: readonly number[], below: readonly number[]): Estimate {
  return ratioOf(above.map((value, round) => value / (below[round] ?? Number.NaN)))
}
