import { lastLine, table, withInterval, figure } from '../measure/line.js'
import { record, say } from '../results.js'
import { type Estimate, meanOf, ratioOf } from '../statistics/interval.js'
import { seeded } from '../statistics/shuffle.js'
import { measureCluster } from './cluster.js'
import { measureHits } from './hits.js'
import { startRedis } from './redis-server.js'
import { measureRedis } from './redis.js'
import { measureResponses } from './responses.js'
import { measureTags } from './tags.js'
import { measureWrites } from './writes.js'

/** `npm run bench cache`: hits beside a Map and beside Redis itself, cold keys, invalidation. */
export async function cache(quick: boolean): Promise<void> {
  const seed = Date.now() % 2 ** 31
  const random = seeded(seed)
  const rounds = quick ? 6 : 30
  say('hits in memory')
  const hits = await measureHits(rounds, quick ? 100_000 : 300_000, random)
  const server = await startRedis()
  try {
    say('hits through Redis')
    const redis = await measureRedis(server.url, rounds, quick ? 5_000 : 20_000, random)
    say('cold keys in four processes')
    const computed = await measureCluster(server.url, quick ? 3 : 10)
    say('invalidation of 10 and of 100,000')
    const tags = await measureTags(server.url, rounds * 2, random)
    const responses = await measureResponses(quick, random)
    const writes = await measureWrites(quick, random)
    const hit = responses.hits['/1k']?.cpu as Estimate

    const ns = (values: readonly number[]) => withInterval(meanOf(values), 0, ' ns')
    const rate = (values: readonly number[]) => withInterval(meanOf(values.map(r => r / 1000)), 1)
    const us = (values: readonly number[]) => withInterval(meanOf(values), 0, ' us')
    const ratio = (above: readonly number[], below: readonly number[]) =>
      withInterval(between(above, below))
    const rows = [
      ['awaited Map', ns(hits.map), ratio(hits.map, hits.mapAgain)],
      ['hit in memory', ns(hits.cached), ratio(hits.map, hits.cached)],
      ['hit in memory, 3 tags', ns(hits.tagged), ratio(hits.map, hits.tagged)],
      ['hit in memory, by a function', ns(hits.wrapped), ratio(hits.map, hits.wrapped)],
      ["hit in memory, hits: 'frozen'", ns(hits.frozen), ratio(hits.map, hits.frozen)],
      ['GET and JSON.parse, thousands a second', rate(redis.get), ratio(redis.getAgain, redis.get)],
      ['hit through Redis', rate(redis.cached), ratio(redis.cached, redis.get)],
      ['hit through Redis, 3 tags', rate(redis.tagged), ratio(redis.tagged, redis.get)],
      ['invalidating a tag of 10', us(tags.few), ratio(tags.fewAgain, tags.few)],
      ['invalidating a tag of 100,000', us(tags.many), ratio(tags.many, tags.few)],
      ['cached response, requests for the same processor time', '', withInterval(hit)],
      ['strict hit, which asks Redis, likewise', '', withInterval(responses.strict.cpu)],
      ['half writes, requests for the same processor time', '', withInterval(writes.rate)],
    ]
    const figures = [
      figure('hit_vs_map', between(hits.map, hits.cached), 2),
      figure('redis_vs_get', between(redis.cached, redis.get), 2),
      figure('cluster_computations', meanOf(computed), 0),
      figure('tag_ratio', between(tags.many, tags.few), 2),
      figure('tags3_vs_none', between(hits.tagged, hits.cached), 2),
      figure('response_vs_bare', hit, 3),
      figure('strict_vs_bare', responses.strict.cpu, 3),
      figure('writes_vs_uncached', writes.rate, 3),
      figure('writes_aa', writes.same, 3),
      figure('map_aa', between(hits.mapAgain, hits.map), 2),
    ]
    const line = lastLine('cache', figures)
    const text = `${table(['what', 'figure', 'beside'], rows)}\n\nBeside: the Map, the client's own GET, a tag of 10, in the first of each itself again; a bare handler that sends the same bytes; the same load without the cache. A cold key, 1,000 callers in each of 4 processes, was computed ${computed.join(', ')} times.\n\n${line}`
    if (!quick) record('cache', `Node ${process.version}`, seed, text)
    process.stdout.write(`seed ${seed}\n\n${text}\n`)
  } finally {
    await server.stop()
  }
}

/** The one divided by the other, round by round. */
function between(above: readonly number[], below: readonly number[]): Estimate {
  return ratioOf(above.map((value, round) => value / (below[round] ?? Number.NaN)))
}
