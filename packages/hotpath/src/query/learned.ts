import type { RouteStats } from '../trace/routes.js'
import type { Origin } from './follow.js'
import type { Shape } from './shape.js'

/** Requests that must have shown it before the first call already fetches all. */
const CONFIRMATIONS = 2
/** Under this share of what was fetched, a loop does not run to its end, and is not followed. */
export const LEAST_SHARE = 0.3
const MAX_SHAPES = 200

/** What a route has shown of one statement. */
export interface Habit {
  readonly origin: Origin
  /** Requests in a row that used what was fetched. */
  confirmed: number
  /** Running mean of the share that was used. */
  share: number
}

const habits = new WeakMap<RouteStats, Map<Shape, Habit>>()

/** What is known of this statement on this route. */
export function habitOf(route: RouteStats | undefined, shape: Shape): Habit | undefined {
  return route === undefined || !shape.learned ? undefined : habits.get(route)?.get(shape)
}

/** True when the first call of a request may fetch what follows. */
export function isLearned(habit: Habit | undefined): habit is Habit {
  return habit !== undefined && habit.confirmed >= CONFIRMATIONS && habit.share >= LEAST_SHARE
}

/** A request is over: what it fetched of this statement, and what of that it used. */
export function learn(
  route: RouteStats | undefined,
  shape: Shape,
  origin: Origin,
  fetched: number,
  used: number,
): void {
  if (route === undefined || fetched === 0) return
  let known = habits.get(route)
  if (known === undefined) {
    known = new Map()
    habits.set(route, known)
  }
  const share = used / fetched
  const before = known.get(shape)
  const same = before !== undefined && sameOrigin(before.origin, origin)
  if (!same) {
    if (known.size >= MAX_SHAPES && before === undefined) return
    shape.learned = true
    known.set(shape, { origin, confirmed: share >= LEAST_SHARE ? 1 : 0, share })
    return
  }
  before.share = before.share * 0.7 + share * 0.3
  before.confirmed = share >= LEAST_SHARE ? Math.min(before.confirmed + 1, 1_000) : 0
}

function sameOrigin(a: Origin, b: Origin): boolean {
  return (
    a.parent === b.parent &&
    a.columns.length === b.columns.length &&
    a.columns.every((column, i) => column === b.columns[i])
  )
}
