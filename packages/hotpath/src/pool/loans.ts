import { clock } from '../clock.js'
import type { OpenSpan } from '../trace/span.js'
import { figuresOf, type PoolFigures } from './figures.js'
import { Borrower, leaks, type Taken } from './leaks.js'
import type { PooledClient } from './shapes.js'

/** A connection that a pool has lent. */
interface Loan {
  readonly startMs: number
  readonly borrower: Borrower | undefined
}

/** Where a client keeps its loan and its age; a property costs less than a WeakMap. */
const STATE = Symbol('hotpath.loan')
interface State {
  readonly figures: PoolFigures
  readonly bornMs: number
  loan: Loan | undefined
}
type Lent = PooledClient & { [STATE]?: State }

/** How a caller came to ask for a connection. */
export interface Asking {
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

/** A pool hands the client to who asked for it. */
export function lend(client: PooledClient, asking: Asking): void {
  const state = stateOf(client)
  const startMs = clock.now()
  state.figures.wait.record((startMs - asking.startMs) / 1000)
  const borrower =
    asking.trace === undefined
      ? undefined
      : new Borrower(state.figures.name, startMs, asking.trace, asking.span)
  state.loan = { startMs, borrower }
  if (borrower !== undefined) leaks.watch(borrower)
}

/** The client came back, or was closed while it was lent. */
export function giveBack(client: PooledClient): void {
  const state = (client as Lent)[STATE]
  const loan = state?.loan
  if (state === undefined || loan === undefined) return
  state.loan = undefined
  state.figures.use.record((clock.now() - loan.startMs) / 1000)
  if (loan.borrower !== undefined) leaks.forget(loan.borrower)
}

/** The pool closes the client. */
export function closed(client: PooledClient): void {
  const state = (client as Lent)[STATE]
  if (state === undefined) return
  giveBack(client)
  state.figures.age.record((clock.now() - state.bornMs) / 1000)
  Reflect.deleteProperty(client, STATE)
}

function stateOf(client: Lent): State {
  const known = client[STATE]
  if (known !== undefined) return known
  const state = {
    figures: figuresOf(client.connectionParameters ?? client.config),
    bornMs: clock.now(),
    loan: undefined,
  }
  // Not enumerable: apps log clients, and copy them.
  Object.defineProperty(client, STATE, { value: state, configurable: true })
  return state
}
