import { createServer } from 'node:http'
import { gunzipSync } from 'node:zlib'

/** Takes what a recorder sends, and adds up what it says of itself. */
export interface CountingSink {
  readonly url: string
  /** Requests in all histograms. */
  readonly requests: () => number
  /** What was dropped, by kind and reason; the sampler's choice is no drop. */
  readonly dropped: () => ReadonlyMap<string, number>
  close(): Promise<void>
}

interface Point {
  readonly count?: string | number
  readonly asInt?: string | number
  readonly asDouble?: number
  readonly attributes?: readonly { readonly key: string; readonly value: object }[]
}
interface Metric {
  readonly name: string
  readonly sum?: { readonly dataPoints: readonly Point[] }
  readonly exponentialHistogram?: { readonly dataPoints: readonly Point[] }
}
interface Delivery {
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[]
  }[]
}

export async function startCountingSink(): Promise<CountingSink> {
  let requests = 0
  const dropped = new Map<string, number>()
  const take = ({ resourceMetrics = [] }: Delivery): void => {
    const metrics = resourceMetrics.flatMap(({ scopeMetrics }) =>
      scopeMetrics.flatMap(scope => scope.metrics),
    )
    for (const { name, sum, exponentialHistogram } of metrics) {
      if (name === 'http.server.request.duration')
        for (const { count } of exponentialHistogram?.dataPoints ?? []) requests += Number(count)
      if (name !== 'hotpath.recorder.dropped') continue
      for (const { asInt, asDouble, attributes = [] } of sum?.dataPoints ?? []) {
        const what = attributes.map(({ value }) => String(Object.values(value)[0])).join(' ')
        dropped.set(what, (dropped.get(what) ?? 0) + Number(asInt ?? asDouble ?? 0))
      }
    }
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
      if (request.url?.endsWith('/v1/metrics') === true)
        take(JSON.parse(text.toString()) as Delivery)
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    requests: () => requests,
    dropped: () => dropped,
    close: () =>
      new Promise(done => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
