import pg from 'pg'
import type { Defects } from '../../../dist/query/defects.js'
import { type Server, startRedis } from '../../cache/servers.js'
import { manyReads, randomRead, type Read } from '../invalidation/reads.js'
import { SHOP } from '../invalidation/shop.js'
import { allWrites, randomWrite, type Step } from '../invalidation/writes.js'
import { Random } from '../random.js'
import { type How, Process } from './processes.js'
import type { StrictSeen } from './seen.js'

export interface StrictOptions {
  readonly url: string
  readonly seed: number
  readonly minutes: number
  readonly defects: Defects
  /** Ends at the first stale answer. */
  readonly untilFound: boolean
  readonly say: (line: string) => void
}

const PROCESSES = 3
const COUNTERS = 4
const HOW: readonly How[] = ['function', 'statement', 'response']
const COUNTER = 'select n from counters where id = $1'
const SUM = 'select sum(n)::int as n from counters'

/**
 * Random transactions and reads in several processes, which are killed between COMMIT and its answer, whose
 * connections are cut on both sides or on one, and whose Redis is restarted with and without its data.
 *
 * Two kinds of checks. At any time: a counter is never less than what a commit that was acknowledged, or a read
 * of the database itself, showed before the question. Between storms: each answer is what the database gives.
 */
export class StrictVerifier {
  readonly seen: StrictSeen = {
    reads: 0,
    hits: 0,
    commits: 0,
    kills: 0,
    cuts: 0,
    restarts: 0,
    stale: 0,
  }
  /** Why hits were passed by, and what else was counted. */
  readonly figures = new Map<string, number>()
  private readonly random: Random
  private readonly direct: pg.Pool
  private readonly processes: Process[] = []
  private readonly said = new Map<Process, Record<string, number>>()
  private readonly floors = new Map<number, number>()
  private redis!: Server
  private started = 0
  private next = 0

  constructor(private readonly options: StrictOptions) {
    this.random = new Random(options.seed)
    this.direct = new pg.Pool({ connectionString: options.url, max: 8 })
    this.direct.on('error', () => {})
    this.direct.on('connect', client => void client.query('set search_path = shop'))
  }

  async run(): Promise<StrictSeen> {
    this.redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
    const deadlineMs = Date.now() + this.options.minutes * 60_000
    try {
      await this.direct.query(SHOP)
      await this.direct.query(`create table shop.counters (id int primary key, n int);
        insert into shop.counters select g, 0 from generate_series(1, ${COUNTERS}) g`)
      for (let i = 0; i < PROCESSES; i++) this.processes.push(await this.process())
      await Promise.all(this.processes.map(one => this.warmUp(one)))
      await this.interleavings()
      if (!this.done) await this.losses()
      await this.eachWriteAlone()
      for (let round = 0; Date.now() < deadlineMs && !this.done; round++) {
        await this.storm(round)
        await this.compare(`round ${round}`)
        await this.ask()
        if (round % 8 === 0) await this.interleavings()
        if (round % 8 === 4) await this.losses()
      }
      await this.count()
    } finally {
      await Promise.all(this.processes.map(one => one.stop()))
      await this.direct.end()
      await this.redis.stop()
    }
    return this.seen
  }

  private get done(): boolean {
    return this.options.untilFound && this.seen.stale > 0
  }

  private process(): Promise<Process> {
    const { url, defects } = this.options
    return Process.start(url, this.redis.port, defects, this.started++ % 2 === 1)
  }

  private any(): Process {
    return this.random.pick(this.processes)
  }

  /** Until it gives hits in each way: leases, looks at the sessions, and answers that are to be earned. */
  private async warmUp(one: Process): Promise<void> {
    for (let n = 0; n < 200 && !one.dead; n++) {
      for (const how of HOW) await one.ask({ op: 'read', how, text: SUM, values: [] })
      if (n % 10 !== 9) continue
      const figures = (await one.ask({ op: 'figures' })) as Record<string, number> | undefined
      if (HOW.every(how => (figures?.[`${how}s`] ?? 0) > 0)) return
    }
  }

  /** Every kind of write once, in one process, with reads before and after it in another. */
  private async eachWriteAlone(): Promise<void> {
    const [writer, reader] = this.processes as [Process, Process]
    const random = new Random(this.options.seed)
    for (const step of allWrites(random)) {
      if (this.done) return
      const reads = manyReads(random).slice(0, 12)
      for (const read of reads) await this.read(reader, read)
      await writer.ask({ op: 'write', steps: [step], isolation: '', commits: true })
      for (const read of reads) await this.check(reader, read, 'function', step[0])
    }
  }

