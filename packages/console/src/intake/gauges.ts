import type { AttributeValue, Attributes, GaugeName, GaugePoint } from '../model.js'
import { canonical } from '../store/encode.js'
import { readAttributes } from './attributes.js'
import { limits } from './otlp/malformed.js'
import type { Metric, NumberPoint } from './otlp/messages.js'
import { cumulative, type Reading, readPoint, readTime, seconds } from './reading.js'

/**
 * What is read of what a process says of itself, under today's names and those that older versions of
 * OpenTelemetry's packages send (runtime-node before 0.11, pool metrics before 1.28 of the conventions).
 */
export const gauges: Readonly<Record<string, GaugeName>> = {
  'process.cpu.time': 'process.cpu.time',
  'process.memory.usage': 'process.memory.usage',
  'v8js.memory.heap.used': 'v8js.memory.heap.used',
  'nodejs.eventloop.delay.p99': 'nodejs.eventloop.delay.p99',
  'nodejs.eventloop.utilization': 'nodejs.eventloop.utilization',
  'nodejs.event_loop.utilization': 'nodejs.eventloop.utilization',
  'db.client.connection.count': 'db.client.connection.count',
  'db.client.connections.usage': 'db.client.connection.count',
  'db.client.connection.pending_requests': 'db.client.connection.pending_requests',
  'db.client.connections.pending_requests': 'db.client.connection.pending_requests',
  'db.client.connection.max': 'db.client.connection.max',
  'db.client.connections.max': 'db.client.connection.max',
  'hotpath.pool.server_max': 'hotpath.pool.server_max',
  'hotpath.concurrency.limit': 'hotpath.concurrency.limit',
  'hotpath.concurrency.in_flight': 'hotpath.concurrency.in_flight',
  'hotpath.concurrency.waiting': 'hotpath.concurrency.waiting',
}

/** The attributes of a pool and of a policy that are kept, by the names under which they come. */
const kept: Readonly<Record<string, string>> = {
  'db.client.connection.state': 'db.client.connection.state',
  state: 'db.client.connection.state',
  'db.client.connection.pool.name': 'db.client.connection.pool.name',
  'pool.name': 'db.client.connection.pool.name',
  'hotpath.policy': 'hotpath.policy',
}

const timed: ReadonlySet<GaugeName> = new Set(['process.cpu.time', 'nodejs.eventloop.delay.p99'])

/**
 * Reads a gauge, or a sum that says how much there is at the moment (an UpDownCounter); of processor
 * time what came on top. Points that differ in what is not kept are added up: user and system time, the
 * spaces of the heap.
 */
export function readGauges(metric: Metric, name: string, reading: Reading): void {
  const gauge = gauges[name]
  if (gauge === undefined) return
  const factor = timed.has(gauge) ? seconds.get(metric.unit || 's') : 1
  if (factor === undefined) return reading.refusals.add(`of ${name} in an unknown unit`)
  const points = new Map<string, GaugePoint>()
  for (const point of metric.gauge?.dataPoints ?? metric.sum?.dataPoints ?? []) {
    const read = readGauge(gauge, metric, point, factor, reading)
    if (read === undefined) continue
    const key = `${read.endNs} ${canonical(read.attributes)}`
    points.set(key, { ...read, value: read.value + (points.get(key)?.value ?? 0) })
  }
  if (points.size === 0) return
  reading.batch.gauges.push(...points.values())
  reading.batch.processes.push(reading.source.process)
}

function readGauge(
  name: GaugeName,
  metric: Metric,
  point: NumberPoint,
  factor: number,
  reading: Reading,
): GaugePoint | undefined {
  const value = (point.asDouble ?? Number(point.asInt ?? 0n)) * factor
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    reading.refusals.add('with a value that is no amount')
    return undefined
  }
  const { service, instance } = reading.source
  if (name === 'process.cpu.time') {
    const total = { count: 0, sum: value, scale: 0, zeroCount: 0, offset: 0, buckets: [] }
    const temporality = metric.sum?.aggregationTemporality
    const read = readPoint(name, point, temporality, total, reading, 'server')
    if (read === undefined || read.endNs === read.startNs) return undefined
    const { startNs, endNs } = read
    return { name, service, instance, startNs, endNs, attributes: {}, value: read.value.sum }
  }
  reading.points++
  const timeNs = readTime(point, reading)
  if (timeNs === undefined) return undefined
  if (metric.sum !== undefined && metric.sum.aggregationTemporality !== cumulative) {
    reading.refusals.add('that are changes of an amount whose beginning is not known')
    return undefined
  }
  const attributes = /^(?:db|hotpath\.concurrency)\./.test(name)
    ? keptOf(readAttributes(point.attributes, reading.losses, limits.keyChars))
    : {}
  return { name, service, instance, startNs: timeNs, endNs: timeNs, attributes, value }
}

function keptOf(attributes: Attributes): Attributes {
  const result: Record<string, AttributeValue> = {}
  for (const [from, name] of Object.entries(kept)) {
    const value = attributes[from]
    if (typeof value === 'string') result[name] ??= value
  }
  return result
}
