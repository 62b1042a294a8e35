import { startPostgres } from '@hotpath/test/postgres'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { interleave } from '../measure/interleave.js'
import { lastLine, table, withInterval } from '../measure/line.js'
import { LoadProcess } from '../load/process.js'
import { AppProcess } from '../recorder/app-process.js'
import { type Sink, startSink } from '../recorder/sink.js'
import { record, say } from '../results.js'
import { type Estimate, ratioOf } from '../statistics/interval.js'
import { seeded } from '../statistics/shuffle.js'
import { type Front, startFronts } from './fronts.js'
import { startRedis } from './redis-server.js'

const PATHS = ['/1k', '/10k'] as const
const CONNECTIONS = 20
/** More than a policy needs to earn that it serves. */
const EARNING_MS = 300
/** Of the hits that are measured. */
const MOST_MISSES = 0.0001

/** Beside a bare handler of the same process that sends the same bytes. */
interface Beside {
  /** Requests for the same processor time: above 1 it is cheaper than the bare handler. */
  readonly cpu: Estimate
  /** Requests a second. */
  readonly rate: Estimate
}

export interface Responses {
  /** A hit in memory, by the path of its body. */
  readonly hits: Readonly<Record<string, Beside>>
  /** A/A: the bare handler beside itself. */
  readonly same: Readonly<Record<string, Estimate>>
  /** A hit in strict mode, of 1 kB: each asks Redis. */
  readonly strict: Beside
  /** Caches of others in front of the bare handler, for the record; of 1 kB. */
  readonly fronts: Readonly<Record<string, Beside>>
}

interface Block {
  readonly requests: number
  readonly rate: number
  readonly cpuUs: number
  /** Requests for a hit that ran the handler. */
  readonly misses: number
}

interface Setting {
  readonly sink: Sink
  readonly load: LoadProcess
  readonly rounds: number
  readonly random: () => number
}

/**
 * A hit of the response cache against a bare handler of node:http that sends the same bytes, switched in
 * one process from block to block: the hit with all that the recorder does for it, the handler with
 * Hotpath off. Prints its table.
 */
export async function measureResponses(quick: boolean, random: () => number): Promise<Responses> {
  const lives = quick ? 2 : 6
  const taken = new Map<string, Ratio[]>()
  for (let life = 0; life < lives; life++) {
    say(`responses: life ${life + 1} of ${lives}`)
    const sink = await startSink()
    const load = new LoadProcess()
    const setting = { sink, load, rounds: quick ? 6 : 20, random }
    try {
      const ratios = [...(await memoryLife(setting)), ...(await strictLife(setting))]
      for (const [name, ratio] of ratios) {
        const known = taken.get(name) ?? []
        taken.set(name, known)
        known.push(ratio)
      }
    } finally {
      load.stop()
      await sink.close()
    }
  }
  const beside = (name: string): Beside => ({
    cpu: ratioOf((taken.get(name) ?? []).map(one => one.cpu)),
    rate: ratioOf((taken.get(name) ?? []).map(one => one.rate)),
  })
  const all = (names: readonly string[]) =>
    Object.fromEntries(names.map(name => [name, beside(name)]))
  const measured = {
    hits: all(PATHS),
    same: Object.fromEntries(PATHS.map(path => [path, beside(`${path} again`).cpu])),
    strict: beside('strict'),
    fronts: all(['nginx', 'varnish'].filter(name => taken.has(name))),
  }
  process.stdout.write(`${tableOf(measured)}\n`)
  return measured
}

interface Ratio {
  readonly cpu: number
  readonly rate: number
}

