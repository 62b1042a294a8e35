import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly json: Record<string, unknown>
}

/** What a receiver does with a request: a status, with headers and text, or nothing at all. */
export type Answer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly text?: string }
  | 'hang'

/** A receiver of messages on a port of its own, that can fail in every way, stop and come back. */
export class Receiver implements AsyncDisposable {
  readonly received: Received[] = []
  /** What the next requests get; then `usually`. */
  readonly answers: Answer[] = []
  usually: Answer = { status: 200, text: 'ok' }
  #server: Server | undefined
  #port = 0

  static async start(usually?: Answer): Promise<Receiver> {
    const receiver = new Receiver()
    if (usually !== undefined) receiver.usually = usually
    await receiver.start()
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Listens, after a stop at the same port as before. */
  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8')
        const json = JSON.parse(body) as Record<string, unknown>
        this.received.push({ path: request.url ?? '', headers: request.headers, body, json })
        answer(response, this.answers.shift() ?? this.usually)
      })
    }).listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

function answer(response: ServerResponse, what: Answer): void {
  if (what === 'hang') return
  response.writeHead(what.status, what.headers).end(what.text ?? '')
}
