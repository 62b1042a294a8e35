import type { Outcome } from './post.js'

/** One body on its way. */
export interface Item {
  readonly body: Buffer
  /** Spans, or 1 for a delivery of metrics. */
  readonly n: number
  readonly sequence: number
}

export interface LaneEvents {
  accepted(item: Item): void
  dropped(reason: 'queue' | 'rejected', n: number): void
  /** Whether the last attempt was answered. */
  answered(yes: boolean): void
}

export interface LaneOptions {
  readonly post: (body: Buffer) => Promise<Outcome>
  readonly maxBytes: number
  readonly maxBackoffMs: number
}

const FIRST_BACKOFF_MS = 500
/** A receiver may ask for hours; meanwhile the queue drops, so look again. */
const MAX_RETRY_AFTER_MS = 120_000

/**
 * A bounded queue of bodies, posted one after another in order. The head stays until it is accepted
 * or refused for good; between attempts the wait doubles, with jitter. When the queue is full the
 * oldest body that is not under way goes.
 */
export class Lane {
  private readonly queue: Item[] = []
  private bytes = 0
  private running: Promise<void> | undefined
  private finishing = false
  private wake: (() => void) | undefined

  constructor(
    private readonly options: LaneOptions,
    private readonly events: LaneEvents,
  ) {}

  push(item: Item): void {
    this.queue.push(item)
    this.bytes += item.body.length
    while (this.bytes > this.options.maxBytes && this.queue.length > 1) {
      const [oldest] = this.queue.splice(this.running === undefined ? 0 : 1, 1)
      if (oldest === undefined) break
      this.bytes -= oldest.body.length
      this.events.dropped('queue', oldest.n)
    }
    this.running ??= this.run()
  }

  /** Resolves when nothing is queued. */
  async settled(): Promise<void> {
    await this.running
  }

  /** Tries what is queued once more without waiting; resolves when that is done. */
  async finish(): Promise<void> {
    this.finishing = true
    this.wake?.()
    await this.running
  }

  private async run(): Promise<void> {
    let failures = 0
    for (let head = this.queue[0]; head !== undefined; head = this.queue[0]) {
      const outcome = await this.options.post(head.body)
      this.events.answered(outcome.kind !== 'unreachable')
      if (outcome.kind === 'accepted' || outcome.kind === 'refused') {
        failures = 0
        this.queue.shift()
        this.bytes -= head.body.length
        if (outcome.kind === 'refused') this.events.dropped('rejected', head.n)
        else if (outcome.rejected > 0) this.events.dropped('rejected', outcome.rejected)
        this.events.accepted(head)
        continue
      }
      if (this.finishing) break
      await this.pause(outcome, failures++)
    }
    this.running = undefined
  }

  private pause(outcome: Outcome, failures: number): Promise<void> {
    const { maxBackoffMs } = this.options
    const backoffMs = Math.min(maxBackoffMs, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 16))
    const asked = outcome.kind === 'busy' ? (outcome.retryAfterMs ?? 0) : 0
    const waitMs = Math.max(
      Math.min(asked, MAX_RETRY_AFTER_MS),
      // Half of it is chance, so that many processes do not come back at once.
      backoffMs * (0.5 + Math.random() / 2),
    )
    return new Promise(resolve => {
      const timer = setTimeout(resolve, waitMs)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
