import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Lease } from '../cache/share/lease.js'
import type { AnswerStore, Found } from './answer-store.js'
import type { CachePolicy } from './policy.js'

/** While another instance makes the answer, the store is asked again after 5 ms, and then ever later. */
const FIRST_POLL_MS = 5
const LAST_POLL_MS = 50
/** How long an instance waits for another, then it asks its own app. */
const MOST_WAIT_MS = 5_000

const MOST_ABANDONED_MS = 1_000

/** The app may replace the global timers; ours must be real. */
const { setTimeout } = globalThis

/** What there is to know of an answer that many instances may want at once. */
export interface Wanted {
  readonly store: AnswerStore
  readonly policy: CachePolicy
  readonly target: string
  /** The part of the key that the headers make which this instance knows to matter. */
  readonly variant: string
  /** What the store has now; undefined: an exception of ours. */
  find(): Promise<Found | undefined>
  /** Whether that can be given. */
  isUseful(found: Found): boolean
  /** Nobody waits for it any longer. */
  isOver(): boolean
}

/** The right of one instance to make an answer for all, held on to until it is there or for nobody else. */
export class Turn {
  private isEnded = false

  constructor(
    private readonly lease: Lease,
    private readonly wanted: Wanted,
  ) {}

  /** Where the client has left, and the handler as well, nothing comes of it. */
  watch(response: ServerResponse): void {
    response.once('close', () => {
      setTimeout(() => this.over(false), MOST_ABANDONED_MS).unref()
    })
  }

  /** @param shared It is at the store, if it can be there. Else each instance makes its own. */
  over(shared: boolean): void {
    if (this.isEnded) return
    this.isEnded = true
    const { store, policy, target } = this.wanted
    const told = shared ? Promise.resolve() : store.leaveAlone(policy, target)
    void told.finally(() => this.lease.end())
  }
}

export interface Taken {
  readonly found: Found | undefined
  /** This one makes it, for all. Without: it is found, or each makes its own. */
  readonly turn?: Turn
}

/**
 * Waits until another instance has made the answer, or until this one may. One whose process died loses the
 * right when its lease ends. Never rejects.
 */
export async function takeTurn(wanted: Wanted): Promise<Taken> {
  const { store, policy, target, variant } = wanted
  let found = await wanted.find()
  const lease = store.lease(policy, target, variant)
  const deadlineMs = performance.now() + MOST_WAIT_MS
  for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_POLL_MS)) {
    if (found?.ids === undefined || found.alone || wanted.isUseful(found)) return { found }
    const held = await lease.take(store.budget())
    if (held === undefined) return { found }
    if (!held && (wanted.isOver() || performance.now() > deadlineMs)) return { found }
    if (!held) await wait(pauseMs)
    // Also by who has the right: the one before may have finished between the two.
    found = await wanted.find()
    if (!held) continue
    if (found?.ids !== undefined && !found.alone && !wanted.isUseful(found))
      return { found, turn: new Turn(lease.hold(), wanted) }
    void lease.end()
    return { found }
  }
}
