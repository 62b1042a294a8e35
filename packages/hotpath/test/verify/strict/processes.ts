import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Defects } from '../../../dist/query/defects.js'
import type { Step } from '../invalidation/writes.js'
import { Relay } from './relay.js'

export interface Setup {
  readonly url: string
  readonly redisPort: number
  readonly defects: Defects
  /** Its client of Redis keeps what it cannot send, and sends it late. */
  readonly queues: boolean
  readonly mode: Mode
}

/** `deaf`: fast, and the processes do not listen to each other, which is a defect. */
export type Mode = 'strict' | 'fast' | 'deaf'

export type How = 'function' | 'statement' | 'response'

type Asked =
  | { op: 'read'; how: How; text: string; values: readonly unknown[] }
  | { op: 'slow'; text: string; values: unknown[]; waits: boolean }
  | { op: 'begin'; text: string; values: unknown[] }
  | { op: 'release' | 'commit' | 'figures' }
  | { op: 'write'; steps: readonly Step[]; isolation: string; commits: boolean }
export type Order = Asked & { readonly id: number }

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
  readonly note?: string
}

/** So long a process may take for an answer. */
const GIVEN_UP_MS = 20_000

/** A process of the app, with relays of its own to Redis and to PostgreSQL. */
export class Process {
  private readonly waiting = new Map<number, (answer: Answer) => void>()
  private readonly noted = new Map<number, () => void>()
  private last = 0
  dead = false

  private constructor(
    private readonly child: ChildProcess,
    readonly redis: Relay,
    readonly postgres: Relay,
  ) {
    child.on('message', message => this.take(message as Answer))
    child.on('exit', () => this.over())
    child.on('error', () => {})
  }

  static async start(
    url: string,
    redisPort: number,
    defects: Defects,
    queues: boolean,
    mode: Mode = 'strict',
  ): Promise<Process> {
    const address = new URL(url)
    const redis = await Relay.start(redisPort)
    const postgres = await Relay.start(Number(address.port))
    address.port = String(postgres.port)
    const setup: Setup = { url: address.href, redisPort: redis.port, defects, queues, mode }
    const file = fileURLToPath(new URL('./worker.js', import.meta.url))
    const child = fork(file, [JSON.stringify(setup)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const made = new Process(child, redis, postgres)
    await new Promise<void>((resolve, reject) => {
      made.waiting.set(0, () => resolve())
      child.once('exit', code => reject(new Error(`a process ended with ${code}`)))
    })
    return made
  }

  /** What it answers; undefined: it was killed, failed, or took too long. */
  async ask(asked: Asked, onNote?: () => void): Promise<unknown> {
    if (this.dead) return undefined
    const id = ++this.last
    if (onNote !== undefined) this.noted.set(id, onNote)
    const answer = await new Promise<Answer>(resolve => {
      const timer = setTimeout(() => resolve({ id, error: 'took too long' }), GIVEN_UP_MS)
      this.waiting.set(id, given => {
        clearTimeout(timer)
        resolve(given)
      })
      try {
        this.child.send({ ...asked, id }, error => {
          if (error) resolve({ id, error: 'is dead' })
        })
      } catch {
        resolve({ id, error: 'is dead' })
      }
    })
    this.waiting.delete(id)
    this.noted.delete(id)
    return answer.error === undefined ? answer.value : undefined
  }

  kill(): void {
    this.dead = true
    this.child.kill('SIGKILL')
  }

  async stop(): Promise<void> {
    if (!this.dead) this.kill()
    await this.redis.stop()
    await this.postgres.stop()
  }

  private take(answer: Answer): void {
    if (answer.note !== undefined) this.noted.get(answer.id)?.()
    else this.waiting.get(answer.id)?.(answer)
  }

  private over(): void {
    this.dead = true
    for (const [id, tell] of this.waiting) tell({ id, error: 'is dead' })
  }
}
