import { clock } from '../clock.js'

/** All looks into answers together may take this part of the time of one processor. */
const PART = 0.01
/** What is saved up: after a start the first requests of each route are looked into. */
const MOST_MS = 100
/** A look is told to stop then; what cannot be stopped, reading a body, takes some milliseconds more. */
const LOOK_MS = 5

let leftMs = MOST_MS
let filledMs = 0

/**
 * Runs `look` when there is time left for it; what it takes is charged. Undefined when there is none.
 *
 * @param look Is given what says whether it is to stop.
 */
export function withinAllowance<T>(look: (isOver: () => boolean) => T): T | undefined {
  const startMs = clock.now()
  leftMs = Math.min(MOST_MS, leftMs + (startMs - filledMs) * PART)
  filledMs = startMs
  if (leftMs <= 0) return undefined
  const before = process.cpuUsage()
  try {
    return look(() => takenMs(startMs, before) >= LOOK_MS)
  } finally {
    leftMs -= takenMs(startMs, before)
  }
}

/** Of a long look that part which this process had: on a busy machine others have the processor in between. */
function takenMs(startMs: number, before: NodeJS.CpuUsage): number {
  const passedMs = clock.now() - startMs
  if (passedMs < LOOK_MS) return passedMs
  const { user, system } = process.cpuUsage(before)
  return Math.min(passedMs, (user + system) / 1000)
}
