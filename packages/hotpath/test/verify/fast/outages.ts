import pg from 'pg'
import type { Defects } from '../../../dist/query/defects.js'
import { type Server, startRedis } from '../../cache/servers.js'
import type { Random } from '../random.js'
import { type How, Process } from '../strict/processes.js'
import { Floors } from './floors.js'

export interface OutageOptions {
  readonly url: string
  readonly random: Random
  readonly seconds: number
  readonly defects: Defects
  /** The defect: processes do not listen to each other. */
  readonly deaf: boolean
  readonly untilFound: boolean
  readonly say: (line: string) => void
}

/** What a run over several processes came to. */
export interface OutageSeen {
  reads: number
  hits: number
  commits: number
  kills: number
  cuts: number
  restarts: number
  /** Answers that were older than what the same process had committed. */
  staleLocal: number
  /** Answers that were later than is promised. */
  staleFar: number
}

/**
 * What docs/invalidation.md promises of fast mode: who was cut off, or did not hear the last words of one that
 * was killed, is 2.5 s late at most.
 */
const BOUND_MS = 2_500

const PROCESSES = 3
const COUNTERS = 4
const HOW: readonly How[] = ['function', 'statement', 'response']
const COUNTER = 'select n from counters where id = $1'
const RAISE = 'update counters set n = greatest(n, $1) where id = $2'

/**
 * Counters that only go up, raised and read without a pause in several processes, which are killed between
 * COMMIT and their word of it, whose connections to Redis and PostgreSQL are cut or go deaf on one side, and whose
 * Redis is restarted. No answer is older than what was acknowledged 2.5 s before it was asked for; nor than
 * what the process that gives it has committed itself. A writer that cannot reach the others is not heard until
 * it can: then the time counts from there.
 */
export class Outages {
  readonly seen: OutageSeen = {
    reads: 0,
    hits: 0,
    commits: 0,
    kills: 0,
    cuts: 0,
    restarts: 0,
    staleLocal: 0,
    staleFar: 0,
  }
  private readonly direct: pg.Pool
  private readonly processes: Process[] = []
  private readonly floors = new Floors()
  /** Of what each process has committed itself. */
  private readonly own = new Map<Process, Floors>()
  /** Those that nobody hears, with what they have committed meanwhile. */
  private readonly mute = new Map<Process, [id: number, n: number][]>()
  private readonly endMs: number
  private redis!: Server
  private started = 0
  /** Counters that one process alone has written, once. */
  private lonely = 0
  private next = 0

  constructor(private readonly options: OutageOptions) {
    this.endMs = performance.now() + options.seconds * 1_000
    this.direct = new pg.Pool({ connectionString: options.url, max: 4 })
    this.direct.on('error', () => {})
    this.direct.on('connect', client => void client.query('set search_path = shop'))
  }

  async run(): Promise<OutageSeen> {
    this.redis = await startRedis()
    try {
      await this.direct.query(`create table if not exists shop.counters (id int primary key, n int);
        insert into shop.counters select g, 0 from generate_series(1, ${COUNTERS}) g`)
      for (let i = 0; i < PROCESSES; i++) this.processes.push(await this.process())
      await Promise.all(this.processes.map(one => this.warmUp(one)))
      // However short the run is: the first ones, which chance does not find.
      const least = this.options.seconds < 30 ? FIRST_EVILS : EVILS
      const goesOn = () => !this.done && (this.turn < least || performance.now() < this.endMs)
      const loop = async (work: () => Promise<void>): Promise<void> => {
        while (goesOn()) await work()
      }
      await Promise.all([
        loop(() => this.evil()),
        ...Array.from({ length: 2 }, () => loop(() => this.raise())),
        ...Array.from({ length: 6 }, () => loop(() => this.read())),
      ])
      for (const one of this.processes) await this.count(one)
    } finally {
      await Promise.all(this.processes.map(one => one.stop()))
      await this.direct.end()
      await this.redis.stop()
    }
    return this.seen
  }

  private turn = 0

  private get done(): boolean {
    return this.options.untilFound && this.seen.staleLocal + this.seen.staleFar > 0
  }

  private async process(): Promise<Process> {
    const { url, defects, deaf } = this.options
    const mode = deaf ? 'deaf' : 'fast'
    const queues = this.started++ % 2 === 1
    const made = await Process.start(url, this.redis.port, defects, queues, mode)
    this.own.set(made, new Floors())
    return made
  }

  private any(): Process {
    return this.options.random.pick(this.processes)
  }

  /** Until it gives hits in each way. */
  private async warmUp(one: Process): Promise<void> {
    for (let n = 0; n < 100 && !one.dead; n++) {
      for (const how of HOW)
        await one.ask({ op: 'read', how, text: 'select 1 as n from plain', values: [] })
    }
  }

  private async raise(): Promise<void> {
    const { random } = this.options
    await this.raises(this.any(), random.int(1, COUNTERS))
    await pause(random.int(0, 20))
  }

  private async raises(one: Process, id: number): Promise<void> {
    const { random } = this.options
    const n = ++this.next
    const steps: [string, unknown[]?][] = [[RAISE, [n, id]]]
    if (random.chance(0.5)) steps.push(['select 1'])
    const said = await one.ask({ op: 'write', steps, isolation: '', commits: true })
    this.seen.commits++
    if (said === 'committed') {
      this.own.get(one)?.add(id, n)
      const unheard = this.mute.get(one)
      if (unheard === undefined) this.floors.add(id, n)
      else unheard.push([id, n])
    } else if (!this.mute.has(one)) {
      // How it ended nobody was told: what the database shows is known from now on.
      const { rows } = await this.direct.query<{ n: number }>(COUNTER, [id])
      if (!this.mute.has(one)) this.floors.add(id, Math.min(n, rows[0]?.n ?? 0))
    }
  }

