import type { ActiveTrace } from './span.js'

/** From here on everybody else notices that the event loop stands still. A garbage collection takes 1 to 10 ms. */
export const BLOCK_MS = 20

/** Not the global one: the app's tests may put a clock of their own in its place. */
const { setImmediate } = process.getBuiltinModule('node:timers')

/** Whose code runs, as far as spans tell: of the trace in which the last one ended, or which began last. */
let turn: ActiveTrace | undefined
let isEnding = false

/**
 * The code of this trace goes on from here, until the event loop has gone through what was ready: then it
 * calls what was set for that moment, once for all turns of a round. Costs about 0.2 us a round (Node 24).
 */
export function takesTurn(trace: ActiveTrace): void {
  turn = trace
  if (isEnding) return
  isEnding = true
  setImmediate(endTurn).unref()
}

function endTurn(): void {
  isEnding = false
  turn = undefined
}

/** Whether it is this trace's turn still. If not, another's is over: this one's code has run since. */
export function hasTurn(trace: ActiveTrace): boolean {
  if (turn === trace) return true
  turn = undefined
  return false
}
