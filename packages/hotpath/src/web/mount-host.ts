import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CacheCounter, Host } from '../serve/host.js'
import type { RequestSpan, Run } from '../serve/seam.js'

/** What the cache needs of the recorder, where there is none: counters that the app asks for by itself. */
export class MountHost implements Host {
  errors = 0
  readonly #counts: Record<string, number> = {}
  #hand: () => void = () => {}

  caught(): void {
    this.errors++
  }

  count(name: CacheCounter, _route: string, reason: string, n: number): void {
    const key = reason === '' ? name : `${name} ${reason}`
    this.#counts[key] = (this.#counts[key] ?? 0) + n
  }

  countAs(): void {}

  gauges(): void {}

  /** A mount tells no CDN anything. */
  countCdn(): void {}

  beforeCounts(hand: () => void): void {
    this.#hand = hand
  }

  say(line: string): void {
    process.stderr.write(`hotpath: ${line}\n`)
  }

  within<T>(_span: RequestSpan, fn: () => T): T {
    return fn()
  }

  /** A mount begins such requests at the server. */
  background(
    _name: string,
    _request: IncomingMessage,
    _response: ServerResponse,
    _begin: (span: RequestSpan, run: (emit: Run) => boolean) => void,
  ): void {}

  counted(): Record<string, number> {
    this.#hand()
    return { ...this.#counts }
  }
}
