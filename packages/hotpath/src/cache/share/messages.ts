import { randomUUID } from 'node:crypto'
import { caught } from '../../trace/counts.js'
import type { CacheStore } from '../store.js'

/** What came from other processes, or did not. */
export interface Heard {
  tags(names: readonly string[]): void
  key(name: string, key: string): void
  /** Something may have been missed. */
  gap(): void
}

/**
 * How often each process says how many messages it has sent. A message that was lost, and a connection
 * that is dead without having ended, are noticed within two of them and a half.
 */
const BEAT_MS = 1_000
const BEATS_OF_SILENCE = 2.5
/** With more processes than this beats are rarer, so that each hears some 100 a second at most. */
const PROCESSES = 100
/** A sender that was silent for so many beats has ended. */
const BEATS_TO_FORGET = 30
/** Senders that are remembered. */
const MOST_SENDERS = 10_000

/** One line of JSON, short names. */
interface Message {
  /** Who sent it. */
  readonly f: string
  /** How many with news it has sent, this one counted. */
  readonly n: number
  /** The beats of one life of the subscription. */
  readonly b?: number
  readonly t?: readonly string[]
  readonly k?: readonly [name: string, key: string]
}

/**
 * Messages between processes that must not be missed unnoticed. Publish and subscribe keeps nothing for
 * who is not there, so each message has its sender's number, beats repeat it, and a process listens for
 * its own beats: it is `live` while they come back.
 */
export class Messages {
  live = false
  readonly #id = randomUUID()
  #sent = 0
  /** Raised at each gap, so that a beat from before it proves nothing. */
  #life = 1
  #heardAt = 0
  readonly #senders = new Map<string, { sent: number; heardAt: number }>()
  readonly #unsubscribe: (() => Promise<void>) | undefined
  #stopped = false
  #timer: NodeJS.Timeout

  constructor(
    private readonly store: CacheStore,
    private readonly heard: Heard,
  ) {
    this.#timer = this.#beatLater()
    this.#unsubscribe = store.subscribe?.(
      text => this.#take(text),
      () => {
        this.#gap()
        this.#sendBeat()
      },
    )
  }

  sendTags(names: readonly string[]): Promise<void> {
    return this.#send({ f: this.#id, n: ++this.#sent, t: names })
  }

  sendKey(name: string, key: string): Promise<void> {
    return this.#send({ f: this.#id, n: ++this.#sent, k: [name, key] })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.live = false
    clearTimeout(this.#timer)
    await this.#unsubscribe?.().catch(() => {})
  }

  get #everyMs(): number {
    return BEAT_MS * Math.max(1, this.#senders.size / PROCESSES)
  }

  #beatLater(): NodeJS.Timeout {
    return setTimeout(() => this.#beat(), this.#everyMs).unref()
  }

  #beat(): void {
    if (this.#stopped) return
    if (this.live && performance.now() - this.#heardAt > this.#everyMs * BEATS_OF_SILENCE)
      this.#gap()
    const ended = performance.now() - this.#everyMs * BEATS_TO_FORGET
    for (const [id, { heardAt }] of this.#senders) if (heardAt < ended) this.#senders.delete(id)
    this.#sendBeat()
    this.#timer = this.#beatLater()
  }

  #sendBeat(): void {
    this.#send({ f: this.#id, n: this.#sent, b: this.#life }).catch(() => {})
  }

  async #send(message: Message): Promise<void> {
    if (!this.#stopped) await this.store.publish?.(JSON.stringify(message))
  }

  #gap(): void {
    this.#life++
    this.live = false
    this.#senders.clear()
    this.heard.gap()
  }

  #take(text: string): void {
    let message: Message
    try {
      message = JSON.parse(text) as Message
    } catch {
      caught('cache.message')
      return
    }
    if (message.f === this.#id) this.#takeOwn(message)
    else this.#takeOther(message)
  }

  #takeOwn({ b }: Message): void {
    if (b !== this.#life) return
    this.#heardAt = performance.now()
    if (this.live) return
    // What was kept while nothing was heard was kept unwarned.
    this.heard.gap()
    this.live = true
  }

  #takeOther({ f, n, t, k }: Message): void {
    const known = this.#senders.get(f)
    const before = known?.sent ?? 0
    const expected = t === undefined && k === undefined ? n : n - 1
    // Of a sender that was not known, all that it has sent is missing.
    if (before < expected) this.heard.gap()
    if (this.#senders.size >= MOST_SENDERS && known === undefined) this.#senders.clear()
    this.#senders.set(f, { sent: Math.max(before, n), heardAt: performance.now() })
    if (t !== undefined) this.heard.tags(t)
    if (k !== undefined) this.heard.key(k[0], k[1])
  }
}
