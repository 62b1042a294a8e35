import { clock } from '../clock.js'
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

/** The app may replace the global timers; ours must be real. */
const { setTimeout } = globalThis

/** Memos that hold something: a request that lasts for hours (an event stream) shall not keep it. */
const holding = new Set<AnswerMemo>()
let sweeping = false

function sweepLater(afterMs: number): void {
  if (sweeping) return
  sweeping = true
  setTimeout(() => {
    sweeping = false
    for (const memo of holding) memo.sweep(clock.now())
    if (holding.size > 0) sweepLater(afterMs)
  }, afterMs).unref()
}

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
    holding.add(this)
    sweepLater(this.maxAgeMs)
    return true
  }

  /** Lets go of everything, and says how many answers were not used. */
  clear(): number {
    const unused = this.held.size
    holding.delete(this)
    bytesInAll -= this.bytes
    this.bytes = 0
    this.held.clear()
    return unused
  }

  /** Lets go of what is too old to be given. */
  sweep(nowMs: number): void {
    for (const [key, held] of this.held) {
      if (nowMs - held.atMs > this.maxAgeMs) this.drop(key, held)
    }
    if (this.held.size === 0) holding.delete(this)
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
