import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { OfficialOtlp, type Signal } from './official.js'

export interface Received {
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly atMs: number
  readonly bytes: Buffer
  /** What the official schema reads in it. */
  readonly message: Record<string, unknown>
}

/** How a backend answers; 200 with an empty message unless told otherwise. */
export type Answer = (
  signal: Signal,
  n: number,
) => [status: number, headers?: object, body?: Buffer]

/**
 * A backend that is not ours: reads what it is sent with the official schema, in either encoding, and
 * fails its test at the first byte that does not belong there.
 */
export class Backend implements AsyncDisposable {
  readonly received: Received[] = []
  readonly faults: unknown[] = []
  answer: Answer = () => [200]
  readonly url: string
  readonly #server: ReturnType<typeof createHttp>

  private constructor(server: ReturnType<typeof createHttp>, scheme: string) {
    this.#server = server
    this.url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(tls?: { readonly key: Buffer; readonly cert: Buffer }): Promise<Backend> {
    const official = new OfficialOtlp()
    let backend: Backend | undefined
    const listener = (request: IncomingMessage, response: ServerResponse): void =>
      void backend?.take(request, response, official)
    const server = tls === undefined ? createHttp(listener) : createHttps({ ...tls }, listener)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
    backend = new Backend(server, tls === undefined ? 'http' : 'https')
    return backend
  }

  /** What came for one signal: spans and metrics travel at their own pace. */
  of(signal: Signal): Received[] {
    const name = signal === 'traces' ? 'resourceSpans' : 'resourceMetrics'
    return this.received.filter(({ message }) => message[name] !== undefined)
  }

  private async take(
    request: IncomingMessage,
    response: ServerResponse,
    official: OfficialOtlp,
  ): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const { url = '', headers } = request
    const bytes = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
    const signal = /traces/.test(url) ? 'traces' : 'metrics'
    try {
      const message =
        headers['content-type'] === 'application/json'
          ? official.readJson(signal, bytes.toString())
          : official.readProtobuf(signal, bytes)
      this.received.push({ url, headers, atMs: performance.now(), bytes, message })
    } catch (error) {
      this.faults.push(error)
    }
    const [status, more = {}, answer] = this.answer(signal, this.of(signal).length)
    response.writeHead(status, { 'content-type': headers['content-type'], ...more }).end(answer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}
