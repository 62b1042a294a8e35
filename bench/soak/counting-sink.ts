import { createServer } from 'node:http'
import { Counts } from '../recorder/counts.js'

/** Takes what a recorder sends, and adds up what it says of itself. */
export interface CountingSink {
  readonly url: string
  /** Requests in all histograms. */
  readonly requests: () => number
  /** What was dropped, by kind and reason; the sampler's choice is no drop. */
  readonly dropped: () => ReadonlyMap<string, number>
  close(): Promise<void>
}

export async function startCountingSink(): Promise<CountingSink> {
  const counts = new Counts()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.url?.endsWith('/v1/metrics') === true)
        counts.take(Buffer.concat(chunks), request.headers['content-encoding'])
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    requests: () => counts.requests,
    dropped: () => counts.dropped,
    close: () =>
      new Promise(done => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
