import { setTimeout as delay } from 'node:timers/promises'
import type { ClockAnswer, ProcessesAnswer, RoutesAnswer } from '../api/answers.js'
import type { LiveRoute } from '../advise/receipt.js'
import { ConsoleError } from '../errors.js'
import type { Ask } from './ask.js'

const everyMs = 500
/** Recorders report each second or each ten; a process that was not heard of for longer is gone. */
const reportMs = 10_000

/**
 * How long requests of these routes take from now on, as the console counts them: as soon as a median can be told of
 * each, or after `forMs` what has come by then. Nothing where no console runs, and then without waiting.
 */
export async function liveRoutes(
  ask: Ask,
  routes: readonly string[],
  { forMs, signal }: { readonly forMs: number; readonly signal: AbortSignal },
): Promise<LiveRoute[]> {
  const startMs = await clockOf(ask)
  if (startMs === undefined) return []
  const until = performance.now() + forMs
  let found: LiveRoute[] = []
  for (let sinceMs: number | undefined; performance.now() < until && !signal.aborted; ) {
    await delay(Math.min(everyMs, forMs), undefined, { signal }).catch(() => {})
    sinceMs ??= await reportedMs(ask, startMs)
    if (sinceMs === undefined) continue
    const { routes: rows } = await ask<RoutesAnswer>('routes', { since: timeOf(sinceMs) })
    found = rows
      .filter(({ route }) => routes.includes(route))
      .map(({ route, count, p50Ms }) => ({ route, requests: Math.round(count), p50Ms }))
    if (routes.every(route => found.some(one => one.route === route && one.p50Ms !== null))) break
  }
  return found
}

/** The console's clock; undefined where a file answers, to which nothing comes. */
async function clockOf(ask: Ask): Promise<number | undefined> {
  try {
    return (await ask<ClockAnswer>('clock', {})).nowMs
  } catch (error) {
    if (error instanceof ConsoleError) return undefined
    throw error
  }
}

/**
 * From when on reports hold no request of before `startMs`: a report is of the seconds before it, so each process
 * must have sent one since. Undefined while one has not.
 */
async function reportedMs(ask: Ask, startMs: number): Promise<number | undefined> {
  const since = timeOf(startMs - reportMs)
  const { processes, untilMs } = await ask<ProcessesAnswer>('processes', { since })
  if (untilMs - startMs > 2 * reportMs) return startMs + 2 * reportMs
  if (processes.length === 0 || processes.some(({ lastMs }) => lastMs <= startMs)) return undefined
  // A time in whole milliseconds is before the end of its own report.
  return Math.max(...processes.map(({ lastMs }) => lastMs)) + 1
}

const timeOf = (ms: number): string => new Date(ms).toISOString()
