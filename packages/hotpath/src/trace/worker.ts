/**
 * The export worker: encodes, compresses and posts, off the app's thread. It holds what the console
 * did not take yet, within bounds, and writes to neither stdout nor stderr: those are the app's.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { CallSites } from './call-site-map.js'
import { Lane, type LaneEvents } from './lane.js'
import { metricsBody, tracesBody } from './otlp.js'
import { Poster } from './post.js'
import {
  ABSENT,
  DONE,
  type FromWorker,
  type ToWorker,
  type WireSpan,
  type WorkerOptions,
} from './wire.js'

const options = workerData as WorkerOptions
const flags = new Int32Array(options.flags)
const sites = new CallSites(options.root)
const poster = new Poster(options.endpoint, options.headers)

function tell(message: FromWorker): void {
  parentPort?.postMessage(message)
}

function lane(path: string, what: 'spans' | 'metrics', accepted: LaneEvents['accepted']): Lane {
  const { maxBackoffMs, maxQueueBytes } = options
  return new Lane(
    { post: body => poster.post(path, body), maxBytes: maxQueueBytes, maxBackoffMs },
    {
      accepted,
      dropped: (reason, n) => tell({ type: 'dropped', what, reason, n }),
      answered: yes => Atomics.store(flags, ABSENT, yes ? 0 : 1),
    },
  )
}

const traces = lane('/v1/traces', 'spans', () => {})
const metrics = lane('/v1/metrics', 'metrics', ({ sequence }) =>
  tell({ type: 'delivered', sequence }),
)

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'spans') {
    const body = gzipSync(tracesBody(options, message.originMs, message.spans.map(placed)))
    traces.push({ body, n: message.spans.length, sequence: 0 })
    tell({ type: 'queued' })
  } else if (message.type === 'delivery') {
    const body = gzipSync(metricsBody(options, message.delivery))
    metrics.push({ body, n: 1, sequence: message.delivery.sequence })
  } else {
    void finish()
  }
})

/** The span with its place in the app's sources. */
function placed(span: WireSpan): WireSpan {
  if (span.site === undefined) return span
  return { ...span, attributes: { ...span.attributes, ...sites.attributes(span.site) } }
}

async function finish(): Promise<void> {
  await Promise.all([traces.finish(), metrics.finish()])
  Atomics.store(flags, DONE, 1)
  Atomics.notify(flags, DONE)
}
