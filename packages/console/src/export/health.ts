import { statSync } from 'node:fs'
import type { Family } from './exposition.js'
import type { Totals } from './totals.js'

/** How the console itself is. */
export interface Health {
  readonly version: string
  readonly startedMs: number
  /** What came in since the start, and what was not kept: names in camel case, as `/api/status` has them. */
  readonly counts: Readonly<Record<string, number>>
  readonly storePath: string
  readonly storeWritable: boolean
}

const helps: Readonly<Record<string, string>> = {
  requests: 'OTLP requests.',
  spans: 'Spans taken in.',
  points: 'Metric points taken in.',
  repeated: 'Deliveries that had come before and were not counted again.',
  refusedRequests: 'Requests refused because they could not be read.',
  busyRequests: 'Requests put off because the store could not take them.',
  refusedSpans: 'Spans refused because they had no usable time.',
  refusedPoints: 'Metric points refused because they fit no histogram, counter or gauge.',
  cutTexts: 'Texts cut because they were too long.',
  droppedAttributes: 'Attributes dropped beyond the limit of a span or point.',
}

export function healthFamilies(health: Health, totals: Totals): Family[] {
  const { counts, storePath, storeWritable, startedMs, version } = health
  const gauge = (name: string, help: string, value: number, labels = {}): Family => ({
    name: `hotpath_console_${name}`,
    type: 'gauge',
    help,
    samples: [{ labels, value }],
  })
  const usage = process.cpuUsage()
  return [
    ...Object.entries(counts).map(
      ([name, value]): Family => ({
        name: `hotpath_console_intake_${snake(name)}`,
        type: 'counter',
        help: helps[name] ?? 'Counted by the intake since the console started.',
        samples: [{ labels: {}, value }],
      }),
    ),
    {
      name: 'hotpath_console_series_overflow',
      type: 'counter',
      help: 'Points counted under no series of their own, since there are too many series.',
      samples: [...totals.overflow].map(([metric, value]) => ({ labels: { metric }, value })),
    },
    gauge('series', 'Series of histograms and counters in this answer.', totals.series),
    {
      ...gauge(
        'store_size_bytes',
        'Size of the store on the disk, with its log.',
        sizeOf(storePath),
      ),
      unit: 'bytes',
    },
    gauge('store_writable', '0 while the store cannot be written.', storeWritable ? 1 : 0),
    {
      name: 'hotpath_console_cpu_seconds',
      type: 'counter',
      help: 'Processor time of the console.',
      unit: 'seconds',
      samples: [{ labels: {}, value: (usage.user + usage.system) / 1e6 }],
    },
    {
      ...gauge('memory_bytes', 'Memory of the console.', process.memoryUsage.rss()),
      unit: 'bytes',
    },
    {
      ...gauge('start_time_seconds', 'When the console started, since 1970.', startedMs / 1e3),
      unit: 'seconds',
    },
    gauge('build_info', 'The version of the console.', 1, { version }),
  ]
}

/** Asked of the disk: the database would have to be waited for. */
function sizeOf(path: string): number {
  const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return size(path) + size(`${path}.wal`)
}

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, c => `_${c.toLowerCase()}`)
