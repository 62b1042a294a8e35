import type { Tags } from '../cache/tags.js'
import type { CdnConfig, CdnPurger } from '../config/cdn.js'
import { durationMs } from '../config/duration.js'
import type { CdnHost, Timing } from './host.js'
import { ALL, type CdnKeys } from './keys.js'
import { Line } from './line.js'
import { SentTargets } from './sent.js'

const AGAIN_MS = 1_000
/** Answers on their way that are looked at one by one: of more the oldest is taken to be there still. */
const MOST_ON_THEIR_WAY = 10_000
/** A longer target is not given to a CDN that drops by path. */
const LONGEST_TARGET = 2_000

/** A CDN that drops by path, and what it may hold. */
interface ByPath {
  readonly line: Line
  readonly sent: SentTargets
  readonly hasEverything: boolean
}

/**
 * Tells the CDNs what was written. This process purges what it has written itself, and what it has heard
 * of from outside; what another process has written, that one purges. Where a CDN drops by path, each
 * process purges what it has sent, whoever wrote.
 */
export class Purges {
  private readonly lines: Line[] = []
  private readonly byKey: Line[] = []
  private readonly byPath: ByPath[] = []
  /** Answers that are being sent, with when that was begun; the oldest first. */
  private readonly onTheirWay = new Map<object, number>()
  private readonly unlisten: () => void

  constructor(
    config: CdnConfig,
    private readonly tags: Tags,
    keys: CdnKeys,
    private readonly host: CdnHost,
    private readonly timing: Timing,
  ) {
    const againMs = durationMs(config.again) ?? AGAIN_MS
    const oldest = (): number => {
      const [first] = this.onTheirWay.values()
      return first ?? Number.POSITIVE_INFINITY
    }
    const line = (
      purger: CdnPurger,
      everything: string | undefined,
      of: (item: string) => string,
    ) => new Line(purger, host, timing, everything, of, againMs, oldest)
    for (const purger of config.purge) {
      if (purger.by === 'key') this.byKey.push(line(purger, ALL, name => keys.of(name)))
      else {
        const made = line(purger, purger.everything, target => target)
        const sent = new SentTargets(target => made.add([target]))
        this.byPath.push({ line: made, sent, hasEverything: purger.everything !== undefined })
      }
    }
    this.lines = [...this.byKey, ...this.byPath.map(one => one.line)]
    this.unlisten = tags.listen((names, heard) => this.changed(names, heard))
  }

  /** Whether writes are heard of and all CDNs take purges: what is given to them now can be taken back. */
  get open(): boolean {
    return this.tags.deaf.size === 0 && this.lines.every(line => line.open)
  }

  /** What was written while no process of ours was there to tell of it. */
  start(): void {
    for (const line of this.lines) line.addAll()
  }

  /**
   * An answer is about to be sent that CDNs may keep. False: one that drops by path could not drop it.
   *
   * @param names What it was made of: the same list for the same answer.
   * @param targetOf Host and target, as it was asked for.
   */
  sends(answer: object, names: readonly string[], targetOf: () => string): boolean {
    if (this.byPath.length > 0) {
      const target = targetOf()
      if (target.length > LONGEST_TARGET) return false
      for (const { sent } of this.byPath) sent.add(target, names)
    }
    if (this.onTheirWay.size < MOST_ON_THEIR_WAY) this.onTheirWay.set(answer, this.timing.now())
    return true
  }

  /** It was sent, or its client has left. */
  sent(answer: object): void {
    this.onTheirWay.delete(answer)
  }

  /** Something that is no tag has changed: a target that was written to. */
  wrote(name: string): void {
    this.changed([name], false)
  }

  /** Resolves when all that was written before was purged: true; or given up for now: false. */
  async settled(): Promise<boolean> {
    const all = await Promise.all(this.lines.map(line => line.settled()))
    return all.every(acknowledged => acknowledged)
  }

  /** The process is about to end. */
  flush(): void {
    for (const line of this.lines) line.flush()
  }

  stop(): void {
    this.unlisten()
  }

  private changed(names: readonly string[] | 'all', heard: boolean): void {
    try {
      if (!heard)
        for (const line of this.byKey) {
          if (names === 'all') line.addAll()
          else line.add(names)
        }
      for (const { line, sent, hasEverything } of this.byPath) {
        if (names !== 'all') line.add(sent.of(names))
        else {
          const targets = sent.all()
          if (hasEverything && !heard) line.addAll()
          else line.add(targets)
        }
      }
    } catch {
      this.host.caught('cdn.purges')
    }
  }
}
