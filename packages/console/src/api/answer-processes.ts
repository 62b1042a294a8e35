import type { GaugeSeries, Store } from '../store/store.js'
import type { GaugeKey, ProcessesAnswer, ProcessRow } from './answers.js'
import { stepOf, stepsOf } from './steps.js'
import { allowOnly, windowAnswer, windowOf } from './window.js'

/** Those heard of last; 100 lines are more than a page can tell apart. */
const mostProcesses = 100

/**
 * A figure holds until the next one comes, if that is no later than this: SDKs report once a minute,
 * and a step may be 15 seconds.
 */
const holdMs = 120_000

/** The processes of a window, the one heard of last first, and what they said of themselves by step. */
export async function processes(
  store: Store,
  query: URLSearchParams,
  nowMs: number,
): Promise<ProcessesAnswer> {
  allowOnly(query, [])
  const window = windowOf(query, nowMs)
  const stepMs = stepOf(window)
  const starts = stepsOf(window, stepMs)
  const [head, found, gauges] = await Promise.all([
    windowAnswer(store, window),
    store.processes(window),
    store.gauges({ ...window, stepMs }),
  ])
  const shown = [...found].sort((a, b) => b.lastMs - a.lastMs).slice(0, mostProcesses)
  const series = new Map<string, GaugeSeries[]>()
  for (const each of gauges) {
    const key = JSON.stringify([each.service, each.instance])
    series.set(key, [...(series.get(key) ?? []), each])
  }
  const left = found.length - shown.length
  return {
    ...head,
    notes: left === 0 ? head.notes : [...head.notes, `${left} processes more are not shown.`],
    stepMs,
    startMs: starts[0] ?? window.sinceMs,
    processes: shown.map(
      ({ service, instance, pid, host, runtime, version, firstMs, lastMs }): ProcessRow => ({
        service,
        instance,
        pid: pid ?? null,
        host: host ?? null,
        runtime: runtime ?? null,
        version: version ?? null,
        firstMs,
        lastMs,
        gauges: gaugesOf(series.get(JSON.stringify([service, instance])) ?? [], starts, stepMs),
      }),
    ),
  }
}

function gaugesOf(
  series: readonly GaugeSeries[],
  starts: readonly number[],
  stepMs: number,
): ProcessRow['gauges'] {
  const sums = new Map<GaugeKey, (number | null)[]>()
  for (const each of series) {
    const key = keyOf(each)
    if (key === undefined) continue
    const factor = key === 'loopDelayP99' ? 1e3 : 1
    const sum = sums.get(key) ?? starts.map(() => null)
    sums.set(key, sum)
    for (const [i, value] of byStep(each, starts, stepMs).entries())
      if (value !== null) sum[i] = (sum[i] ?? 0) + value * factor
  }
  return Object.fromEntries(sums)
}

/** The values of all steps, with those between two reports filled in. */
function byStep(
  { steps }: GaugeSeries,
  starts: readonly number[],
  stepMs: number,
): (number | null)[] {
  const values = starts.map((): number | null => null)
  let before: { at: number; value: number } | undefined
  for (const { startMs, value } of steps) {
    const at = (startMs - (starts[0] ?? 0)) / stepMs
    if (at < 0 || at >= values.length) continue
    if (before !== undefined && (at - before.at) * stepMs <= holdMs)
      values.fill(before.value, before.at, at)
    values[at] = value
    before = { at, value }
  }
  return values
}

const keys: Readonly<Record<string, GaugeKey>> = {
  'process.cpu.time': 'cpu',
  'process.memory.usage': 'memory',
  'v8js.memory.heap.used': 'heap',
  'nodejs.eventloop.delay.p99': 'loopDelayP99',
  'nodejs.eventloop.utilization': 'loopUtilization',
  'db.client.connection.pending_requests': 'poolPending',
  'db.client.connection.max': 'poolMax',
}

function keyOf({ name, attributes }: GaugeSeries): GaugeKey | undefined {
  if (name !== 'db.client.connection.count') return keys[name]
  const state = attributes['db.client.connection.state']
  return state === 'used' ? 'poolUsed' : state === 'idle' ? 'poolIdle' : undefined
}