/** Hits in memory of both sizes, and the caches of others in front of the bare handler. */
async function memoryLife(setting: Setting): Promise<(readonly [string, Ratio])[]> {
  const routes = Object.fromEntries(PATHS.map(each => [`GET ${each}`, { cache: { ttl: '1h' } }]))
  return withApp(setting, JSON.stringify({ routes }), 'json', {}, async app => {
    const ratios: (readonly [string, Ratio])[] = []
    for (const path of PATHS) {
      const { hit, again } = await app.measure({
        hit: ms => app.block(true, path, ms),
        again: ms => app.block(false, path, ms),
      })
      ratios.push([path, hit as Ratio], [`${path} again`, again as Ratio])
    }
    const fronts = await startFronts(app.port)
    try {
      const blocks = [...fronts].map(([name, front]) => [
        name,
        (ms: number) => app.frontBlock(front, ms),
      ])
      const beside = await app.measure(Object.fromEntries(blocks))
      return [...ratios, ...Object.entries(beside)]
    } finally {
      for (const front of fronts.values()) await front.stop()
    }
  })
}

/** Hits that ask Redis whether they are still right, of an answer that was read from PostgreSQL. */
async function strictLife(setting: Setting): Promise<(readonly [string, Ratio])[]> {
  const redis = await startRedis()
  const postgres = await startPostgres()
  try {
    const client = new Client({ connectionString: postgres.url })
    await client.connect()
    await client.query("create table menu as select 1 as id, repeat('a', 1022) as text")
    await client.end()
    const config = `
      import { createClient } from ${JSON.stringify(import.meta.resolve('redis'))}
      import { redisStore } from ${JSON.stringify(import.meta.resolve('hotpath/cache/redis'))}
      const connect = () => createClient({ url: ${JSON.stringify(redis.url)}, disableOfflineQueue: true }).on('error', () => {}).connect()
      export default {
        invalidation: { mode: 'strict', store: async () => redisStore(await connect()) },
        routes: { 'GET /read': { cache: { ttl: '1h' } } },
      }`
    const env = { BENCH_DATABASE_URL: postgres.url }
    return await withApp(setting, config, 'mjs', env, async app => {
      const { strict } = await app.measure({ strict: ms => app.block(true, '/read', ms) })
      return [['strict', strict as Ratio]]
    })
  } finally {
    await postgres.stop()
    await redis.stop()
  }
}

/** One process of the app, and what can be measured in it. */
interface Measured {
  readonly port: number
  block(hits: boolean, path: string, ms: number): Promise<Block>
  frontBlock(front: Front, ms: number): Promise<Block>
  /** Each of the arms beside the bare handler, interleaved, after hits are earned. */
  measure<Name extends string>(
    arms: Readonly<Record<Name, (ms: number) => Promise<Block>>>,
  ): Promise<Record<Name, Ratio>>
}

