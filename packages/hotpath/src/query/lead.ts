import type { AnswerMemo } from './memo.js'
import type { Wire } from './wire.js'

/** A call that waits for the answer of somebody else's batch. */
export interface Waiter {
  readonly key: string
  readonly wires: readonly Wire[]
  /** The batch is over: look whether your answer is there, else ask for yourself. */
  settle(): void
}

/** Those who wait for a call, and what it asks for on their behalf. Made when the first of them comes. */
export class Lead {
  /** Keys that the batch asks for; undefined: it was not sent yet, and takes in more. */
  sent: ReadonlySet<string> | undefined
  /** Where the answers are. */
  memo: AnswerMemo | undefined
  waiters: Waiter[] | undefined

  /** Tells all who wait; nobody is left hanging, whatever became of the batch. */
  settle(): void {
    const { waiters } = this
    this.waiters = undefined
    if (waiters !== undefined) for (const waiter of waiters) waiter.settle()
  }
}
