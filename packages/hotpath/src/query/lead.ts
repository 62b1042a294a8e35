import type { AnswerMemo } from './memo.js'
import type { Wire } from './wire.js'

/** A call that waits for the answer of somebody else's batch. */
export interface Waiter {
  readonly key: string
  readonly wires: readonly Wire[]
  /** The batch is over: look whether your answer is there, else ask for yourself. */
  settle(): void
}

/** The call that asks for others as well: from when it is made until it is answered. */
export class Lead {
  /** Keys that the batch asks for; undefined: it was not sent yet, and takes in more. */
  sent: ReadonlySet<string> | undefined
  /** Where the answers are. */
  memo: AnswerMemo | undefined
  /** Undefined as long as nobody waits, which is the rule. */
  waiters: Waiter[] | undefined

  constructor(readonly id: string) {}

  /** Tells all who wait; nobody is left hanging, whatever became of the batch. */
  settle(): void {
    const { waiters } = this
    this.waiters = undefined
    if (waiters !== undefined) for (const waiter of waiters) waiter.settle()
  }
}
