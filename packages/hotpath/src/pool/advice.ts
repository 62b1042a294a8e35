/** What was measured of a pool, and what stands around it. */
export interface PoolLoad {
  /** Borrowed a second, in one instance, at its busiest: the count of `db.client.connection.use_time`. */
  readonly perSecond: number
  /** Mean time from having a connection to giving it back, in seconds: the mean of the same. */
  readonly useSeconds: number
  /** Connections that the pool may have now: `db.client.connection.max`. */
  readonly size: number
  /** Processes that have such a pool, at most; while a new version is rolled out, both. Default 1. */
  readonly instances?: number
  /** `show max_connections` of the server; without it the server sets no bound. */
  readonly serverMax?: number | undefined
  /** Connections that others need: administrators, jobs, replicas. Default 10. */
  readonly reserved?: number
}

export interface SizeAdvice {
  /** Connections that one instance needs, within what the server allows. */
  readonly size: number
  /** Connections in use on average, by Little's law. */
  readonly busy: number
  /** Share of callers that wait for a connection with `size`; 1 when the queue grows without end. */
  readonly waiting: number
  /** What to do, in one sentence. */
  readonly advice: string
}

/** One caller in twenty may wait. */
const MAY_WAIT = 0.05

/**
 * The size of a pool from what was measured. Little's law gives how many connections are in use on
 * average (L = rate x time); how many more it takes so that few wait is Erlang's formula C for
 * arrivals at random (A. K. Erlang, 1917).
 *
 *     adviseSize({ perSecond: 400, useSeconds: 0.012, size: 50, instances: 4, serverMax: 100 })
 *     // { size: 10, busy: 4.8, waiting: 0.036, advice: '10 are enough: ...' }
 *
 * @throws RangeError when a figure is negative or not a number.
 */
export function adviseSize(load: PoolLoad): SizeAdvice {
  const { perSecond, useSeconds, size, instances = 1, serverMax, reserved = 10 } = load
  for (const [name, value] of Object.entries({
    perSecond,
    useSeconds,
    size,
    instances,
    reserved,
  })) {
    if (!(value >= 0)) throw new RangeError(`${name} must be a number from 0 up, but is ${value}.`)
  }
  const busy = perSecond * useSeconds
  const share =
    serverMax === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(1, Math.floor((serverMax - reserved) / Math.max(1, instances)))
  const needed = smallest(busy)
  const advised = Math.min(needed, share)
  const waiting = waitingShare(advised, busy)
  return { size: advised, busy, waiting, advice: sentence(load, busy, needed, share) }
}

function sentence(load: PoolLoad, busy: number, needed: number, share: number): string {
  const inUse = `${Number(busy.toPrecision(2))} are in use on average`
  const { size, instances = 1, serverMax } = load
  if (needed > share) {
    return `The server has room for ${share} in each of ${instances} instances, and ${needed} are needed (${inUse}): shorten what holds a connection, put a pooler before the server, or raise max_connections from ${serverMax}.`
  }
  if (size > share) {
    return `${needed} are enough (${inUse}), and ${size} in each of ${instances} instances are more than the ${serverMax} of the server: set max to ${needed}.`
  }
  if (size < needed)
    return `Set max to ${needed}: ${inUse}, and with ${size} too many callers wait.`
  return `${size} are enough: ${inUse}, and ${needed} would do.`
}

function smallest(busy: number): number {
  let size = Math.max(1, Math.ceil(busy))
  while (waitingShare(size, busy) > MAY_WAIT) size++
  return size
}

/** Erlang's C, by way of his B, whose recursion stays within 0 and 1. */
export function waitingShare(size: number, busy: number): number {
  if (busy >= size) return 1
  let blocked = 1
  for (let n = 1; n <= size; n++) blocked = (busy * blocked) / (n + busy * blocked)
  return (size * blocked) / (size - busy * (1 - blocked))
}
