import { randomBytes } from 'node:crypto'
import { clock } from '../../clock.js'
import { Budget, Failed } from '../share/budget.js'
import { ALL, type OpenWrite, type VersionStore } from './strictness.js'

/** The app may replace the global timers; ours must be real. */
const { setInterval, clearInterval, setTimeout, clearTimeout } = globalThis

/** How long a process counts as there, after it has said so. */
const LEASE_MS = 1_500
/** For how long a look at a cluster's sessions counts, from its beginning. */
export const WATCH_MS = 1_500
/** So often it says that it is there, and when the store does not answer. */
const BEAT_MS = 300
/** For two clocks that do not run alike, and numbers that were rounded. */
const MARGIN_MS = 50
/** What a writer, or a reader, waits for the store. */
export const STORE_MS = 50
/** What nobody waits for may take longer. */
const PATIENT_MS = 1_000
/** Answers of the store that are awaited at a time: a connection that is dead gives none. */
const MOST_AWAITED = 4
/** More names than these that were not told: then it is everything. */
const MOST_OWED = 5_000

/** Where it says what befell it: this folder is in several bundles, the counters are in one. */
export interface Reports {
  caught(where: string): void
  /** Adds one to `hotpath.invalidation.strict.NAME`. */
  count(name: 'passed' | 'unmarked' | 'lost', reason: string): void
}

interface Heard {
  readonly storeMs: number
  readonly askedMs: number
  readonly atMs: number
}

/** A transaction that may be committed any time now. */
export interface Commit extends OpenWrite {
  /** The store has it: nobody is given anything of its names. */
  marked: boolean
  /** Is called once it is. */
  told: () => void
}

/**
 * This process among those that share versions: its lease, and what it is about to commit. The one rule of it
 * is that as long as its lease runs, every COMMIT that may be under way is marked:
 *
 * - a COMMIT goes out when its mark is set, or when each lease that was asked for before it has ended;
 * - a lease is asked for together with the marks of all that is under way, and with new versions for all that
 *   was committed unmarked; the store does it at once or not at all.
 */
export class Member {
  readonly id = randomBytes(9).toString('base64url')
  /** The store has answered last. */
  up = false
  /** By cluster: until when its sessions were looked at, by the store's clock. */
  readonly watched = new Map<string, number>()
  private readonly open = new Map<number, Commit>()
  /** Each with the number of the last time that it was added. */
  private readonly owed = new Map<string, number>()
  private owings = 0
  private lastN = 0
  private awaited = 0
  private urgent = false
  /** What the store's clock said, and when that was heard: it shows as much or more since. */
  private heard: Heard | undefined
  /** The end of the longest lease that was asked for, by the store's clock. */
  private leaseMs = 0
  private timer: NodeJS.Timeout | undefined
  private store: VersionStore | undefined

  /**
   * @param delays COMMIT waits where it cannot be marked.
   * @param beaten Is called at each beat.
   * @param looked What the last look at a cluster saw of this process, and when it began by the store's clock.
   */
  constructor(
    private readonly delays: boolean,
    private readonly reports: Reports,
    private readonly beaten: () => void,
    private readonly looked: (system: string, atMs: number, pids: readonly number[]) => void,
  ) {}

  start(store: VersionStore): void {
    this.store = store
    this.timer = setInterval(() => this.beat(), BEAT_MS)
    this.timer.unref()
    this.beat()
  }

  /** Its lease runs out by itself. */
  stop(): void {
    clearInterval(this.timer)
    this.up = false
    this.store = undefined
  }

  /** It has a connection to this cluster. */
  joins(system: string): void {
    if (this.watched.has(system)) return
    this.watched.set(system, 0)
    this.keepSoon()
  }

  /** Asks the store something: undefined when it did not answer in time. */
  async ask<T>(run: (store: VersionStore) => Promise<T>, ms = STORE_MS): Promise<T | undefined> {
    const { store } = this
    if (store === undefined) return undefined
    const answer = await new Budget(ms).spend(() => run(store))
    if (!(answer instanceof Failed)) return answer
    if (answer.how === 'error') this.reports.caught('strict.store')
    this.up = false
    this.keepSoon()
    return undefined
  }

  /** What the store's clock shows now, or less; undefined: it was never heard. */
  get storeNowMs(): number | undefined {
    return this.heard && this.heard.storeMs + clock.now() - this.heard.atMs
  }

  /** What it shows, or more; Infinity: it was never heard. */
  get storeAtMostMs(): number {
    const { heard } = this
    if (heard === undefined) return Number.POSITIVE_INFINITY
    return heard.storeMs + 1 + clock.now() - heard.askedMs
  }

