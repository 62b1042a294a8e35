import type { Taken } from '../../limit/buckets.js'
import type { Answered } from '../../limit/store.js'
import type { Commands, Keys } from './commands.js'
import { GCRA, GCRA_MANY } from './limit-scripts.js'
import { tellScript } from './script.js'

/** Decisions in one command. The server does nothing else meanwhile: 32 take it as long as 11 commands of one. */
const MOST = 32

/** The app may replace it; ours must be real. */
const { nextTick } = process

/**
 * Decisions of limits with one window that are asked for in one go (the answers of one read from the socket, say,
 * and all that goes on with them) leave as one command. Each is decided by itself. A decision takes the server a
 * third of the time so, and this process 40 % less: at 64 at once 1.4 times as many are made as by one bare command
 * for each on the client `redis`, where it was 0.87 with a command for each, and 2.3 times as many on `ioredis`.
 */
export class LimitBatch {
  #keys: string[] = []
  #args: string[] = []
  #asked: Answered[] = []
  readonly #send = (): void => this.#sendAll()

  constructor(private readonly commands: Commands) {}

  /** @param args Those of the script for one key. */
  add(key: string, capacity: string, need: string, spent: string, answered: Answered): void {
    this.#keys.push(key)
    this.#args.push(capacity, need, spent)
    const count = this.#asked.push(answered)
    if (count === MOST || this.commands.cluster) this.#sendAll()
    else if (count === 1) nextTick(this.#send)
  }

  #sendAll(): void {
    const [keys, args, asked] = [this.#keys, this.#args, this.#asked]
    if (asked.length === 0) return
    this.#keys = []
    this.#args = []
    this.#asked = []
    const took = (answer: unknown): void => {
      const [nowUs, ...codes] = Array.isArray(answer) ? (answer as unknown[]) : []
      for (let at = 0; at < asked.length; at++) {
        const code = codes[at]
        const one = asked[at] as Answered
        if (typeof nowUs === 'number' && typeof code === 'number') one.took(takenOf(nowUs, code))
        else one.failed(new Error(`no decision, but ${String(code)}`))
      }
    }
    const failed = (error: unknown): void => {
      for (const one of asked) one.failed(error)
    }
    const script = asked.length === 1 ? GCRA : GCRA_MANY
    tellScript(this.commands, script, keys as unknown as Keys, args, took, failed)
  }
}

function takenOf(nowUs: number, code: number): Taken {
  const allowed = code >= 0
  return { allowed, penaltyUs: 0, nowUs, state: [nowUs + (allowed ? code : -code - 1) / 4] }
}
