import type { DuckDBConnection } from '@duckdb/node-api'
import { parentPort, workerData } from 'node:worker_threads'
import { ConsoleError, type ErrorCode, type Facts } from '../errors.js'
import type { Answer, Call, CallName, Calls, Refusal, WorkerOptions } from './calls.js'
import { openDatabase } from './duckdb/database.js'
import { readGauges, readProcesses, readServices } from './duckdb/gauges.js'
import { prune } from './duckdb/prune.js'
import { readCounters, readSeries } from './duckdb/series.js'
import { readTimeline } from './duckdb/timeline.js'
import { readSample, readSampled } from './duckdb/sample.js'
import { readStatus } from './duckdb/status.js'
import { readSpans, readTraceIds, readTraces } from './duckdb/traces.js'
import { Writer } from './duckdb/writer.js'
import { Heard } from './said.js'
import { sentence } from './sentence.js'
import { turns } from './turns.js'

/**
 * The thread of the store: DuckDB's appender does its work in the thread that calls it, and a
 * checkpoint takes up to 0.6 s. Answers go out in the order in which they are ready.
 */
const options = workerData as WorkerOptions
const port = parentPort

type Handlers = { [Name in CallName]: (argument: Calls[Name][0]) => Promise<Calls[Name][1]> }

/** Calls that are not answered yet; the file is closed after the last of them. */
const underWay = new Set<Promise<unknown>>()

async function open(): Promise<Handlers> {
  const writer = await Writer.open(() => openDatabase(options))
  if (!options.readOnly) void writer.mergeRollups()
  const reader = (): DuckDBConnection => writer.database.reader
  const inTurn = turns()
  const heard = new Heard()
  const longRead = <T>(read: (connection: DuckDBConnection) => Promise<T>): Promise<T> =>
    inTurn(() => read(writer.database.longReader))
  return {
    write: async ({ batch, said }) => {
      const spans = { ...batch.spans, texts: heard.hear(said) }
      return await writer.write({ ...batch, spans })
    },
    series: ({ metrics, window }) => readSeries(reader(), writer, metrics, window),
    timeline: ({ metric, query }) => readTimeline(reader(), writer, metric, query),
    counters: window => readCounters(reader(), writer, window),
    gauges: query => readGauges(reader(), writer, query),
    processes: window => readProcesses(reader(), writer, window),
    deliveries: async window => writer.deliveries(window),
    services: window => readServices(reader(), writer, window),
    traces: query => readTraces(reader(), writer, query),
    spans: ({ traceId, limit }) => readSpans(reader(), traceId, limit),
    sample: ({ window, perRoute }) =>
      longRead(connection => readSample(connection, writer, window, perRoute)),
    spansOf: ({ traces, limit }) => longRead(connection => readSampled(connection, traces, limit)),
    prune: limits => writer.alone(() => prune(writer, limits)),
    traceIds: ({ prefix, limit }) => readTraceIds(reader(), prefix, limit),
    extent: async () => writer.bounds.extent,
    status: () => readStatus(reader(), options.path, writer.bounds.extent),
    close: async () => {
      await Promise.allSettled(underWay)
      await writer.close()
    },
  }
}

const refusal = (error: unknown): Refusal =>
  error instanceof ConsoleError
    ? { code: error.code, facts: error.facts as Facts<ErrorCode> }
    : { code: 'STORE_FAILED', facts: { path: options.path, cause: sentence(error) } }

const say = (answer: Answer): void => port?.postMessage(answer)

/** The answer to the opening itself has the id 0. */
async function main(): Promise<void> {
  const handlers = await open()
  port?.on('message', (call: Call) => {
    const handler = handlers[call.name] as (argument: unknown) => Promise<unknown>
    const answered = handler(call.argument).then(
      result => say({ id: call.id, result }),
      (error: unknown) => say({ id: call.id, refusal: refusal(error) }),
    )
    underWay.add(answered)
    void answered.finally(() => underWay.delete(answered))
  })
  say({ id: 0, result: null })
}

main().catch((error: unknown) => say({ id: 0, refusal: refusal(error) }))
