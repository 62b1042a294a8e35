import { clock } from '../clock.js'
import type { OpenSpan } from '../trace/span.js'
import { figuresOf, type PoolFigures } from './figures.js'
import { Borrower, leaks, type Taken } from './leaks.js'
import type { PooledClient } from './shapes.js'

/** Where a client keeps its loan and its age; a property costs less than a WeakMap. */
const STATE = Symbol('hotpath.loan')
interface State {
  readonly figures: PoolFigures
  readonly bornMs: number
  /** Since when somebody has it; -1: nobody does. */
  lentMs: number
  borrower: Borrower | undefined
}
type Lent = PooledClient & { [STATE]?: State }

/** How a caller came to ask for a connection. */
export interface Asking {
  /** -1: a connection was idle for it, and there was nothing to wait for. */
  readonly startMs: number
  readonly span: OpenSpan | undefined
  /** Where the app asked, when that is wanted. */
  readonly trace: Taken | undefined
}

/** A pool begins to open a connection. */
export function opening(client: PooledClient): void {
  stateOf(client)
}

/** The connection is open. */
export function opened(client: PooledClient): void {
  const { figures, bornMs } = stateOf(client)
  figures.create.record((clock.now() - bornMs) / 1000)
}

/**
 * A pool hands the client to who asked for it.
 *
 * @param nowMs When that is: who calls has looked at the clock, and a look costs as much as all of this.
 */
export function lend(client: PooledClient, asking: Asking, nowMs: number): void {
  const state = stateOf(client)
  state.lentMs = nowMs
  state.figures.wait.record(asking.startMs < 0 ? 0 : (nowMs - asking.startMs) / 1000)
  if (asking.trace === undefined) return
  state.borrower = new Borrower(state.figures.name, nowMs, asking.trace, asking.span)
  leaks.watch(state.borrower)
}

/** The client came back, or was closed while it was lent. */
export function giveBack(client: PooledClient, nowMs: number): void {
  const state = (client as Lent)[STATE]
  if (state === undefined || state.lentMs < 0) return
  state.figures.use.record((nowMs - state.lentMs) / 1000)
  state.lentMs = -1
  if (state.borrower === undefined) return
  leaks.forget(state.borrower)
  state.borrower = undefined
}

/** The pool closes the client. */
export function closed(client: PooledClient): void {
  const state = (client as Lent)[STATE]
  if (state === undefined) return
  const nowMs = clock.now()
  giveBack(client, nowMs)
  state.figures.age.record((nowMs - state.bornMs) / 1000)
  Reflect.deleteProperty(client, STATE)
}

function stateOf(client: Lent): State {
  const known = client[STATE]
  if (known !== undefined) return known
  const state: State = {
    figures: figuresOf(client.connectionParameters ?? client.config),
    bornMs: clock.now(),
    lentMs: -1,
    borrower: undefined,
  }
  // Not enumerable: apps log clients, and copy them.
  Object.defineProperty(client, STATE, { value: state, configurable: true })
  return state
}