  private async storm(round: number): Promise<void> {
    const { random } = this
    const evil = random.chance(0.5) ? this.evil() : undefined
    const work: Promise<unknown>[] = []
    for (let i = 0; i < 2; i++) work.push(this.writes(3))
    for (let i = 0; i < 2; i++) work.push(this.counts(6))
    for (let i = 0; i < 8; i++) work.push(this.reads(25))
    await Promise.all(work)
    await evil
    for (const [i, one] of this.processes.entries()) {
      one.postgres.onCommit = undefined
      if (!one.dead) continue
      await one.stop()
      const next = await this.process()
      this.processes[i] = next
      await this.warmUp(next)
    }
    if (round % 20 === 19) this.options.say(`round ${round}: ${JSON.stringify(this.seen)}`)
  }

  /** One thing that goes wrong while all are at work. */
  private async evil(): Promise<void> {
    const { random, seen } = this
    const one = this.any()
    await pause(random.int(0, 30))
    switch (random.int(0, 7)) {
      case 0:
      case 1:
        // It has committed, and does not live to hear of it.
        one.postgres.onCommit = () => {
          one.kill()
          seen.kills++
          return true
        }
        return
      case 2:
        one.postgres.onCommit = () => {
          one.postgres.onCommit = undefined
          one.postgres.cut()
          seen.cuts++
          return true
        }
        return
      case 3:
      case 4: {
        const way = random.pick(['up', 'down'] as const)
        one.redis.hold(way)
        if (random.chance(0.3)) one.redis.hold(way === 'up' ? 'down' : 'up')
        seen.cuts++
        await pause(random.pick([100, 700, 2_500]))
        one.redis.release(random.chance(0.5))
        return
      }
      case 5:
        one.redis.cut()
        one.postgres.cut()
        seen.cuts++
        return
      case 6: {
        const way = random.pick(['up', 'down'] as const)
        one.postgres.hold(way)
        seen.cuts++
        await pause(random.pick([50, 500, 2_000]))
        one.postgres.release(random.chance(0.5))
        return
      }
      default:
        await this.redis.kill()
        if (random.chance(0.5)) this.redis.forget()
        await pause(random.pick([0, 300, 2_000]))
        await this.redis.start()
        seen.restarts++
    }
  }

  /** Random transactions over all tables. */
  private async writes(n: number): Promise<void> {
    const { random } = this
    for (let i = 0; i < n; i++) {
      const steps = Array.from({ length: random.int(1, 3) }, () => randomWrite(random))
      const isolation = random.chance(0.1) ? ' isolation level repeatable read' : ''
      await this.any().ask({ op: 'write', steps, isolation, commits: random.chance(0.8) })
      this.seen.commits++
    }
  }

  /** Counters: what is known of them at any time is a lower bound. */
  private async counts(n: number): Promise<void> {
    const { random } = this
    for (let i = 0; i < n; i++) {
      const id = random.int(1, COUNTERS)
      const value = ++this.next
      const text = 'update counters set n = greatest(n, $1) where id = $2'
      const more: Step[] = random.chance(0.5) ? [] : [['select 1']]
      const steps: Step[] = [[text, [value, id]], ...more]
      const said = await this.any().ask({ op: 'write', steps, isolation: '', commits: true })
      this.seen.commits++
      if (said === 'committed') this.knows(id, value)
      else if (random.chance(0.7)) {
        const { rows } = await this.direct.query<{ n: number }>(COUNTER, [id])
        this.knows(id, rows[0]?.n ?? 0)
      }
      await this.counter(id)
      if (this.done) return
    }
  }

  private knows(id: number, n: number): void {
    this.floors.set(id, Math.max(n, this.floors.get(id) ?? 0))
  }

  private async reads(n: number): Promise<void> {
    for (let i = 0; i < n && !this.done; i++) {
      if (this.random.chance(0.7)) await this.counter(this.random.int(1, COUNTERS))
      else await this.read(this.any(), randomRead(this.random))
    }
  }

  /** Asks for one counter anywhere, and holds it against what was known before. */
  private async counter(id: number, one = this.any(), how = this.random.pick(HOW)): Promise<void> {
    const floor = this.floors.get(id) ?? 0
    const got = (await one.ask({ op: 'read', how, text: COUNTER, values: [id] })) as
      | { n: number }[]
      | undefined
    this.seen.reads++
    if (got === undefined) return
    const n = got[0]?.n ?? -1
    if (n < floor) this.stale(`counter ${id} by ${how}: ${n} for ${floor}`)
  }

  private async read(one: Process, { text, values }: Read, how?: How): Promise<unknown> {
    this.seen.reads++
    return one.ask({ op: 'read', how: how ?? this.random.pick(HOW), text, values })
  }

  /** Nobody writes. What a lost connection has left under way may still end: then two answers are right. */
  private async compare(where: string): Promise<void> {
    const reads = manyReads(this.random).sort(() => (this.random.chance(0.5) ? 1 : -1))
    await Promise.all(
      this.processes.map(async one => {
        for (const read of reads.slice(0, 12)) {
          if (this.done) return
          const how = this.random.pick(HOW)
          // Twice: what is filled by the first is given to the second.
          for (let n = 0; n < 2; n++) await this.check(one, read, how, where)
        }
      }),
    )
  }

