import { randomBytes } from 'node:crypto'
import { clock } from '../clock.js'
import type { TagChannel } from '../config/tag-channel.js'
import { caught } from '../trace/counts.js'
import { tally } from '../trace/tallies.js'
import { cut, messageText, readMessage, type TagMessage } from './tag-messages.js'
import type { TagListener, Tags } from './tags.js'

/** The app may replace the global timers; ours must be real. */
const { setInterval, clearInterval, setImmediate, setTimeout, clearTimeout } = globalThis

/** Each process says so often that it is there. */
const BEAT_MS = 500
/** Who was not heard for so long may be dead, or cut off: what it wrote last may not have been told. */
const SILENT_MS = 2_000
/** Changes that wait to be sent; of more it is all. */
const MOST_WAITING = 20_000
/** Processes that are listened to; of more each new one is a gap. */
const MOST_PEERS = 1_000

interface Peer {
  n: number
  heardMs: number
}

/**
 * Tells other processes which tags have changed here, and takes what they tell. Nobody waits for it: an
 * acknowledged write is known to the others some milliseconds later.
 *
 * What is lost is noticed: texts are numbered, each process says twice a second that it is there, and
 * hears itself as the others do. A number that is missing, a process that falls silent without a word, a
 * silence of one's own voice: then all is old, since what was lost is not known.
 */
export class TagSharing {
  private readonly id = randomBytes(9).toString('base64url')
  private readonly peers = new Map<string, Peer>()
  private waiting: Set<string> | 'all' = new Set()
  private sending = false
  private scheduled = false
  private n = 0
  private heardSelfMs = clock.now()
  private closed = false
  private subscribing = false
  private unsubscribe: (() => Promise<void>) | undefined
  private readonly unlisten: () => void
  private readonly timer: NodeJS.Timeout
  private readonly hears: TagListener = names => this.changed(names)

  private constructor(
    private readonly tags: Tags,
    private readonly channel: TagChannel,
  ) {
    this.unlisten = tags.listen(this.hears)
    this.timer = setInterval(() => this.beat(), BEAT_MS)
    this.timer.unref()
  }

  /**
   * Begins to share. Until the channel can be heard nothing that is kept stays good for longer than a
   * beat.
   */
  static start(tags: Tags, channel: TagChannel): TagSharing {
    const sharing = new TagSharing(tags, channel)
    void sharing.subscribe()
    return sharing
  }

  /** Says goodbye: the others need not fear that something of this process was lost. */
  async stop(): Promise<void> {
    if (this.closed) return
    this.closed = true
    clearInterval(this.timer)
    this.unlisten()
    try {
      const { waiting } = this
      for (const names of waiting === 'all' ? ['all' as const] : cut(waiting)) await this.say(names)
      await this.say('bye')
      await this.unsubscribe?.()
    } catch {
      caught('cache.share')
    }
  }

  private async subscribe(): Promise<void> {
    this.subscribing = true
    try {
      const end = await this.channel.subscribe(
        text => this.take(text),
        () => this.gap(),
      )
      this.unsubscribe = end
      if (this.closed) await end()
      // What was told before it could be heard.
      else this.gap()
    } catch {
      caught('cache.share')
    } finally {
      this.subscribing = false
    }
  }

  private changed(names: readonly string[] | 'all'): void {
    this.keep(names)
    if (this.scheduled || this.closed) return
    this.scheduled = true
    // What one turn of the loop brings goes in one text.
    setImmediate(() => {
      this.scheduled = false
      void this.send()
    })
  }

  private keep(names: Iterable<string> | 'all'): void {
    if (this.waiting === 'all') return
    if (names === 'all') this.waiting = 'all'
    else for (const name of names) this.waiting.add(name)
    if (this.waiting !== 'all' && this.waiting.size > MOST_WAITING) this.waiting = 'all'
  }

  /** One at a time, so that the numbers arrive in order. */
  private async send(): Promise<void> {
    if (this.sending) return
    this.sending = true
    try {
      while (this.waiting === 'all' || this.waiting.size > 0) {
        const { waiting } = this
        this.waiting = new Set()
        try {
          for (const names of waiting === 'all' ? ['all' as const] : cut(waiting))
            await this.say(names)
        } catch {
          // Its number is spent: who heard the one before knows that one is missing. The next beat tries again.
          caught('cache.share')
          this.keep(waiting)
          return
        }
      }
    } finally {
      this.sending = false
    }
  }

  private say(names: TagMessage['names']): Promise<void> {
    return within(
      this.channel.publish(messageText({ from: this.id, n: ++this.n, names })),
      SILENT_MS,
    )
  }

  private beat(): void {
    const now = clock.now()
    if (now - this.heardSelfMs > SILENT_MS) this.gap()
    if (this.unsubscribe === undefined && !this.subscribing) void this.subscribe()
    for (const [id, { heardMs }] of this.peers) {
      if (now - heardMs <= SILENT_MS) continue
      this.peers.delete(id)
      this.gap()
    }
    if (this.sending) return
    this.sending = true
    this.say([])
      .catch(() => caught('cache.share'))
      .finally(() => {
        this.sending = false
        void this.send()
      })
  }

  private take(text: string): void {
    const message = readMessage(text)
    if (message === undefined || this.closed) return
    const { from, n, names } = message
    if (from === this.id) {
      this.heardSelfMs = clock.now()
      return
    }
    const peer = this.peers.get(from)
    if (names === 'bye') this.peers.delete(from)
    else if (peer === undefined) this.meet(from, n)
    else {
      if (n !== peer.n + 1) this.gap()
      peer.n = n
      peer.heardMs = clock.now()
    }
    if (peer !== undefined && names === 'bye' && n !== peer.n + 1) this.gap()
    if (names === 'all') this.tags.bumpAll(this.hears)
    else if (names !== 'bye' && names.length > 0) this.tags.bump(names, this.hears)
  }

  /** Of one that speaks for the first time nothing was lost; of any other that is not known. */
  private meet(from: string, n: number): void {
    if (n !== 1) this.gap()
    if (this.peers.size < MOST_PEERS) this.peers.set(from, { n, heardMs: clock.now() })
    else this.gap()
  }

  /** Something was lost, and it is not known what. */
  private gap(): void {
    tally('hotpath.invalidation.gaps', {}, 1)
    this.tags.bumpAll(this.hears)
  }
}

/** A client that waits for its connection must not hold up what is to be told next. */
async function within(sent: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the channel took too long')), ms)
    timer.unref()
  })
  try {
    await Promise.race([sent, late])
  } finally {
    clearTimeout(timer)
  }
}
