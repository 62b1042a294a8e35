import type { DuckDBConnection } from '@duckdb/node-api'
import { ConsoleError } from '../../errors.js'
import type { BatchRows } from '../encode.js'
import { sentence } from '../sentence.js'
import type { DeliveryState, SampledTrace, Window } from '../store.js'
import { append } from './append.js'
import { Bounds } from './bounds.js'
import type { Uncounted } from './counted.js'
import type { Database } from './database.js'
import { Dictionary } from './dictionary.js'
import { Followed } from './followed.js'
import { Heard, type Sent } from './heard.js'
import { Kept } from './kept.js'
import { Ledger } from './ledger.js'
import type { Routes } from './likely.js'
import type { Members } from './members.js'
import type { Merged } from './merged.js'
import { Past } from './past.js'
import { Recent } from './recent.js'
import { Rollups } from './rollups.js'
import type { Candidate } from './traces.js'
import { farFuture } from './window.js'

/** Batches that go into one commit: a commit costs about 2 ms of waiting for the disk. */
const groupBatches = 256
const groupBytes = 16 * 1024 * 1024

interface Waiting {
  readonly batch: BatchRows
  readonly resolve: (result: { repeated: boolean }) => void
  readonly reject: (error: unknown) => void
}

/** Writes batches one group after another: what waits while a group commits goes into the next. */
export class Writer {
  readonly #open: () => Promise<Database>
  #database: Database
  #dictionary: Dictionary
  #ledger: Ledger
  /** Some 200 bytes a trace, 100 a process, 8 a number. */
  readonly routes = new Kept<Routes>(50_000)
  readonly sent = new Kept<Sent>(20_000)
  readonly merged = new Kept<Merged>(2_000_000)
  readonly uncounted = new Kept<Uncounted>(400_000)
  readonly recent = new Recent()
  readonly bounds = new Bounds()
  readonly heard = new Heard()
  readonly slowest = new Kept<readonly Candidate[]>(20_000)
  readonly past = new Past([this.routes, this.sent, this.slowest])
  /** Some 100 bytes a span, 200 a trace. */
  readonly members = new Followed<Members>(100_000)
  readonly sizes = new Followed<SampledTrace>(10_000)
  readonly rollups = new Rollups(afterNs => this.merged.changed(afterNs))
  readonly #waiting: Waiting[] = []
  #turn: Promise<unknown> = Promise.resolve()
  #draining = false
  #closing = false

  private constructor(open: () => Promise<Database>, database: Database) {
    this.#open = open
    this.#database = database
    this.#dictionary = new Dictionary(database.writer)
    this.#ledger = new Ledger(database.writer)
  }

  static async open(open: () => Promise<Database>): Promise<Writer> {
    const writer = new Writer(open, await open())
    await writer.#reload()
    return writer
  }

  /** Merges what an earlier console left; a writer does it by itself as data come. */
  mergeRollups(): Promise<void> {
    return this.alone(() => this.#mergeRollups())
  }

  /** Waits for what is under way, and closes the file. */
  async close(): Promise<void> {
    this.#closing = true
    await this.alone(async () => undefined)
    this.#database.close()
  }

  /** The open file; another object after it had to be opened again. */
  get database(): Database {
    return this.#database
  }

  get dictionary(): Dictionary {
    return this.#dictionary
  }

  deliveries(window: Window): DeliveryState[] {
    return this.#ledger.states(window, this.#dictionary)
  }

  /** Resolves after the commit, which DuckDB has by then flushed to the disk. */
  write(batch: BatchRows): Promise<{ repeated: boolean }> {
    const written = new Promise<{ repeated: boolean }>((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject })
    })
    if (!this.#draining) {
      this.#draining = true
      void this.alone(() => this.#drain())
    }
    return written
  }

