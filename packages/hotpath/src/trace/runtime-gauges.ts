import { addGauges, type Gauge } from './gauges.js'

/**
 * How often the delay of the event loop is looked at. Native code does it; at 20 ms an idle process
 * pays 0.03 % of a processor for it.
 */
const RESOLUTION_MS = 20

/**
 * Adds what this process, and in a worker thread this thread, can say of itself: processor time, memory,
 * heap, delay and utilization of the event loop. Reading all of it takes about 60 us.
 */
export function addRuntimeGauges(): void {
  const { isMainThread } = process.getBuiltinModule('node:worker_threads')
  // Of the whole process, so that its threads do not say it again.
  if (isMainThread) addGauges('trace.gauges.process', processGauges())
  addGauges('trace.gauges.heap', heapGauges)
  addGauges('trace.gauges.loop', loopGauges())
}

function processGauges(): () => Gauge[] {
  let before = { user: 0, system: 0 }
  return () => {
    const now = process.cpuUsage()
    const used = (mode: 'user' | 'system'): Gauge => ({
      name: 'process.cpu.time',
      unit: 's',
      kind: 'used',
      attributes: { 'cpu.mode': mode },
      value: (now[mode] - before[mode]) / 1e6,
    })
    const figures = [used('user'), used('system')]
    before = now
    const bytes = process.memoryUsage.rss()
    return [
      ...figures,
      { name: 'process.memory.usage', unit: 'By', kind: 'level', attributes: {}, value: bytes },
    ]
  }
}

function heapGauges(): Gauge[] {
  const { getHeapSpaceStatistics } = process.getBuiltinModule('node:v8')
  return getHeapSpaceStatistics().map(({ space_name, space_used_size }) => ({
    name: 'v8js.memory.heap.used',
    unit: 'By',
    kind: 'level',
    attributes: { 'v8js.heap.space.name': space_name },
    value: space_used_size,
  }))
}

function loopGauges(): () => Gauge[] {
  const { monitorEventLoopDelay, performance } = process.getBuiltinModule('node:perf_hooks')
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  let before = performance.eventLoopUtilization()
  return () => {
    // What is recorded is the time from one look to the next, so the resolution is in it.
    const delayMs = Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS)
    delay.reset()
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    const gauge = (name: string, unit: string, value: number): Gauge => ({
      name,
      unit,
      kind: 'gauge',
      attributes: {},
      value,
    })
    return [
      gauge('nodejs.eventloop.delay.p99', 's', delayMs / 1e3),
      gauge('nodejs.eventloop.utilization', '1', utilization),
    ]
  }
}
