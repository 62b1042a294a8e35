import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from '../statistics/shuffle.js'
import { Connection, get } from './connection.js'

/**
 * Requests at a given rate, whatever the app does: their start times are fixed beforehand (a Poisson
 * process), and each one's latency counts from when it was meant to start. A request that finds no
 * connection free waits, and its wait counts; else a stall would slow the load down with the app, and
 * show as one slow answer ("coordinated omission", Gil Tene).
 */
export interface OpenBlock {
  readonly kind: 'open'
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly ms: number
  readonly ratePerSecond: number
  readonly seed: number
  /** A status that is an answer as well: the app may send requests away. */
  readonly refusal?: number
  /** Milliseconds from connecting to the first request: an app that is busy accepts one in each turn of its loop. */
  readonly settleMs?: number
  /** A request that finds no connection for so long is given up, and never sent. */
  readonly patienceMs?: number
}

export interface OpenResult {
  /** From the intended start to the whole answer; in the order of the intended starts. */
  readonly latenciesMs: readonly number[]
  /** From the sending to the whole answer: what a loop that waits for answers would have seen. */
  readonly servedMs: readonly number[]
  /** What was answered; 0: it was given up before it was sent. */
  readonly statuses: readonly number[]
}

export async function openLoop(block: OpenBlock): Promise<OpenResult> {
  const starts = startTimes(block)
  const request = get(block.port, block.path)
  const latenciesMs = Array.from(starts, () => Number.NaN)
  const servedMs = Array.from(starts, () => Number.NaN)
  const statuses = Array.from(starts, () => 0)
  const { patienceMs = Number.POSITIVE_INFINITY, refusal = 200 } = block
  let originMs = 0
  const now = (): number => performance.now() - originMs
  let next = 0
  const work = async (connection: Connection): Promise<void> => {
    for (let i = next++; i < starts.length; i = next++) {
      const intendedMs = starts[i] ?? 0
      // Never early, so rounded up: a timer's millisecond counts as latency too.
      while (intendedMs > now()) await sleep(Math.ceil(intendedMs - now()))
      const sentMs = now()
      if (sentMs - intendedMs > patienceMs) continue
      const status = await connection.request(request)
      statuses[i] = status
      if (status !== 200 && status !== refusal) throw new Error(`the app answered ${status}`)
      latenciesMs[i] = now() - intendedMs
      servedMs[i] = now() - sentMs
    }
  }
  const connections = Array.from({ length: block.connections }, () => new Connection(block.port))
  try {
    if (block.settleMs !== undefined) await sleep(block.settleMs)
    originMs = performance.now()
    await Promise.all(connections.map(work))
    return { latenciesMs, servedMs, statuses }
  } finally {
    for (const connection of connections) connection.close()
  }
}

/** Milliseconds after the beginning, ascending. */
function startTimes({ ms, ratePerSecond, seed }: OpenBlock): number[] {
  const random = seeded(seed)
  const starts: number[] = []
  for (let at = 0; ; ) {
    at -= (Math.log(1 - random()) * 1_000) / ratePerSecond
    if (at >= ms) return starts
    starts.push(at)
  }
}
