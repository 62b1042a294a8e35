import type { CallSite } from '../trace/call-site.js'
import { caught } from '../trace/counts.js'
import { recorder } from '../trace/recorder.js'
import { workStats } from '../trace/routes.js'
import { captureFor } from '../trace/site.js'
import type { OpenSpan } from '../trace/span.js'
import type { Statement } from './statement-span.js'
import type { PoolWait } from './wait-span.js'

/**
 * Below `Pool.query` the app's frames are gone: the site is taken there, handed to the pool's
 * `connect` that it calls at once, and from there to the client's `query`. All hand-overs are
 * synchronous, so two variables carry it.
 */

/** What comes along with a statement of the pool. */
export interface Carried {
  /** Absent on all but the first few of their kind. */
  readonly site: CallSite | undefined
  /** The app awaits a promise: no code of its runs when the statement ends, only the pool's. */
  readonly promised: boolean
}

export interface HandedOver extends PoolWait {
  /** What the async context held when the app called the pool. */
  readonly span: OpenSpan | undefined
  readonly carried: Carried
  /** What the stages of statements know of the call. */
  readonly ticket?: unknown
}

const awaited: Carried = { site: undefined, promised: true }
const calledBack: Carried = { site: undefined, promised: false }

let fromPool: Carried | undefined
/** Beside it: what is carried is the same for nearly all statements, and a ticket is for one. */
let ticketOfPool: unknown
let toClient: HandedOver | undefined

/** Around the original `Pool.query`, in the context of `caller`. */
export function enterPool(
  statement: Statement | undefined,
  promised: boolean,
  caller: OpenSpan | undefined,
  ticket: unknown,
): void {
  const site = statement === undefined ? undefined : siteOf(statement, caller)
  if (site !== undefined) fromPool = { site, promised }
  else fromPool = promised ? awaited : calledBack
  ticketOfPool = ticket
}

export function leavePool(): void {
  fromPool = undefined
  ticketOfPool = undefined
}

/** What the `Pool.connect` that runs now should carry to its callback; undefined: the app calls it. */
export function takeCarried(): Carried | undefined {
  const taken = fromPool
  fromPool = undefined
  return taken
}

/** The ticket that comes with it; undefined: there is none, or it was taken. */
export function takeTicket(): unknown {
  const taken = ticketOfPool
  ticketOfPool = undefined
  return taken
}

/** Around the callback of a `Pool.connect` that the pool's own `query` made. */
export function handToClient(what: HandedOver | undefined): void {
  toClient = what
}

/** What the pool hands to the `Client.query` that runs now; undefined: the app calls it. */
export function handedOver(): HandedOver | undefined {
  const handed = toClient
  toClient = undefined
  return handed
}

let instantMs = -1

/**
 * Around code of the pool alone, in which a connection goes from one statement to the next: that is one moment,
 * and a look at the clock costs as much as the rest of what is noted of it.
 *
 * @param nowMs -1: it is over.
 * @returns What it was before.
 */
export function setInstant(nowMs: number): number {
  const before = instantMs
  instantMs = nowMs
  return before
}

/** That moment; outside of one, what the clock says. */
export function instant(): number {
  return instantMs >= 0 ? instantMs : recorder.now()
}

/** Where the app asks for a statement, when that is to be noted; the app's frames must be on the stack. */
export function siteOf(statement: Statement, caller: OpenSpan | undefined): CallSite | undefined {
  try {
    const parent = recorder.parentOf(caller)
    const root = parent === undefined ? undefined : (parent.trace.root ?? parent)
    const stats = root === undefined ? workStats(statement.name) : root.stats()
    return captureFor(stats, statement.template.text)
  } catch {
    caught('gate.pg')
    return undefined
  }
}