  /** @param askedMs When it was asked. */
  hears(
    storeMs: number,
    askedMs: number,
    systems: readonly string[],
    watchedUntilMs: readonly number[],
  ): void {
    this.heard = { storeMs, askedMs, atMs: clock.now() }
    for (const [i, system] of systems.entries())
      if (this.watched.has(system)) this.watched.set(system, watchedUntilMs[i] ?? 0)
  }

  /**
   * Resolves when COMMIT may be sent. From then on it is open, until `settle`.
   *
   * @param openMs For how long its connection has been open.
   */
  async begin(system: string, names: readonly string[], openMs: number): Promise<Commit> {
    const told: { now: () => void } = { now: () => {} }
    const whenTold = new Promise<void>(resolve => {
      told.now = resolve
    })
    const n = ++this.lastN
    const commit: Commit = { n, system, names, marked: false, told: told.now }
    // Of leases that are asked for from here on its mark is part.
    const waitMs = this.leaseLeftMs()
    this.open.set(n, commit)
    if (this.up && (await this.ask(store => store.mark(this.id, commit).then(() => true))) === true)
      this.marked(commit)
    if (commit.marked) return commit
    this.reports.count('unmarked', '')
    if (!this.delays) return commit
    const begunMs = clock.now()
    // Who has no lease is seen by its session, by a look that began after that was opened.
    const left = Math.max(waitMs, WATCH_MS + MARGIN_MS - openMs) - (clock.now() - begunMs)
    if (left <= 0) return commit
    this.keepSoon()
    await Promise.race([whenTold, pause(left)])
    return commit
  }

  /** It is over, committed or not. */
  async settle(commit: Commit): Promise<void> {
    const done = this.up
      ? await this.ask(store => store.settle(this.id, commit).then(() => true), PATIENT_MS)
      : undefined
    if (done !== true) this.owes(commit.names)
    this.open.delete(commit.n)
    if (done !== true) this.keepSoon()
  }

  /** These were changed, and the store may not know it: it is told before the next lease. */
  owes(names: readonly string[]): void {
    const number = ++this.owings
    for (const name of names) this.owed.set(name, number)
    if (this.owed.size <= MOST_OWED) return
    this.owed.clear()
    this.owed.set(ALL, number)
  }

  /** For how long a lease that was asked for may still run. */
  private leaseLeftMs(): number {
    const now = this.storeNowMs
    if (now === undefined || this.leaseMs === 0) return 0
    return Math.max(0, this.leaseMs - now + MARGIN_MS)
  }

  private marked(commit: Commit): void {
    commit.marked = true
    commit.told()
  }

  private beat(): void {
    try {
      this.beaten()
    } catch {
      this.reports.caught('strict.beat')
    }
    void this.keep()
  }

  private keepSoon(): void {
    if (this.urgent) return
    this.urgent = true
    const timer = setTimeout(() => {
      this.urgent = false
      void this.keep()
    }, 1)
    timer.unref()
  }

  /** Says that it is there, and all that is to be said with it. */
  private async keep(): Promise<void> {
    if (this.awaited >= MOST_AWAITED || this.store === undefined) return
    const systems = [...this.watched.keys()]
    const open = [...this.open.values()]
    const owed = [...this.owed.keys()]
    const { owings } = this
    const now = this.storeNowMs
    const untilMs = now === undefined ? 0 : now + LEASE_MS
    this.leaseMs = Math.max(this.leaseMs, untilMs)
    const { id, lastN } = this
    this.awaited++
    const askedMs = clock.now()
    const { store } = this
    const presence = { instance: id, systems, untilMs, lastN, open, owed }
    try {
      const kept = await within(store.keep(presence), PATIENT_MS)
      // What was changed again meanwhile is owed still.
      for (const name of owed) if ((this.owed.get(name) ?? 0) <= owings) this.owed.delete(name)
      const watched = kept.systems.map(one => one.watchedUntilMs)
      this.hears(kept.nowMs, askedMs, systems, watched)
      for (const [i, one] of kept.systems.entries())
        this.looked(systems[i] ?? '', one.lookedMs, one.pids)
      this.up = true
      for (const commit of open) this.marked(commit)
      if (now === undefined) this.keepSoon()
    } catch {
      this.reports.caught('strict.keep')
      this.up = false
    } finally {
      this.awaited--
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, ms)
  })
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the store took too long')), ms)
    timer.unref()
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
