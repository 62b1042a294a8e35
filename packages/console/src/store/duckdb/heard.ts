import type { BatchRows } from '../encode.js'
import { outermost } from './bounds.js'
import type { Dictionary } from './dictionary.js'

/** When each process sent something, by source. */
export type Sent = ReadonlyMap<number, readonly [firstNs: bigint, lastNs: bigint]>

type Window = { readonly since: bigint; readonly until: bigint }

/** What is known of when sources were heard: whether one sent anything in a window is told without looking. */
export class Heard {
  /** All that a source sent lies within: some of it may be gone. Undefined until it was asked for. */
  #reach: Map<number, readonly [leastNs: bigint, mostNs: bigint]> | undefined
  #loading: Promise<void> | undefined
  /** When each sent something that is there: the last that is known. */
  readonly #seen = new Map<number, bigint>()

  /** Reads how far all reach, with `read`, if that is not known; who asks meanwhile waits for it. */
  load(read: () => Promise<Sent>): Promise<void> {
    this.#loading ??= this.#load(read)
    return this.#loading
  }

  async #load(read: () => Promise<Sent>): Promise<void> {
    // What is committed while it is read may not be in what is found.
    this.#reach = new Map()
    try {
      for (const [source, [first, last]] of await read()) this.#widen(source, first, last)
    } catch (error) {
      this.forget()
      throw error
    }
  }

  /** Undefined: it must be looked up. */
  within(source: number, { since, until }: Window): boolean | undefined {
    const seen = this.#seen.get(source)
    if (seen !== undefined && seen > since && seen < until) return true
    const reach = this.#reach?.get(source)
    if (this.#reach === undefined) return undefined
    return reach === undefined || reach[1] < since || reach[0] > until ? false : undefined
  }

  /** To be told of what was found in the file. */
  noted(sent: Sent): void {
    for (const [source, [first, last]] of sent) {
      this.#widen(source, first, last)
      this.#see(source, last)
    }
  }

  /** To be told of batches once they are committed. */
  written(batches: readonly BatchRows[], dictionary: Dictionary): void {
    for (const { spans, points, counters, gauges } of batches) {
      const [first = -1, last = -1] = outermost(spans)
      const [least, most] = [spans.startNs[first] ?? 0n, spans.startNs[last] ?? 0n]
      // As a rule one process sent them all.
      let before = { service: '', instance: '' }
      for (const text of spans.texts) {
        if (text.service === before.service && text.instance === before.instance) continue
        before = text
        this.#widen(dictionary.source(text.service, text.instance), least, most)
      }
      const text = spans.texts[spans.says[last] ?? -1]
      if (text !== undefined) this.#see(dictionary.source(text.service, text.instance), most)
      for (const { service, instance, endNs } of [...points, ...counters, ...gauges]) {
        const source = dictionary.source(service, instance)
        this.#widen(source, endNs, endNs)
        this.#see(source, endNs)
      }
    }
  }

  /** Some of it may be gone. */
  dropped(): void {
    this.#seen.clear()
  }

  /** It may be that more is there than was told. */
  forget(): void {
    this.#seen.clear()
    this.#reach = undefined
    this.#loading = undefined
  }

  #widen(source: number, first: bigint, last: bigint): void {
    const [least, most] = this.#reach?.get(source) ?? [first, last]
    this.#reach?.set(source, [first < least ? first : least, last > most ? last : most])
  }

  #see(source: number, ns: bigint): void {
    const seen = this.#seen.get(source)
    if (seen === undefined || ns > seen) this.#seen.set(source, ns)
  }
}
