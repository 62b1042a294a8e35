import { createServer } from 'node:http'
import { Counts } from './counts.js'

/** Where the measured apps send their telemetry: it takes everything, and answers 200. */
export interface Sink {
  readonly url: string
  /** Requests that arrived: a tracer that sent nothing was not measured at work. */
  received(): number
  /** Of a sink that keeps what it gets: what came since this was asked last, read now and not while something is measured. */
  counts(): Counts
  close(): Promise<void>
}

interface Delivery {
  readonly body: Buffer
  readonly encoding: string | undefined
}

export function startSink({ keeps = false } = {}): Promise<Sink> {
  let received = 0
  let kept: Delivery[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    if (keeps) request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.resume().on('end', () => {
      received++
      const encoding = request.headers['content-encoding']
      if (keeps) kept.push({ body: Buffer.concat(chunks), encoding })
      const protobuf = request.headers['content-type']?.includes('protobuf') === true
      response.setHeader('content-type', protobuf ? 'application/x-protobuf' : 'application/json')
      response.end(protobuf ? '' : '{}')
    })
  })
  const counts = (): Counts => {
    const sum = new Counts()
    for (const { body, encoding } of kept) sum.take(body, encoding)
    kept = []
    return sum
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      resolve({
        url: `http://127.0.0.1:${port}`,
        received: () => received,
        counts,
        close: () =>
          new Promise(done => {
            server.close(() => done())
            server.closeAllConnections()
          }),
      })
    })
  })
}
