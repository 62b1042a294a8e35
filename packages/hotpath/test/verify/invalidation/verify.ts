import type { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import { gatePg } from '../../../dist/gate/pg.js'
import { useQueries } from '../../../dist/gate/pg-queries.js'
import type { Defects } from '../../../dist/query/defects.js'
import { takeTallies, tallied } from '../../../dist/trace/tallies.js'
import { inRequest } from '../batch.js'
import { Random } from '../random.js'
import { Cached, type CachedDefects } from './cached.js'
import { type Lateness, lateness } from './far.js'
import { type OutageSeen, Outages } from '../fast/outages.js'
import { keyOfRead, manyReads, randomRead, type Read } from './reads.js'
import { RedisChannel, startRedis } from './redis.js'
import { SHOP, TABLES } from './shop.js'
import { allWrites, randomWrite, type Step } from './writes.js'

export interface InvalidationOptions {
  readonly url: string
  readonly seed: number
  readonly minutes: number
  readonly defects: Defects & CachedDefects
  /** Ends at the first stale answer. */
  readonly untilFound: boolean
  readonly say: (line: string) => void
}

export interface Seen {
  reads: number
  /** Answered from a cache. */
  hits: number
  commits: number
  /** Answers that were older than what this process had committed before it asked. */
  stale: number
  /** Answers of another process that were later than is promised. */
  staleFar: number
  /** Of another process; undefined: the machine has no Redis. */
  far?: Lateness
  /** Of processes that are killed and cut off; undefined: the same. */
  outages?: OutageSeen
}

const WRITERS = 3
const READERS = 4

/**
 * Random transactions and random reads through two caches, over tables where one write is many. All
 * writers' commits are acknowledged before answers are compared with the database: what is older then
 * would stay old. Between, each writer asks for what it alone has written.
 */
export class Verifier {
  readonly seen: Seen = { reads: 0, hits: 0, commits: 0, stale: 0, staleFar: 0 }
  readonly cached: Cached
  private readonly random: Random
  private readonly pool: pg.Pool
  private readonly direct: pg.Pool
  private own = 0

  constructor(private readonly options: InvalidationOptions) {
    this.random = new Random(options.seed)
    this.cached = new Cached(options.defects)
    this.pool = poolOf(options.url)
    this.direct = poolOf(options.url)
  }

  async run(): Promise<Seen> {
    gatePg()
    takeTallies()
    const queries = { batch: true, cache: { tables: TABLES, ttl: '1h' } } as const
    const redis = await startRedis()
    const channel = redis && new RedisChannel(redis.port)
    const invalidation = channel && { invalidation: { channel } }
    await useQueries({ queries, ...invalidation }, process.cwd(), this.options.defects)
    // The rest is for processes that are killed; a planted defect is looked for where it shows.
    const { unlinked = false } = this.options.defects
    const isHunted = this.options.untilFound
    const share = unlinked ? 0 : isHunted || redis === undefined ? 1 : 0.5
    const deadlineMs = Date.now() + this.options.minutes * 60_000 * share
    try {
      await this.direct.query(SHOP)
      await this.direct.query(
        `insert into shop.mine select g, 0 from generate_series(1, ${WRITERS}) g`,
      )
      await this.eachWriteAlone()
      for (let round = 0; Date.now() < deadlineMs && !this.done; round++) {
        await this.storm()
        await this.compare(round)
        if (round % 20 === 0) await this.interleavings()
      }
      if (redis !== undefined && !this.done && !unlinked) {
        const { url, minutes, defects } = this.options
        const writes = Math.ceil(minutes * 1_000)
        this.seen.far = await lateness(this.pool, url, redis.port, writes, defects.deaf)
        this.seen.stale += this.seen.far.unheard
      }
      if (redis !== undefined && (!isHunted || unlinked))
        await this.outages(this.options.minutes * 60 * (1 - share))
    } finally {
      await this.pool.end()
      await this.direct.end()
      channel?.close()
      await redis?.stop()
    }
    for (const { name, n } of tallied())
      if (name === 'hotpath.query.cache.hits') this.seen.hits += n
    this.seen.hits += this.cached.hits
    return this.seen
  }

  private get done(): boolean {
    return this.options.untilFound && this.seen.stale + this.seen.staleFar > 0
  }

  private async outages(seconds: number): Promise<void> {
    const { url, defects, untilFound, say } = this.options
    const deaf = defects.unlinked === true
    const options = { url, random: this.random, seconds, defects, deaf, untilFound, say }
    const outages = new Outages(options)
    this.seen.outages = outages.seen
    await outages.run()
    const { reads, hits, commits, staleLocal, staleFar } = outages.seen
    this.seen.reads += reads
    this.seen.hits += hits
    this.seen.commits += commits
    this.seen.stale += staleLocal
    this.seen.staleFar += staleFar
  }

  /** Every kind of write once, with everything read before and after it. */
  private async eachWriteAlone(): Promise<void> {
    await this.compare(-1)
    for (const step of allWrites(this.random)) {
      const client = await this.pool.connect()
      try {
        await client.query(...asArguments(step)).catch(() => {})
      } finally {
        client.release(true)
      }
      await this.compare(-1, step[0])
      if (this.done) return
    }
  }

  /** Writers and readers at once. */
  private async storm(): Promise<void> {
    const writing = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let n = 0; n < 3; n++) await this.write(writer)
    })
    const reading = Array.from({ length: READERS }, async () => {
      for (let n = 0; n < 8; n++) await this.read(randomRead(this.random)).catch(() => {})
    })
    await Promise.all([...writing, ...reading])
  }

  /** One transaction, or one statement of its own. */
  private async write(writer: number): Promise<void> {
    const { random } = this
    const client = await this.pool.connect()
    const steps = Array.from({ length: random.int(1, 4) }, () => randomWrite(random))
    try {
      if (random.chance(0.4)) {
        await client.query(...asArguments(steps[0] as Step)).catch(() => {})
        this.seen.commits++
      } else await this.transaction(client, steps)
    } finally {
      // A function of its own may have changed the session: what that reads later is not kept.
      client.release(steps.some(([text]) => /^(?:call|do|select) /.test(text)))
    }
    const value = ++this.own
    const id = writer + 1
    const text = 'update mine set n = $1 where id = $2'
    try {
      await this.pool.query(text, [value, id])
    } catch {
      // Two of them waited for each other.
      return
    }
    const read = { text: 'select n from mine where id = $1', values: [id] }
    const got = (await this.read(read)) as { n: number }[]
    if (got[0]?.n !== value) this.stale(`its own write: ${got[0]?.n} for ${value}`, read)
  }

  private async transaction(client: pg.PoolClient, steps: readonly Step[]): Promise<void> {
    const { random } = this
    const others: Promise<unknown>[] = []
    const isolation = random.chance(0.2) ? ' isolation level repeatable read' : ''
    await client.query(`begin${isolation}`)
    try {
      for (const step of steps) {
        const savepoint = random.chance(0.3)
        if (savepoint) await client.query('savepoint s')
        try {
          await client.query(...asArguments(step))
        } catch (error) {
          if (!savepoint) throw error
          await client.query('rollback to savepoint s')
          continue
        }
        if (savepoint && random.chance(0.3)) await client.query('rollback to savepoint s')
        // What is read here must not be kept: it sees what is not committed.
        if (random.chance(0.3)) await this.read(randomRead(random), client).catch(() => {})
        // Others read while it is open: what they keep is old when it commits.
        // Not awaited: one may wait for a lock of this transaction.
        if (random.chance(0.5)) others.push(this.read(randomRead(random)).catch(() => {}))
      }
      await client.query(random.chance(0.8) ? 'commit' : 'rollback')
      this.seen.commits++
    } catch {
      await client.query('rollback').catch(() => {})
    }
    await Promise.all(others)
  }

  /** Through both caches, within a request. */
  private read(read: Read, through: pg.Pool | pg.PoolClient = this.pool): Promise<unknown[]> {
    this.seen.reads++
    const inner = async () => (await through.query(read.text, [...read.values])).rows as unknown[]
    const key = keyOfRead(read)
    return inRequest('/read', () =>
      through === this.pool
        ? this.cached.get(`outer ${key}`, () => this.cached.get(key, inner))
        : // Of nobody else: who waits for another waits for what its own transaction has locked.
          this.cached.get(`${++this.own} ${key}`, inner),
    )
  }

  /** Nobody writes: each answer must be what the database gives. */
  private async compare(round: number, after = ''): Promise<void> {
    for (const read of manyReads(this.random)) {
      const got = JSON.stringify(await this.read(read))
      await this.check(read, got, `round ${round} ${after}`)
      if (this.done) return
    }
    // The statements' own cache, from the second time on, and a loop that is batched.
    await inRequest('/loop', async () => {
      const shops = await this.pool.query('select id from shops order by id')
      for (const { id } of shops.rows as { id: number }[]) {
        const read = { text: 'select id, n from items where shop = $1 order by id', values: [id] }
        const inner = async () => (await this.pool.query(read.text, [id])).rows as unknown[]
        const got = JSON.stringify(await this.cached.get(`loop ${id}`, inner))
        this.seen.reads++
        await this.check(read, got, `loop ${round}`)
      }
    })
    for (const read of manyReads(this.random)) {
      const rows = () => this.pool.query(read.text, [...read.values])
      const got = await inRequest('/plain', async () => JSON.stringify((await rows()).rows))
      this.seen.reads++
      await this.check(read, got, `statement ${round}`)
    }
  }

  /** Orders of events that chance finds rarely. */
  private async interleavings(): Promise<void> {
    const read = { text: 'select sum(n)::int as n from plain', values: [] }
    const rows = async () => (await this.pool.query(read.text)).rows as unknown[]
    const bump = () => this.bump('update plain set n = n + 1 where id = 1')
    // A write overtakes a fill; then somebody else joins that fill, who must see the write.
    let joined: Promise<unknown> | undefined
    await inRequest('/overtaken', () =>
      this.cached.get('overtaken', async () => {
        const got = await rows()
        await bump()
        joined = outside(() => this.cached.get('overtaken', rows))
        return got
      }),
    )
    await this.check(read, JSON.stringify(await joined), 'joined')
    await inRequest('/overtaken', () =>
      this.cached.get('late', async () => {
        const got = await rows()
        await bump()
        return got
      }),
    )
    await this.check(read, JSON.stringify(await this.cached.get('late', rows)), 'overtaken')
    // Read while the writer is between its statement and its commit.
    const client = await this.pool.connect()
    await client.query('begin')
    await client.query('update plain set n = n + 1 where id = 2')
    await this.read(read)
    await client.query('commit')
    client.release()
    await this.check(read, JSON.stringify(await this.read(read)), 'between')
    // A hit in the middle: the outer one is old when the inner one is.
    const inner = () => this.cached.get('inner', rows)
    await inner()
    await this.cached.get('outermost', inner)
    await bump()
    const outer = await this.cached.get('outermost', inner)
    await this.check(read, JSON.stringify(outer), 'outermost')
  }

  /** By the app's pool: as any write of this process. */
  private async bump(text: string): Promise<void> {
    await outside(() => this.pool.query(text))
    this.seen.commits++
  }

  private async check(read: Read, got: string, where: string): Promise<void> {
    const { rows } = await this.direct.query(read.text, [...read.values])
    if (JSON.stringify(rows) !== got)
      this.stale(`${where}: ${got} for ${JSON.stringify(rows)}`, read)
  }

  private stale(what: string, { text, values }: Read): void {
    this.seen.stale++
    this.options.say(`STALE ${what.slice(0, 300)}\n  ${text} ${JSON.stringify(values)}`)
  }
}

function asArguments([text, values]: Step): [string, unknown[]?] {
  return values === undefined ? [text] : [text, [...values]]
}

/** As if another request had asked. */
function outside<T>(fn: () => Promise<T>): Promise<T> {
  return inRequest('/other', () => {
    const running = Reflect.get(globalThis, Symbol.for('hotpath.computations')) as
      | { readonly storage: AsyncLocalStorage<unknown> | undefined }
      | undefined
    return running?.storage === undefined ? fn() : running.storage.exit(fn)
  })
}

function poolOf(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 6 })
  pool.on('error', () => {})
  pool.on('connect', client => void client.query('set search_path = shop'))
  return pool
}

export function lineOfInvalidation(seen: Seen): string {
  const { reads, hits, commits, stale, staleFar, far, outages } = seen
  const late = far === undefined ? 'not measured' : far.p999Ms.toFixed(1)
  const { kills = 0, cuts = 0, restarts = 0 } = outages ?? {}
  return `invalidation: reads=${reads} hits=${hits} commits=${commits} kills=${kills} cuts=${cuts} restarts=${restarts} stale_far=${staleFar} stale_local=${stale} late_p999_ms=${late}`
}