  /**
   * Raises a counter that nobody else writes, while something goes wrong, and reads it for longer than it may be
   * late: a write that comes later would hide that this one was lost.
   *
   * @param goesWrong Begins right before it is written.
   */
  private async alone(writer: Process, goesWrong: () => void): Promise<void> {
    const id = COUNTERS + ++this.lonely
    await this.direct.query('insert into counters values ($1, 0)', [id])
    const all = this.processes.flatMap(one => HOW.map(how => [one, how] as const))
    const readAll = () => Promise.all(all.map(([one, how]) => this.reads(one, id, how)))
    for (let n = 0; n < 3; n++) await readAll()
    goesWrong()
    await this.raises(writer, id)
    const untilMs = performance.now() + BOUND_MS + 500
    while (performance.now() < untilMs && !this.done) {
      await readAll()
      await pause(20)
    }
  }

  private async read(): Promise<void> {
    const { random } = this.options
    await this.reads(this.any(), random.int(1, COUNTERS), random.pick(HOW))
  }

  private async reads(one: Process, id: number, how: How): Promise<void> {
    const askedMs = performance.now()
    const least = this.floors.least(id, askedMs, BOUND_MS)
    const own = this.own.get(one)?.least(id, askedMs, 0) ?? 0
    const got = (await one.ask({ op: 'read', how, text: COUNTER, values: [id] })) as
      | { n: number }[]
      | undefined
    this.seen.reads++
    if (got === undefined) return pause(5)
    const n = got[0]?.n ?? -1
    const { say } = this.options
    if (n < own) {
      this.seen.staleLocal++
      say(`STALE counter ${id} by ${how}: ${n} for ${own}, its own`)
    }
    if (n < least) {
      this.seen.staleFar++
      say(`STALE counter ${id} by ${how}: ${n} for ${least}, ${BOUND_MS} ms ago`)
    }
  }

  /** One thing that goes wrong while all are at work. */
  private async evil(): Promise<void> {
    const { random } = this.options
    const { seen } = this
    const at = random.int(0, PROCESSES - 1)
    const one = this.processes[at] as Process
    switch (this.turn++ % EVILS) {
      case 0:
        // It has committed, and does not live to say so.
        await this.alone(one, () => {
          one.postgres.onCommit = () => {
            one.kill()
            return true
          }
        })
        await this.whenDead(one)
        seen.kills++
        await this.replace(at, one)
        break
      case 1: {
        // The answer to its COMMIT is lost.
        one.postgres.onCommit = () => {
          one.postgres.onCommit = undefined
          one.postgres.cut()
          return true
        }
        for (let n = 0; n < 200 && one.postgres.onCommit !== undefined; n++) await pause(10)
        one.postgres.onCommit = undefined
        seen.cuts++
        break
      }
      case 2:
        // It hears nothing more, itself included.
        await this.alone(this.processes[(at + 1) % PROCESSES] as Process, () =>
          one.redis.hold('down'),
        )
        one.redis.release(random.chance(0.5))
        seen.cuts++
        break
      case 3:
        // Nobody hears it.
        await this.alone(one, () => {
          this.mutes([one])
          one.redis.hold('up')
          setTimeout(
            () => {
              one.redis.release(random.chance(0.5))
              this.heard([one])
            },
            random.pick([100, 700, 3_000]),
          )
        })
        while (this.mute.has(one)) await pause(10)
        seen.cuts++
        break
      case 4:
        await this.alone(one, () => one.redis.cut())
        seen.cuts++
        break
      case 5:
        one.postgres.hold('up')
        await pause(random.pick([100, 1_500]))
        one.postgres.release(random.chance(0.5))
        seen.cuts++
        break
      case 6:
        one.redis.cut()
        one.postgres.cut()
        seen.cuts++
        break
      case 7:
        one.kill()
        seen.kills++
        await this.replace(at, one)
        break
      default: {
        const all = [...this.processes]
        this.mutes(all)
        await this.redis.kill()
        await pause(random.pick([0, 300, 2_000]))
        await this.redis.start()
        this.heard(all)
        seen.restarts++
      }
    }
    // Sometimes long enough for what was missed to be too old.
    await pause(random.pick([100, 100, 500, BOUND_MS + 500]))
  }

  private async whenDead(one: Process): Promise<void> {
    for (let n = 0; n < 500 && !one.dead; n++) await pause(10)
    if (!one.dead) one.kill()
  }

  private async replace(at: number, dead: Process): Promise<void> {
    await dead.stop()
    const next = await this.process()
    await this.warmUp(next)
    this.processes[at] = next
  }

  private mutes(all: readonly Process[]): void {
    for (const one of all) this.mute.set(one, [])
  }

  private heard(all: readonly Process[]): void {
    for (const one of all) {
      for (const [id, n] of this.mute.get(one) ?? []) this.floors.add(id, n)
      this.mute.delete(one)
    }
  }

  private async count(one: Process): Promise<void> {
    const figures = (await one.ask({ op: 'figures' })) as Record<string, number> | undefined
    for (const how of HOW) this.seen.hits += figures?.[`${how}s`] ?? 0
  }
}

const EVILS = 9
/** Killed after COMMIT, its answer lost, deaf, mute. */
const FIRST_EVILS = 4

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