  /** Runs `work` while nothing is being written. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(work).catch(async (error: unknown) => {
      await this.#heal()
      throw error
    })
    this.#turn = run.catch(() => undefined)
    return run
  }

  /** Runs `work` in a transaction of its own, from which it may delete rows; false: it found none to delete. */
  async change(work: (connection: DuckDBConnection) => Promise<boolean>): Promise<void> {
    let hasChanged = true
    await this.#transaction(async connection => {
      hasChanged = await work(connection)
    })
    // What is known of the past is read anew: not each minute for nothing.
    if (hasChanged) await this.#reload()
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#writeGroup(this.#nextGroup())
      if (this.rollups.isDue(Date.now())) await this.#mergeRollups()
    }
    this.#draining = false
  }

  /** In turns, between which others write. Without it all is read as it came. */
  async #mergeRollups(): Promise<void> {
    while (!this.#closing && this.rollups.isDue(Date.now())) {
      const merged = this.rollups.merge(work => this.#transaction(work), Date.now())
      await merged.catch(() => undefined)
      if (this.#waiting.length > 0) return
    }
  }

  #nextGroup(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const { batch } of this.#waiting) {
      if (count === groupBatches || (count > 0 && bytes + batch.bytes > groupBytes)) break
      bytes += batch.bytes
      count++
    }
    return this.#waiting.splice(0, count)
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const fresh = new Set<Waiting>()
      await this.#transaction(async connection => {
        for (const entry of group) {
          const { delivery, timeNs } = entry.batch
          if (delivery === undefined || this.#ledger.take(delivery, timeNs, this.#dictionary))
            fresh.add(entry)
        }
        const batches = [...fresh].map(entry => entry.batch)
        for (const { points } of batches) this.rollups.notice(points)
        await append(connection, this.#dictionary, batches)
        // Before anybody can read them: what counts was asked for before.
        if (this.#dictionary.hasNewPairs) this.uncounted.changed(-farFuture)
        await this.rollups.save(connection)
        await this.#dictionary.save()
        await this.#ledger.save()
      })
      this.#ledger.committed()
      this.#tellPast(group)
      const written = [...fresh].map(({ batch }) => batch)
      this.bounds.written(written)
      this.heard.written(written, this.#dictionary)
      for (const entry of group) entry.resolve({ repeated: !fresh.has(entry) })
    } catch (error) {
      // Some of it may be in the file even so.
      this.#tellPast(group)
      this.heard.forget()
      // One batch that cannot be written must not take its neighbours with it.
      if (group.length > 1) {
        for (const entry of group) await this.#writeGroup([entry])
        return
      }
      const { path } = this.#database
      const refusal = new ConsoleError('STORE_WRITE', { path, cause: sentence(error) })
      for (const entry of group) entry.reject(refusal)
    }
  }

  /** After the commit: what was read before it is dropped, what is read later has what was written. */
  #tellPast(group: readonly Waiting[]): void {
    const batches = group.map(({ batch }) => batch)
    this.past.written(batches, Date.now())
    this.recent.written(batches)
    this.members.written(batches)
    this.sizes.written(batches)
    if (this.#dictionary.takeNewPairs()) this.#forgetMerged()
  }

  async #transaction(work: (connection: DuckDBConnection) => Promise<void>): Promise<void> {
    const writer = await this.#begin()
    try {
      await work(writer)
      await writer.run('commit')
    } catch (error) {
      await writer.run('rollback').catch(() => undefined)
      // What was noted in memory must not outlive the transaction.
      await this.#reload().catch(() => this.#heal())
      throw error
    }
  }

  async #begin(): Promise<DuckDBConnection> {
    await this.#database.writer.run('begin').catch(async () => {
      await this.#heal()
      await this.#database.writer.run('begin')
    })
    return this.#database.writer
  }

  /**
   * Opens the file again when DuckDB asks for it: after a checkpoint that the disk had no room for, it
   * answers nothing any more. What was committed is in the log, and so in the file.
   */
  async #heal(): Promise<void> {
    const healthy = await this.#database.writer.run('select 1').then(
      () => true,
      () => false,
    )
    if (healthy) return
    this.#database.close()
    this.#database = await this.#open()
    this.#dictionary = new Dictionary(this.#database.writer)
    this.#ledger = new Ledger(this.#database.writer)
    await this.#reload()
  }

  async #reload(): Promise<void> {
    await this.#dictionary.load()
    await this.#ledger.load()
    await this.bounds.load(this.#database.writer)
    await this.rollups.load(this.#database.writer)
    this.past.changed()
    this.heard.dropped()
    this.members.clear()
    this.sizes.clear()
    this.#forgetMerged()
  }

  #forgetMerged(): void {
    this.merged.changed(-farFuture)
    this.recent.changed()
    this.uncounted.changed(-farFuture)
  }
}