  private async check(one: Process, read: Read, how: How, where: string): Promise<void> {
    const before = await this.truth(read)
    const got = await this.read(one, read, how)
    if (got === undefined) return
    const text = JSON.stringify(got)
    if (text === before || text === (await this.truth(read))) return
    this.stale(
      `${where}: ${text} for ${before} by ${how}\n  ${read.text} ${JSON.stringify(read.values)}`,
    )
  }

  private async truth({ text, values }: Read): Promise<string> {
    return JSON.stringify((await this.direct.query(text, [...values])).rows)
  }

  /** Orders of events that chance finds rarely. */
  private async interleavings(): Promise<void> {
    const [a, b] = this.processes as [Process, Process]
    const id = 1
    const up = async (one: Process): Promise<void> => {
      const value = ++this.next
      const steps: Step[] = [['update counters set n = greatest(n, $1) where id = $2', [value, id]]]
      if ((await one.ask({ op: 'write', steps, isolation: '', commits: true })) === 'committed')
        this.knows(id, value)
    }
    // Two ask for the same while it is computed; between them another process has written.
    await up(b)
    let hasRead: () => void = () => {}
    const read = new Promise<void>(resolve => {
      hasRead = resolve
    })
    const first = a.ask({ op: 'slow', text: COUNTER, values: [id], waits: true }, () => hasRead())
    await Promise.race([read, first])
    await up(b)
    const floor = this.floors.get(id) ?? 0
    const second = a.ask({ op: 'slow', text: COUNTER, values: [id], waits: false })
    await pause(100)
    await a.ask({ op: 'release' })
    const got = (await second) as { n: number }[] | undefined
    if (got !== undefined && (got[0]?.n ?? -1) < floor)
      this.stale(`joined: ${got[0]?.n} for ${floor}`)
    await first
    // What is read while a transaction is open is old when it is committed.
    const value = ++this.next
    const text = 'update counters set n = greatest(n, $1) where id = $2'
    if ((await b.ask({ op: 'begin', text, values: [value, id] })) === 'open') {
      for (let i = 0; i < 3; i++) await this.read(a, { text: COUNTER, values: [id] }, 'function')
      if ((await b.ask({ op: 'commit' })) === 'committed') this.knows(id, value)
      const now = (await this.read(a, { text: COUNTER, values: [id] }, 'function')) as
        | { n: number }[]
        | undefined
      if (now !== undefined && (now[0]?.n ?? -1) < (this.floors.get(id) ?? 0))
        this.stale(`read before COMMIT: ${now[0]?.n} for ${value}`)
    }
  }

  /** A process that commits without living to hear of it, and one that commits while it cannot reach Redis. */
  private async losses(): Promise<void> {
    const [a, b] = this.processes as [Process, Process]
    const text = 'update counters set n = greatest(n, $1) where id = $2'
    const write = (id: number, value: number) =>
      b.ask({
        op: 'write',
        steps: [[text, [value, id]], ['select 1']],
        isolation: '',
        commits: true,
      })
    const warm = async (id: number) => {
      for (let i = 0; i < 4; i++)
        for (const how of HOW) await a.ask({ op: 'read', how, text: COUNTER, values: [id] })
    }
    const [cut, killed] = [++this.next, ++this.next]
    await warm(2)
    b.redis.hold('up')
    if ((await write(2, cut)) === 'committed') this.knows(2, cut)
    for (const how of HOW) await this.counter(2, a, how)
    b.redis.release(false)
    if (this.done) return
    await warm(3)
    b.postgres.onCommit = () => {
      b.kill()
      return true
    }
    await write(3, killed)
    const { rows } = await this.direct.query<{ n: number }>(COUNTER, [3])
    this.knows(3, rows[0]?.n ?? 0)
    for (const how of HOW) await this.counter(3, a, how)
    await b.stop()
    this.processes[1] = await this.process()
  }

  /** What the processes say of themselves, before one of them may be killed. */
  private async ask(): Promise<void> {
    for (const one of this.processes) {
      const figures = (await one.ask({ op: 'figures' })) as Record<string, number> | undefined
      if (figures !== undefined) this.said.set(one, figures)
    }
  }

  private async count(): Promise<void> {
    await this.ask()
    for (const figures of this.said.values())
      for (const [key, n] of Object.entries(figures))
        this.figures.set(key, (this.figures.get(key) ?? 0) + n)
    for (const key of ['functions', 'statements', 'responses'])
      this.seen.hits += this.figures.get(key) ?? 0
  }

  private stale(what: string): void {
    this.seen.stale++
    this.options.say(`STALE ${what.slice(0, 400)}`)
  }
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
