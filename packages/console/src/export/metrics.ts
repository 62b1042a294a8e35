import type { MetricName } from '../model.js'
import { exposition, type Family, type Form } from './exposition.js'
import { type Health, healthFamilies } from './health.js'
import type { Totals } from './totals.js'

/** What each is called for Prometheus is OpenTelemetry's name, as its own exporters write it. */
const histograms: readonly (readonly [metric: MetricName, name: string, help: string])[] = [
  ['http.server.request.duration', 'http_server_request_duration_seconds', 'Duration of requests.'],
  [
    'db.client.operation.duration',
    'db_client_operation_duration_seconds',
    'Duration of statements.',
  ],
  [
    'db.client.connection.use_time',
    'db_client_connection_use_time_seconds',
    'Time for which a connection of a pool is borrowed.',
  ],
]

type Level = readonly [
  metric: string,
  name: string,
  help: string,
  unit?: 'seconds' | 'bytes' | 'ratio',
]

const levels: readonly Level[] = [
  ['process.memory.usage', 'process_memory_usage_bytes', 'Memory of a process.', 'bytes'],
  ['v8js.memory.heap.used', 'v8js_memory_heap_used_bytes', 'Heap in use.', 'bytes'],
  [
    'nodejs.eventloop.delay.p99',
    'nodejs_eventloop_delay_p99_seconds',
    'Delay of the event loop, 99th percentile since the last report.',
    'seconds',
  ],
  [
    'nodejs.eventloop.utilization',
    'nodejs_eventloop_utilization_ratio',
    'Part of the time in which the event loop was busy.',
    'ratio',
  ],
  // promtool refuses names in `_count` that are no histogram's, so this one has its older name.
  ['db.client.connection.count', 'db_client_connections_usage', 'Connections of a pool by state.'],
  [
    'db.client.connection.pending_requests',
    'db_client_connection_pending_requests',
    'Who waits for a connection of a pool.',
  ],
  ['db.client.connection.max', 'db_client_connection_max', 'Connections that a pool may have.'],
  [
    'hotpath.concurrency.limit',
    'hotpath_concurrency_limit',
    'Requests that may be under way at once.',
  ],
  [
    'hotpath.concurrency.in_flight',
    'hotpath_concurrency_in_flight',
    'Requests that are under way.',
  ],
  ['hotpath.concurrency.waiting', 'hotpath_concurrency_waiting', 'Requests that wait for a place.'],
]

const recorderCounters = [
  ['hotpath.recorder.dropped', 'What a recorder did not keep, and why.'],
  ['hotpath.recorder.errors', 'Faults of a recorder that it contained.'],
] as const

/** Counters of fixes begin so. */
const counterParts = [
  'cache',
  'query',
  'batch',
  'invalidation',
  'limit',
  'concurrency',
  'shed',
  'body',
].map(part => `hotpath.${part}.`)

/** What `GET /metrics` answers. */
export function metricsText(totals: Totals, health: Health, form: Form, nowMs: number): string {
  const counter = (metric: string, help: string): Family => ({
    name: metric.replaceAll('.', '_'),
    type: 'counter',
    help,
    samples: totals.counterSamples(metric),
  })
  return exposition(
    [
      ...histograms.map(
        ([metric, name, help]): Family => ({
          name,
          type: 'histogram',
          unit: 'seconds',
          help,
          samples: totals.histogramSamples(metric),
        }),
      ),
      {
        name: 'process_cpu_time_seconds',
        type: 'counter',
        unit: 'seconds',
        help: 'Processor time of a process.',
        samples: totals.cpuSamples(nowMs),
      },
      ...levels.map(
        ([metric, name, help, unit]): Family => ({
          name,
          type: 'gauge',
          help,
          ...(unit === undefined ? {} : { unit }),
          samples: totals.levelSamples(metric, nowMs),
        }),
      ),
      ...recorderCounters.map(([metric, help]) => counter(metric, help)),
      ...totals
        .counterNames(...counterParts)
        .map(name => counter(name, `The counter ${name} of the processes.`)),
      ...healthFamilies(health, totals),
    ],
    form,
  )
}
