import { ask, type AskError } from './ask.js'
import { awayNow, backAgain, onBack } from './connection.js'
import { held } from './hold.js'
import { onToken } from './token.js'

export interface Heard<T> {
  readonly answer: T | undefined
  /** Of the last try; the answer before it is kept. */
  readonly error: AskError | undefined
}

/** After a failure that may pass: soon, then less often. */
const retriesMs = [1_000, 2_000, 5_000]
/** After a refusal, such as a trace that has not arrived yet. */
const refusedMs = 15_000
/** While something is held, whether it still is. */
const heldMs = 500
/** A question is asked again after four times as long as it took, so that a page left open costs the
 *  console a fifth of one processor at most. */
const restFactor = 4

/**
 * One question, asked again and again while somebody listens. Two views that ask the same share it.
 * `everyMs` null asks once: a trace that is whole does not change.
 */
export class Channel<T> {
  heard: Heard<T> = { answer: undefined, error: undefined }
  readonly #listeners = new Set<() => void>()
  readonly #stops: (() => void)[] = []
  readonly #path: string
  readonly #everyMs: number | null
  #timer: ReturnType<typeof setTimeout> | undefined
  #asking: AbortController | undefined
  #failures = 0
  #dueMs = 0

  constructor(path: string, everyMs: number | null) {
    this.#path = path
    this.#everyMs = everyMs
  }

  get idle(): boolean {
    return this.#listeners.size === 0
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) this.#start()
    return () => {
      this.#listeners.delete(listener)
      if (this.idle) this.#stop()
    }
  }

  readonly now = (): void => {
    clearTimeout(this.#timer)
    if (this.#asking === undefined) void this.#ask()
  }

  #start(): void {
    const visible = (): void => {
      if (!document.hidden && performance.now() >= this.#dueMs) this.now()
    }
    document.addEventListener('visibilitychange', visible)
    this.#stops.push(
      () => document.removeEventListener('visibilitychange', visible),
      onBack(() => this.heard.error !== undefined && this.now()),
      onToken(() => this.heard.error?.status === 401 && this.now()),
    )
    const settled = this.#everyMs === null && this.heard.answer !== undefined
    if (!settled && performance.now() >= this.#dueMs) this.now()
    else if (!settled) this.#later(this.#dueMs - performance.now())
  }

  #stop(): void {
    for (const stop of this.#stops.splice(0)) stop()
    clearTimeout(this.#timer)
    this.#asking?.abort()
    this.#asking = undefined
  }

  async #ask(): Promise<void> {
    const asking = new AbortController()
    this.#asking = asking
    const fromMs = performance.now()
    try {
      const answer = await ask<T>(this.#path, asking.signal)
      this.#failures = 0
      backAgain()
      this.#tell({ answer, error: undefined })
      const tookMs = performance.now() - fromMs
      if (this.#everyMs !== null) this.#later(Math.max(this.#everyMs, tookMs * restFactor))
    } catch (error) {
      if (asking.signal.aborted) return
      const failure = error as AskError
      if (failure.status === 0) awayNow()
      this.#tell({ answer: this.heard.answer, error: failure })
      const soon = retriesMs[Math.min(this.#failures++, retriesMs.length - 1)] ?? refusedMs
      this.#later(failure.passes ? soon : refusedMs)
    } finally {
      if (this.#asking === asking) this.#asking = undefined
    }
  }

  #tell(heard: Heard<T>): void {
    this.heard = heard
    for (const listener of this.#listeners) listener()
  }

  #later(ms: number): void {
    this.#dueMs = performance.now() + ms
    clearTimeout(this.#timer)
    if (this.idle) return
    this.#timer = setTimeout(() => {
      // A page that nobody sees asks nothing; it does when it is looked at again.
      if (document.hidden) return
      if (held() && this.heard.error === undefined) this.#later(heldMs)
      else this.now()
    }, ms)
  }
}
