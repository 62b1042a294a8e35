import { exposition, type Family, type Form, type Sample } from './exposition.js'
import type { Health } from './health.js'
import { healthFamilies } from './health.js'
import type { Totals } from './totals.js'

/** What `GET /metrics` answers, under OpenTelemetry's names as its own exporters write them for Prometheus. */
export function metricsText(totals: Totals, health: Health, form: Form, nowMs: number): string {
  const level = (
    metric: string,
    name: string,
    help: string,
    unit?: 'seconds' | 'bytes' | 'ratio',
  ): Family => ({
    name,
    type: 'gauge',
    help,
    ...(unit === undefined ? {} : { unit }),
    samples: totals.levelSamples(metric, nowMs),
  })
  const counter = (name: string, help: string, samples: readonly Sample[]): Family => ({
    name,
    type: 'counter',
    help,
    samples,
  })
  return exposition(
    [
      {
        name: 'http_server_request_duration_seconds',
        type: 'histogram',
        unit: 'seconds',
        help: 'Duration of requests.',
        samples: totals.histogramSamples('http.server.request.duration'),
      },
      {
        name: 'db_client_operation_duration_seconds',
        type: 'histogram',
        unit: 'seconds',
        help: 'Duration of statements.',
        samples: totals.histogramSamples('db.client.operation.duration'),
      },
      {
        name: 'db_client_connection_use_time_seconds',
        type: 'histogram',
        unit: 'seconds',
        help: 'Time for which a connection of a pool is borrowed.',
        samples: totals.histogramSamples('db.client.connection.use_time'),
      },
      {
        ...counter(
          'process_cpu_time_seconds',
          'Processor time of a process.',
          totals.cpuSamples(nowMs),
        ),
        unit: 'seconds',
      },
      level('process.memory.usage', 'process_memory_usage_bytes', 'Memory of a process.', 'bytes'),
      level('v8js.memory.heap.used', 'v8js_memory_heap_used_bytes', 'Heap in use.', 'bytes'),
      level(
        'nodejs.eventloop.delay.p99',
        'nodejs_eventloop_delay_p99_seconds',
        'Delay of the event loop, 99th percentile since the last report.',
        'seconds',
      ),
      level(
        'nodejs.eventloop.utilization',
        'nodejs_eventloop_utilization_ratio',
        'Part of the time in which the event loop was busy.',
        'ratio',
      ),
      // promtool refuses names in `_count` that are no histogram's, so this one has its older name.
      level(
        'db.client.connection.count',
        'db_client_connections_usage',
        'Connections of a pool by state.',
      ),
      level(
        'db.client.connection.pending_requests',
        'db_client_connection_pending_requests',
        'Who waits for a connection of a pool.',
      ),
      level(
        'db.client.connection.max',
        'db_client_connection_max',
        'Connections that a pool may have.',
      ),
      level(
        'hotpath.concurrency.limit',
        'hotpath_concurrency_limit',
        'Requests that may be under way at once.',
      ),
      level(
        'hotpath.concurrency.in_flight',
        'hotpath_concurrency_in_flight',
        'Requests that are under way.',
      ),
      level(
        'hotpath.concurrency.waiting',
        'hotpath_concurrency_waiting',
        'Requests that wait for a place.',
      ),
      counter(
        'hotpath_recorder_dropped',
        'What a recorder did not keep, and why.',
        totals.counterSamples('hotpath.recorder.dropped'),
      ),
      counter(
        'hotpath_recorder_errors',
        'Faults of a recorder that it contained.',
        totals.counterSamples('hotpath.recorder.errors'),
      ),
      ...totals
        .counterNames(
          ...[
            'cache',
            'query',
            'batch',
            'invalidation',
            'limit',
            'concurrency',
            'shed',
            'body',
          ].map(part => `hotpath.${part}.`),
        )
        .map(name =>
          counter(
            name.replaceAll('.', '_'),
            `The counter ${name} of the processes.`,
            totals.counterSamples(name),
          ),
        ),
      ...healthFamilies(health, totals),
    ],
    form,
  )
}
