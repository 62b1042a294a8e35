import type { Store } from '../store/store.js'
import { type Block, type Usual, usualOf } from '../diagnose/usual.js'
import { settleMs } from './lane.js'
import { count } from './tally.js'

const blockMs = 600_000
const dayMs = 86_400_000
/** A read of ten minutes takes some 20 ms: the day before a start is learned in a minute, beside the rest. */
const blocksAtOnce = 6
const mostKnown = 5_000

type Blocks = ReadonlyMap<string, Block>

/** The failures of each route and service in the last day, in blocks of ten minutes. */
export class Past {
  /** By the end of the block. */
  readonly #blocks = new Map<number, Blocks>()
  /** What was worked out since the blocks last changed: each needs a look at all of them. */
  readonly #known = new Map<string, Usual | undefined>()
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** Reads some of the blocks that are complete and not read yet, the newest first, and forgets old ones. */
  async learn(nowMs: number): Promise<void> {
    const lastMs = Math.floor((nowMs - settleMs) / blockMs) * blockMs
    // Those of a clock that was put back are read again.
    for (const endMs of this.#blocks.keys())
      if (endMs <= lastMs - 2 * dayMs || endMs > lastMs) this.#blocks.delete(endMs)
    let left = blocksAtOnce
    for (let endMs = lastMs; endMs > lastMs - dayMs && left > 0; endMs -= blockMs) {
      if (this.#blocks.has(endMs)) continue
      left--
      const window = { sinceMs: endMs - blockMs, untilMs: endMs }
      const { route, service } = count(
        await this.#store.series('http.server.request.duration', window),
      )
      const blocks = [...route, ...service].map(
        ([key, { count, errors }]) => [key, { count, errors }] as const,
      )
      this.#blocks.set(endMs, new Map(blocks))
      this.#known.clear()
    }
  }

  /**
   * What was usual in the day before `untilMs`. What happens while an alert fires must not become usual,
   * so it is asked for the day before that began; two days are kept for it.
   */
  usual(key: string, untilMs: number): Usual | undefined {
    const lastMs = Math.floor(untilMs / blockMs) * blockMs
    const asked = `${lastMs} ${key}`
    if (this.#known.has(asked)) return this.#known.get(asked)
    const usual = usualOf(this.#blocksOf(key, lastMs))
    if (this.#known.size >= mostKnown) this.#known.clear()
    this.#known.set(asked, usual)
    return usual
  }

  #blocksOf(key: string, lastMs: number): Block[] {
    const found: Block[] = []
    for (const [endMs, blocks] of this.#blocks) {
      const block = endMs <= lastMs && endMs > lastMs - dayMs ? blocks.get(key) : undefined
      if (block !== undefined) found.push(block)
    }
    return found
  }
}
