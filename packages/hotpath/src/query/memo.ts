import type { Answer } from './pg/answer.js'

interface Held {
  readonly answer: Answer
  readonly atMs: number
  /** Times that it may still be served; Infinity: a repeat, for as long as it is young. */
  left: number
  readonly bytes: number
}

/** What the answers of all requests together may hold. */
const MAX_BYTES_IN_ALL = 64 * 1024 * 1024
/** What those of one request may hold. */
const MAX_BYTES = 8 * 1024 * 1024

let bytesInAll = 0

/**
 * Answers that were fetched ahead, or that may be given again, for one request and one session. By
 * exact text and parameters; each is served once for each time that its key occurs.
 */
export class AnswerMemo {
  private readonly held = new Map<string, Held>()
  private bytes = 0

  constructor(private readonly maxAgeMs: number) {}

  /** The answer, taken; undefined when there is none, or it is too old. */
  take(key: string, nowMs: number): Answer | undefined {
    const held = this.held.get(key)
    if (held === undefined) return undefined
    if (nowMs - held.atMs > this.maxAgeMs) {
      this.drop(key, held)
      return undefined
    }
    held.left--
    if (held.left <= 0) this.drop(key, held)
    return held.answer
  }

  /** Whether an answer is there that is young enough. */
  has(key: string, nowMs: number): boolean {
    const held = this.held.get(key)
    return held !== undefined && nowMs - held.atMs <= this.maxAgeMs
  }

  /** False when there is no room for it. `atMs` is when its statement was sent. */
  put(key: string, answer: Answer, times: number, atMs: number): boolean {
    const bytes = answer.bytes + key.length * 2 + 100
    if (this.bytes + bytes > MAX_BYTES || bytesInAll + bytes > MAX_BYTES_IN_ALL) return false
    const before = this.held.get(key)
    if (before !== undefined) this.drop(key, before)
    this.held.set(key, { answer, atMs, left: times, bytes })
    this.bytes += bytes
    bytesInAll += bytes
    return true
  }

  /** Lets go of everything, and says how many answers were not used. */
  clear(): number {
    const unused = this.held.size
    bytesInAll -= this.bytes
    this.bytes = 0
    this.held.clear()
    return unused
  }

  get size(): number {
    return this.held.size
  }

  private drop(key: string, held: Held): void {
    this.held.delete(key)
    this.bytes -= held.bytes
    bytesInAll -= held.bytes
  }
}
