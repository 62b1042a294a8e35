import { createServer, type Server } from 'node:http'
import { gunzipSync } from 'node:zlib'

/** Takes what another tool sends, whatever its format, and keeps it as text to be searched. */
export class Receiver implements AsyncDisposable {
  text = ''
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body = Buffer.concat(chunks)
        const zipped = request.headers['content-encoding'] === 'gzip'
        this.text += `${request.url}\n${(zipped ? gunzipSync(body) : body).toString('latin1')}\n`
        response.setHeader('content-type', 'application/json').end('{}')
      })
    })
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver()
    await new Promise<void>(resolve => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    const address = this.#server.address()
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}
