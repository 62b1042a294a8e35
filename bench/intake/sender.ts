import { Connection } from '../load/connection.js'
import { seeded } from '../statistics/shuffle.js'
import { jsonBody, protobufBody, recorderBody, recorderMetrics } from './otlp-bytes.js'
import { pointsAt } from './points.js'
import { spansOf } from './traffic.js'

/** One block of sending: closed loop, as the intake at saturation is what is measured. */
export interface Sending {
  readonly port: number
  readonly as: 'protobuf' | 'json' | 'recorder'
  readonly connections: number
  readonly ms: number
  readonly seed: number
}

export interface Sent {
  /** Spans whose request was answered 200. */
  readonly spans: number
  readonly elapsedMs: number
}

type Ask =
  | { readonly prepare: Sending; readonly send?: undefined }
  | { readonly send: Sending; readonly prepare?: undefined }

/** Spans a request: what SDKs send (OTEL_BSP_MAX_EXPORT_BATCH_SIZE), a few more with the last trace. */
const spansPerRequest = 512
/** Different requests of a block; sent over and over, since making them costs more than taking them in. */
const pool = 48
/** A process sends its histograms once a second or less often: far rarer than this under such a load. */
const requestsPerMetrics = 32

interface Request {
  readonly head: Buffer
  readonly body: Uint8Array
  readonly spans: number
}

let prepared: { readonly traces: readonly Request[]; readonly metrics: Request[] } | undefined

process.on('message', (ask: Ask) => {
  const answer = ask.prepare ? Promise.resolve(prepare(ask.prepare)) : send(ask.send)
  answer.then(
    result => process.send?.({ result: result ?? null }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())

function prepare({ port, as, seed }: Sending): void {
  const random = seeded(seed)
  const nowMs = Date.now()
  const instance = `bench-${seed}`
  const encode = {
    protobuf: protobufBody,
    json: jsonBody,
    recorder: recorderBody.bind(null, instance),
  }
  const traces = Array.from({ length: pool }, () => {
    const flavour = as === 'recorder' ? 'recorder' : 'sdk'
    const spans = spansOf(flavour, spansPerRequest, nowMs, random)
    return framed(port, 'traces', as, encode[as](spans), spans.length)
  })
  const metrics =
    as !== 'recorder'
      ? []
      : Array.from({ length: 40 }, (_, i) => {
          const points = pointsAt(instance, nowMs + 1_000 * i, nowMs + 1_000 * (i + 1))
          return framed(port, 'metrics', as, recorderMetrics(instance, i + 1, points), 0)
        })
  prepared = { traces, metrics }
}

function framed(
  port: number,
  signal: 'traces' | 'metrics',
  as: Sending['as'],
  body: Uint8Array,
  spans: number,
): Request {
  const type = as === 'protobuf' ? 'application/x-protobuf' : 'application/json'
  const encoding = as === 'recorder' ? 'content-encoding: gzip\r\n' : ''
  const head = `POST /v1/${signal} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: ${type}\r\n${encoding}content-length: ${body.length}\r\n\r\n`
  return { head: Buffer.from(head), body, spans }
}

async function send({ port, connections: width, ms }: Sending): Promise<Sent> {
  if (prepared === undefined) throw new Error('nothing was prepared')
  const { traces, metrics } = prepared
  let next = 0
  let spans = 0
  const connections = Array.from({ length: width }, () => new Connection(port))
  const startMs = performance.now()
  const endMs = startMs + ms
  const work = async (connection: Connection): Promise<void> => {
    while (performance.now() < endMs) {
      const i = next++
      const counted =
        i % requestsPerMetrics === requestsPerMetrics - 1 ? metrics.shift() : undefined
      const request = counted ?? traces[i % traces.length]
      if (request === undefined) throw new Error('nothing to send')
      const status = await connection.request(request.head, request.body)
      if (status !== 200) throw new Error(`the console answered ${status}`)
      spans += request.spans
    }
  }
  await Promise.all(connections.map(work))
  const elapsedMs = performance.now() - startMs
  for (const connection of connections) connection.close()
  return { spans, elapsedMs }
}
