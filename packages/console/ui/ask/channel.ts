import { ask, type AskError } from './ask.js'
import { awayNow, backAgain, onBack } from './connection.js'
import { held } from './hold.js'
import {
  answered,
  askAgain,
  type Member,
  restFactor,
  type Round,
  takePart,
  thisRound,
} from './rounds.js'
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

/** About the time up to now: asked in rounds, so that all of a view is about the same window. */
const isUpToNow = (path: string): boolean => /[?&]since=/.test(path) && !/[?&]until=/.test(path)

/**
 * One question, asked again and again while somebody listens. Two views that ask the same share it.
 * `everyMs` null asks once: a trace that is whole does not change.
 */
export class Channel<T> implements Member {
  heard: Heard<T> = { answer: undefined, error: undefined }
  readonly #listeners = new Set<() => void>()
  readonly #stops: (() => void)[] = []
  readonly #path: string
  readonly #everyMs: number | null
  readonly #upToNow: boolean
  #timer: ReturnType<typeof setTimeout> | undefined
  #asking: AbortController | undefined
  #failures = 0
  #dueMs = 0
  /** In which the answer was given. */
  #round: Round | undefined

  constructor(path: string, everyMs: number | null) {
    this.#path = path
    this.#everyMs = everyMs
    this.#upToNow = isUpToNow(path)
  }

  get idle(): boolean {
    return this.#listeners.size === 0
  }

  get #inRounds(): boolean {
    return this.#upToNow && this.#everyMs !== null
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
    if (this.#asking !== undefined) return
    if (this.#inRounds) askAgain(this)
    else void this.#ask(this.#upToNow ? thisRound() : undefined)
  }

  askIn(round: Round): void {
    void this.#ask(round)
  }

  #start(): void {
    this.#stops.push(
      onBack(() => this.heard.error !== undefined && this.now()),
      onToken(() => this.heard.error?.status === 401 && this.now()),
      this.#inRounds ? takePart(this, this.#round) : this.#goOn(),
    )
  }

  /** At its own pace; returns what ends that. */
  #goOn(): () => void {
    const visible = (): void => {
      if (!document.hidden && performance.now() >= this.#dueMs) this.now()
    }
    document.addEventListener('visibilitychange', visible)
    const settled = this.#everyMs === null && this.heard.answer !== undefined
    if (!settled && performance.now() >= this.#dueMs) this.now()
    else if (!settled) this.#later(this.#dueMs - performance.now())
    return () => document.removeEventListener('visibilitychange', visible)
  }

  #stop(): void {
    for (const stop of this.#stops.splice(0)) stop()
    clearTimeout(this.#timer)
    this.#asking?.abort()
    this.#asking = undefined
  }

  async #ask(round: Round | undefined): Promise<void> {
    clearTimeout(this.#timer)
    const asking = new AbortController()
    this.#asking = asking
    let fromMs = performance.now()
    try {
      const end = round === undefined ? '' : `&until=${await round.until}`
      fromMs = performance.now()
      const answer = await ask<T>(this.#path + end, asking.signal)
      this.#failures = 0
      this.#round = round
      backAgain()
      this.#tell({ answer, error: undefined })
      this.#rest(performance.now() - fromMs)
    } catch (error) {
      if (asking.signal.aborted) return
      const failure = error as AskError
      if (failure.status === 0) awayNow()
      this.#tell({ answer: this.heard.answer, error: failure })
      answered(this, performance.now() - fromMs)
      const soon = retriesMs[Math.min(this.#failures++, retriesMs.length - 1)] ?? refusedMs
      this.#later(failure.passes ? soon : refusedMs)
    } finally {
      if (this.#asking === asking) this.#asking = undefined
    }
  }

  #rest(tookMs: number): void {
    if (this.#inRounds) answered(this, tookMs)
    else if (this.#everyMs !== null) this.#later(Math.max(this.#everyMs, tookMs * restFactor))
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
