import { open, readFile, rename, rm } from 'node:fs/promises'
import type { AlertRule } from '../config/alerts.js'
import type { AlertState } from './machine.js'
import type { AlertEvent } from './message.js'
import type { OutboxState } from './outbox.js'

/** What has been told of a rule, and what is to be told. */
export interface Book {
  /** The rule while an alert of it fires, so that its end can be told when it is gone from the config. */
  readonly rule: AlertRule | null
  /** Null when nothing of the rule fires. */
  readonly episode: string | null
  readonly lastMessageMs: number | null
  /** Of the last message, whose deliveries are shown. */
  readonly lastMessage: string | null
  readonly untold: readonly AlertEvent[]
}

/** What survives a restart of the console. */
export interface WatchState {
  readonly version: 1
  /** By length of step: the end of the last that was judged. */
  readonly lanes: Readonly<Record<string, number>>
  /** By rule, then by service and route; those that are inactive are left out. */
  readonly alerts: Readonly<Record<string, Readonly<Record<string, AlertState>>>>
  readonly books: Readonly<Record<string, Book>>
  readonly outbox: OutboxState
}

/**
 * A small file beside the store. It is written whole beside itself and put in its place, so that it is
 * the old or the new one after a crash, never a half. State and outbox are one write: what changed and
 * the message about it are both kept, or neither.
 */
export class StateFile {
  readonly path: string
  #writing: Promise<void> = Promise.resolve()
  #last = ''

  constructor(path: string) {
    this.path = path
  }

  /** What was kept; undefined when nothing was. One that cannot be understood is put aside as `.damaged`. */
  async read(): Promise<{ state: WatchState | undefined; damaged: boolean }> {
    const text = await readFile(this.path, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    })
    if (text === undefined) return { state: undefined, damaged: false }
    const state = parse(text)
    if (state === undefined) await rename(this.path, `${this.path}.damaged`)
    else this.#last = text
    return { state, damaged: state === undefined }
  }

  /** Resolves when the state would survive `kill -9` and a loss of power. What did not change is not written. */
  write(state: WatchState): Promise<void> {
    const text = JSON.stringify(state)
    if (text === this.#last) return this.#writing
    this.#last = text
    const written = this.#writing.then(() => this.#replace(text))
    // A failure is told to who asked for this write; the next is tried all the same.
    this.#writing = written.catch(() => void (this.#last = ''))
    return written
  }

  async #replace(text: string): Promise<void> {
    const beside = `${this.path}.new`
    try {
      const file = await open(beside, 'w', 0o600)
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(beside, this.path)
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined)
      throw error
    }
  }
}

function parse(text: string): WatchState | undefined {
  try {
    const state = JSON.parse(text) as Partial<WatchState> | null
    const whole =
      state?.version === 1 &&
      [state.lanes, state.alerts, state.books, state.outbox?.queues, state.outbox?.receipts].every(
        part => typeof part === 'object' && part !== null,
      )
    return whole ? (state as WatchState) : undefined
  } catch {
    return undefined
  }
}
