import { connect, type Socket } from 'node:net'

const headEnd = Buffer.from('\r\n\r\n')

/** The bytes of a GET. */
export const get = (port: number, path: string): Buffer =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`)

/**
 * One keep-alive connection that has one request under way at a time. It reads no more of an answer
 * than where it ends, so that the driver takes little of the processor that it shares with the app:
 * node:http's client costs more for each request than a bare handler.
 */
export class Connection {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #settle: { resolve: (status: number) => void; reject: (error: Error) => void } | undefined

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', chunk => this.#take(chunk))
    this.#socket.on('error', error => this.#settle?.reject(error))
    this.#socket.on('close', () => this.#settle?.reject(new Error('the app closed the connection')))
  }

  /** Sends the bytes of a request and resolves with the status once the whole answer is here. */
  request(...parts: readonly Uint8Array[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#socket.cork()
      for (const part of parts) this.#socket.write(part)
      this.#socket.uncork()
    })
  }

  close(): void {
    this.#settle = undefined
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const end = this.#received.indexOf(headEnd)
    if (end === -1) return
    const head = this.#received.toString('latin1', 0, end)
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
    if (length === undefined) {
      this.#settle?.reject(new Error(`an answer without content-length:\n${head}`))
      return
    }
    if (this.#received.length < end + headEnd.length + Number(length)) return
    const settle = this.#settle
    this.#received = Buffer.alloc(0)
    this.#settle = undefined
    settle?.resolve(Number(head.slice(9, 12)))
  }
}
