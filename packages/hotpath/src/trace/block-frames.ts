import { clock } from '../clock.js'
import type { CallSite } from './call-site.js'
import { caught } from './counts.js'
import { type HottestFrame, RunningProfile } from './profile.js'
import type { RouteStats } from './routes.js'

/** A span of code that kept the event loop, as far as this needs it. */
export interface Block {
  readonly startMs: number
  readonly endMs: number
  /** Where the code had come to when it was over. */
  readonly site: CallSite | undefined
}

/** The first ones of a route compile its code, and say nothing of it. */
const SEEN_BEFORE = 3
/**
 * From one start of the profiler to the next. A start stops the thread for 20 ms in a small app and for 60 with
 * 20 MB of libraries, an end for 2 to 14 (Node 20, two busy cores).
 */
const EVERY_MS = 60_000
/** So long it runs at most, when the block does not come back. */
const LONGEST_MS = 10_000
/** What is known of a block holds so long: then it is looked at anew. */
const KNOWN_MS = 600_000
/** Blocks of one route that are told apart, by the place that was reached. */
const BLOCKS_OF_A_ROUTE = 8

// Not the global ones: the app's tests may put a clock of their own in their place.
const { clearTimeout, setImmediate, setTimeout } = process.getBuiltinModule('node:timers')

/** What is known of the blocks of one route. */
interface Known {
  seen: number
  readonly frames: Map<string, { readonly atMs: number; readonly frame: HottestFrame | undefined }>
}

/** Of one process: who may start the profiler, and how. */
export type Start = () => Pick<RunningProfile, 'stop'> | undefined

/**
 * Finds the frame that keeps the event loop. When the blocks of a route come again, the profiler of this
 * process is started, once a minute at most, and stopped after the next block that comes again, or after ten
 * seconds; what it shows of that block is said of the blocks after it, which reach the same place.
 */
export class BlockFrames {
  readonly #start: Start
  readonly #now: () => number
  readonly #known = new WeakMap<RouteStats, Known>()
  #running: Pick<RunningProfile, 'stop'> | undefined
  #timer: NodeJS.Timeout | undefined
  #startedMs = Number.NEGATIVE_INFINITY
  #isDue = false

  constructor(start: Start, now: () => number = clock.now) {
    this.#start = start
    this.#now = now
  }

  /** Told of each block; gives the frame that is known of its like. Never throws. */
  of(block: Block, stats: RouteStats): HottestFrame | undefined {
    const known = this.#of(stats)
    known.seen++
    const key = keyOf(block)
    const found = known.frames.get(key)
    const isKnown = found !== undefined && block.endMs - found.atMs < KNOWN_MS
    if (isKnown || known.seen < SEEN_BEFORE) return found?.frame
    if (this.#running === undefined) this.#startSoon()
    else this.#endSoon(block, known)
    return found?.frame
  }

  #of(stats: RouteStats): Known {
    const known = this.#known.get(stats) ?? { seen: 0, frames: new Map() }
    this.#known.set(stats, known)
    return known
  }

  /** In a turn of its own: to start takes its time, which is no request's. */
  #startSoon(): void {
    if (this.#isDue) return
    const nowMs = this.#now()
    if (nowMs - this.#startedMs < EVERY_MS) return
    this.#startedMs = nowMs
    this.#isDue = true
    setImmediate(() => {
      this.#isDue = false
      try {
        this.#running = this.#start()
        if (this.#running === undefined) return
        this.#timer = setTimeout(() => this.#stop(), LONGEST_MS)
        this.#timer.unref()
      } catch {
        caught('trace.profile')
      }
    }).unref()
  }

  #endSoon(block: Block, known: Known): void {
    const running = this.#running
    setImmediate(() => {
      if (this.#running !== running || running === undefined) return
      const frame = this.#stop({ fromMs: block.startMs, toMs: block.endMs })
      const key = keyOf(block)
      // The oldest goes.
      if (!known.frames.has(key) && known.frames.size >= BLOCKS_OF_A_ROUTE)
        known.frames.delete(known.frames.keys().next().value as string)
      known.frames.set(key, { atMs: block.endMs, frame })
    }).unref()
  }

  #stop(between?: { fromMs: number; toMs: number }): HottestFrame | undefined {
    const running = this.#running
    this.#running = undefined
    clearTimeout(this.#timer)
    try {
      return running?.stop(between)
    } catch {
      caught('trace.profile')
      return undefined
    }
  }
}

const keyOf = ({ site }: Block): string => (site === undefined ? '' : `${site.file}:${site.line}`)

let frames: BlockFrames | undefined

/** From now on blocks that come again are looked into. */
export function lookIntoBlocks(): void {
  frames ??= new BlockFrames(() => RunningProfile.start())
}

/** The frame that keeps the event loop in blocks such as this one; undefined while none is known. */
export function frameOf(block: Block, stats: RouteStats): HottestFrame | undefined {
  return frames?.of(block, stats)
}
