import { createServer } from 'node:http'

/** Where the measured apps send their telemetry: it takes everything, keeps nothing, answers 200. */
export interface Sink {
  readonly url: string
  /** Requests that arrived: a tracer that sent nothing was not measured at work. */
  received(): number
  close(): Promise<void>
}

export function startSink(): Promise<Sink> {
  let received = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      received++
      const json = request.headers['content-type']?.includes('json') === true
      response.setHeader('content-type', json ? 'application/json' : 'application/x-protobuf')
      response.end(json ? '{}' : '')
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      resolve({
        url: `http://127.0.0.1:${port}`,
        received: () => received,
        close: () =>
          new Promise(done => {
            server.close(() => done())
            server.closeAllConnections()
          }),
      })
    })
  })
}
