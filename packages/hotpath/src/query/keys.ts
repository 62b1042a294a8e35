import { following, rowOf } from './follow.js'
import { habitOf, isLearned } from './learned.js'
import type { AnswerMemo } from './memo.js'
import type { Account, Scope } from './scope.js'
import type { Shape } from './shape.js'
import { bytesOf, keyOf, type Wire } from './wire.js'

/** Keys of one batch. */
const MAX_KEYS = 5_000
const MAX_BYTES = 1024 * 1024

/** What a batch asks for: each key once, with how often it will be wanted. */
export class Keys {
  readonly lists: (readonly Wire[])[] = []
  readonly times = new Map<string, number>()
  private bytes = 0

  /** False when there is no room for another. */
  add(wires: readonly Wire[], key = keyOf(wires)): boolean {
    const times = this.times.get(key)
    if (times !== undefined) {
      this.times.set(key, times + 1)
      return true
    }
    this.bytes += bytesOf(wires)
    if (this.lists.length >= MAX_KEYS || this.bytes > MAX_BYTES) return false
    this.times.set(key, 1)
    this.lists.push(wires)
    return true
  }

  get size(): number {
    return this.lists.length
  }
}

/** Whose calls, and where their answers are kept. */
export interface Where {
  readonly scope: Scope
  readonly shape: Shape
  readonly memo: AnswerMemo
  readonly nowMs: number
}

/**
 * Adds what the calls after this one will ask for. Not learned yet, a batch is twice as large as what
 * the loop has used so far, so that all together grow threefold, and a loop that is left early has
 * wasted at most twice what it used. Learned, it is as large as the share that this route uses.
 *
 * Returns how many keys were added.
 */
export function addFollowing(
  keys: Keys,
  { scope, shape, memo, nowMs }: Where,
  account: Account,
  wires: readonly Wire[],
): number {
  const origin = account.find(scope.route(), scope.remembered, wires)
  const rows = origin === undefined ? undefined : scope.remembered.of(origin.parent)
  if (origin === undefined || rows === undefined) return 0
  const at = rowOf(rows, origin, wires, account.row + 1)
  if (at < 0) {
    account.lose()
    return 0
  }
  account.row = at
  const habit = habitOf(scope.route(), shape)
  const rest = rows.rows.length - at - 1
  const most = isLearned(habit) ? Math.ceil(rest * fraction(habit.share)) : account.calls * 2
  let added = 0
  for (const [row, next] of following(rows, origin, wires, at)) {
    if (added >= most) break
    const key = keyOf(next)
    if (memo.has(shape.keyOf(key), nowMs)) continue
    if (!keys.add(next, key)) break
    account.row = row
    added++
  }
  return added
}

/** A share of 95 % means all: the last call of a loop is as likely as the first. */
function fraction(share: number): number {
  return share >= 0.95 ? 1 : Math.min(1, share * 1.1)
}
