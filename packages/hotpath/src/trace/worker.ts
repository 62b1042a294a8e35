/**
 * The export worker: encodes, compresses and posts, off the app's thread. It holds what the console
 * did not take yet, within bounds, and writes to neither stdout nor stderr: those are the app's.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { CallSites } from './call-site-map.js'
import { Lane, type LaneEvents } from './lane.js'
import { metricsRequest, tracesRequest } from './otlp.js'
import { Poster } from './post.js'
import { encodeProtobuf, type Signal } from './protobuf.js'
import {
  ABSENT,
  type Delivery,
  DONE,
  FLUSHED,
  type FromWorker,
  type ToWorker,
  type WireSpan,
  type WorkerOptions,
} from './wire.js'

const options = workerData as WorkerOptions
const flags = new Int32Array(options.flags)
const sites = new CallSites(options.root)
const json = options.protocol === 'http/json'

function tell(message: FromWorker): void {
  parentPort?.postMessage(message)
}

/**
 * The bytes of a request, as the receiver is told that they come. Level 1 takes half of the time of the
 * default, 1.0 us a span, for 65 bytes of it where that has 57.
 */
function encode(signal: Signal, request: object): Buffer {
  const plain = json ? Buffer.from(JSON.stringify(request)) : encodeProtobuf(signal, request)
  return options.compression === 'gzip' ? gzipSync(plain, { level: 1 }) : plain
}

function lane(signal: Signal, what: 'spans' | 'metrics', accepted: LaneEvents['accepted']): Lane {
  const { maxBackoffMs, maxQueueBytes } = options
  const { url, headers } = options[signal]
  const poster = new Poster(url, {
    ...headers,
    'content-type': json ? 'application/json' : 'application/x-protobuf',
    ...(options.compression === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
  })
  return new Lane(
    { post: body => poster.post(body), maxBytes: maxQueueBytes, maxBackoffMs },
    {
      accepted,
      dropped: (reason, n) => tell({ type: 'dropped', what, reason, n }),
      answered: yes => Atomics.store(flags, ABSENT, yes ? 0 : 1),
    },
  )
}

const traces = lane('traces', 'spans', () => {})
const metrics = lane('metrics', 'metrics', ({ sequence }) => tell({ type: 'delivered', sequence }))

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'spans') {
    takeSpans(message.originMs, message.spans)
    tell({ type: 'queued' })
  } else if (message.type === 'delivery') {
    takeDelivery(message.delivery)
  } else if (message.type === 'flush') {
    void flush()
  } else {
    void finish()
  }
})

function takeSpans(originMs: number, spans: readonly WireSpan[]): void {
  const n = spans.length
  try {
    const body = encode('traces', tracesRequest(options, originMs, spans.map(placed)))
    traces.push({ body, n, sequence: 0 })
  } catch {
    tell({ type: 'dropped', what: 'spans', reason: 'encode', n })
  }
}

/** One that cannot be encoded never will be: it is done with, so that the next has its turn. */
function takeDelivery(delivery: Delivery): void {
  const { sequence } = delivery
  try {
    metrics.push({ body: encode('metrics', metricsRequest(options, delivery)), n: 1, sequence })
  } catch {
    tell({ type: 'dropped', what: 'metrics', reason: 'encode', n: 1 })
    tell({ type: 'delivered', sequence })
  }
}

/** The span with its place in the app's sources. */
function placed(span: WireSpan): WireSpan {
  if (span.site === undefined) return span
  return { ...span, attributes: { ...span.attributes, ...sites.attributes(span.site) } }
}

async function flush(): Promise<void> {
  await Promise.all([traces.settled(), metrics.settled()])
  Atomics.add(flags, FLUSHED, 1)
  Atomics.notify(flags, FLUSHED)
}

async function finish(): Promise<void> {
  await Promise.all([traces.finish(), metrics.finish()])
  Atomics.store(flags, DONE, 1)
  Atomics.notify(flags, DONE)
}
