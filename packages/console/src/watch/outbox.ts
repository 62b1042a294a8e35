import type { Message } from './message.js'

/** A message on its way to one notifier. */
export interface Entry {
  readonly message: Message
  readonly tries: number
  /** Not before this. */
  readonly nextMs: number
  readonly error: string | null
}

/** What became of a message at one notifier. */
export interface Receipt {
  readonly state: 'delivered' | 'waiting' | 'given up'
  readonly tries: number
  readonly error: string | null
}

export type Outcome =
  | { readonly kind: 'delivered' }
  /** `afterMs`: the receiver asked not to come back before. */
  | { readonly kind: 'failed'; readonly error: string; readonly afterMs?: number }
  /** Sending the same again would be refused again. */
  | { readonly kind: 'refused'; readonly error: string }

export interface OutboxState {
  readonly queues: Readonly<Record<string, readonly Entry[]>>
  readonly receipts: readonly (readonly [message: string, Readonly<Record<string, Receipt>>])[]
}

const firstMs = 5_000
const longestMs = 1_800_000
const giveUpMs = 86_400_000
/** A message has at most some 20 kB, so a queue has 2 MB. */
const mostWaiting = 100
const mostReceipts = 200

/**
 * Messages that are to be delivered, for each notifier in its order: what ends an alert must not come
 * before what began it. Bounded: when a queue is full its oldest goes, since the newest says what is so.
 */
export class Outbox {
  readonly #queues = new Map<string, Entry[]>()
  readonly #receipts = new Map<string, Record<string, Receipt>>()
  readonly #random: () => number
  #givenUp = 0

  /** Queues of notifiers that are no more in the config are dropped. */
  constructor(names: readonly string[], state: OutboxState | undefined, random: () => number) {
    this.#random = random
    for (const name of names) this.#queues.set(name, [...(state?.queues[name] ?? [])])
    for (const [id, receipts] of state?.receipts ?? []) this.#receipts.set(id, { ...receipts })
    for (const [name, entries] of Object.entries(state?.queues ?? {}))
      if (!this.#queues.has(name))
        for (const { message, tries } of entries)
          this.#note(message.id, name, {
            state: 'given up',
            tries,
            error: 'the notifier is not in the config any more',
          })
  }

  /** Messages that were not delivered in time, or found no room, since the console started. */
  get givenUp(): number {
    return this.#givenUp
  }

  add(message: Message, names: readonly string[], nowMs: number): void {
    for (const name of names) {
      const queue = this.#queues.get(name)
      // Judged again after a crash, the same data make the same message.
      if (queue === undefined || this.#receipts.get(message.id)?.[name] !== undefined) continue
      if (queue.length >= mostWaiting)
        this.#giveUp(name, queue.shift(), `over ${mostWaiting} messages waited`)
      queue.push({ message, tries: 0, nextMs: nowMs, error: null })
      this.#note(message.id, name, { state: 'waiting', tries: 0, error: null })
    }
  }

  /** The first of a queue, if it may go now. */
  due(name: string, nowMs: number): Entry | undefined {
    const entry = this.#queues.get(name)?.[0]
    return entry !== undefined && entry.nextMs <= nowMs ? entry : undefined
  }

  /** Says what became of an attempt with the entry that `due` gave. */
  settle(name: string, entry: Entry, outcome: Outcome, nowMs: number): void {
    const queue = this.#queues.get(name) ?? []
    const place = queue.indexOf(entry)
    const tries = entry.tries + 1
    const receipt = { tries, error: outcome.kind === 'delivered' ? null : outcome.error }
    if (outcome.kind === 'delivered') {
      this.#note(entry.message.id, name, { state: 'delivered', ...receipt })
      if (place >= 0) queue.splice(place, 1)
      return
    }
    // It was pushed out while it was under way.
    if (place < 0) return
    const askedMs = outcome.kind === 'failed' ? (outcome.afterMs ?? 0) : 0
    const nextMs = nowMs + Math.max(this.#pause(tries), askedMs)
    const late = nextMs - entry.message.atMs >= giveUpMs
    if (outcome.kind === 'refused' || late) {
      queue.splice(place, 1)
      this.#giveUp(name, { ...entry, tries }, outcome.error)
      return
    }
    queue[place] = { ...entry, tries, nextMs, error: outcome.error }
    this.#note(entry.message.id, name, { state: 'waiting', ...receipt })
  }

  receiptsOf(messageId: string): Readonly<Record<string, Receipt>> {
    return this.#receipts.get(messageId) ?? {}
  }

  waiting(name: string): readonly Entry[] {
    return this.#queues.get(name) ?? []
  }

  state(): OutboxState {
    return { queues: Object.fromEntries(this.#queues), receipts: [...this.#receipts] }
  }

  /** 5 s, 10 s, 20 s ... half an hour, each half to one and a half times as long: receivers come back to few at a time. */
  #pause(tries: number): number {
    return Math.min(longestMs, firstMs * 2 ** (tries - 1)) * (0.5 + this.#random())
  }

  #giveUp(name: string, entry: Entry | undefined, error: string): void {
    if (entry === undefined) return
    this.#givenUp++
    this.#note(entry.message.id, name, { state: 'given up', tries: entry.tries, error })
  }

  #note(id: string, name: string, receipt: Receipt): void {
    const receipts = this.#receipts.get(id) ?? {}
    receipts[name] = receipt
    // The newest last, so that the oldest is the first to go.
    this.#receipts.delete(id)
    this.#receipts.set(id, receipts)
    const [oldest] = this.#receipts.keys()
    if (this.#receipts.size > mostReceipts && oldest !== undefined) this.#receipts.delete(oldest)
  }
}