async function withApp<T>(
  { sink, load, rounds, random }: Setting,
  config: string,
  type: 'json' | 'mjs',
  env: Readonly<Record<string, string>>,
  use: (app: Measured) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-bench-'))
  const file = join(folder, `hotpath.config.${type}`)
  writeFileSync(file, config)
  const app = await AppProcess.start({
    node: process.execPath,
    execArgv: ['--import', import.meta.resolve('hotpath/register')],
    env: { ...env, HOTPATH_ENDPOINT: sink.url, HOTPATH_CONFIG: file },
    program: new URL('responses-app.cjs', import.meta.url),
  })
  const drive = (port: number, path: string, ms: number) =>
    load.run({ kind: 'closed', port, path, connections: CONNECTIONS, ms })
  const block = async (hits: boolean, path: string, ms: number): Promise<Block> => {
    await app.switch(hits)
    const before = await app.use()
    const driven = await drive(app.port, path, ms)
    const after = await app.use()
    return {
      requests: driven.requests,
      rate: driven.requests / driven.elapsedMs,
      cpuUs: (after.cpuUs - before.cpuUs) / driven.requests,
      misses: hits ? (after.runs ?? 0) - (before.runs ?? 0) : 0,
    }
  }
  const frontBlock = async (front: Front, ms: number): Promise<Block> => {
    const before = front.cpuUs()
    const driven = await drive(front.port, '/1k', ms)
    const cpuUs = (front.cpuUs() - before) / driven.requests
    const { requests, elapsedMs } = driven
    return { requests, rate: requests / elapsedMs, cpuUs, misses: 0 }
  }
  const measure: Measured['measure'] = async arms => {
    const names = Object.keys(arms) as (keyof typeof arms)[]
    const bare = (ms: number): Promise<Block> => block(false, '/1k', ms)
    const all = (ms: number) =>
      Object.fromEntries(
        Object.entries<(ms: number) => Promise<Block>>({ bare, ...arms }).map(([name, arm]) => [
          name,
          () => arm(ms),
        ]),
      )
    for (const name of names) await earned(arms[name])
    await interleave(all(500), 2, random)
    const results = await interleave(all(300), rounds, random)
    return Object.fromEntries(names.map(name => [name, besideBare(name, results)])) as never
  }
  try {
    return await use({ port: app.port, block, frontBlock, measure })
  } finally {
    await app.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A policy earns that it serves; in strict mode nothing is given in the first seconds. */
async function earned(arm: (ms: number) => Promise<Block>): Promise<void> {
  for (let tries = 0; tries < 40; tries++) if ((await arm(EARNING_MS)).misses === 0) return
  throw new Error('the policy does not serve what it keeps')
}

const blockOf = (round: Readonly<Record<string, Block>>, name: string): Block =>
  round[name] as Block

function besideBare(name: string, rounds: readonly Readonly<Record<string, Block>>[]): Ratio {
  const mean = (of: (block: Block, bare: Block) => number) =>
    Math.exp(
      rounds.reduce(
        (sum, round) => sum + Math.log(of(blockOf(round, name), blockOf(round, 'bare'))),
        0,
      ) / rounds.length,
    )
  const total = (key: 'misses' | 'requests') =>
    rounds.reduce((sum, round) => sum + blockOf(round, name)[key], 0)
  // A store that once does not answer in 50 ms makes a miss, whose cost counts with that of the hits.
  if (total('misses') > total('requests') * MOST_MISSES)
    throw new Error(`${total('misses')} of ${total('requests')} hits of ${name} ran the handler`)
  return {
    cpu: mean((block, bare) => bare.cpuUs / block.cpuUs),
    rate: mean((block, bare) => block.rate / bare.rate),
  }
}

function tableOf({ hits, same, strict, fronts }: Responses): string {
  const row = (name: string, { cpu, rate }: Beside, aa = '') => [
    name,
    withInterval(cpu, 3),
    withInterval(rate, 3),
    aa,
  ]
  return table(
    ['what', 'requests for the same processor time', 'requests a second', 'bare beside itself'],
    [
      ...Object.entries(hits).map(([path, hit]) =>
        row(`hit, ${path.slice(1)}`, hit, withInterval(same[path] as Estimate, 3)),
      ),
      row('strict hit, 1k, asks Redis', strict),
      ...Object.entries(fronts).map(([name, front]) => row(`${name}, 1k, one more hop`, front)),
    ],
  )
}

/** `npm run bench responses`: a cached response beside a bare handler that sends the same bytes. */
export async function responses(quick: boolean): Promise<void> {
  const seed = Date.now() % 2 ** 31
  const measured = await measureResponses(quick, seeded(seed))
  const figure = (name: string, estimate: Estimate | undefined) =>
    estimate === undefined ? [] : [{ name, estimate, digits: 3 }]
  const line = lastLine('responses', [
    ...figure('response_vs_bare', measured.hits['/1k']?.cpu),
    ...figure('response_vs_bare_10k', measured.hits['/10k']?.cpu),
    ...figure('strict_vs_bare', measured.strict.cpu),
    ...figure('nginx_vs_bare', measured.fronts['nginx']?.cpu),
    ...figure('varnish_vs_bare', measured.fronts['varnish']?.cpu),
    ...figure('response_aa', measured.same['/1k']),
  ])
  if (!quick)
    record('responses', `Node ${process.version}`, seed, `${tableOf(measured)}\n\n${line}`)
  process.stdout.write(`seed ${seed}\n\n${line}\n`)
}
