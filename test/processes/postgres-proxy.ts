import { connect, createServer, type Server, type Socket } from 'node:net'

export interface ProxyOptions {
  /** Where the database listens, on 127.0.0.1. */
  readonly port: number
  /** Milliseconds that a round trip takes more: half of it each way. Default 0. */
  readonly roundTripMs?: number
}

/**
 * Stands between an application and its PostgreSQL: delays what passes, and counts what the
 * application sends, told by the messages of the protocol. So what is counted is what was on the wire,
 * whatever anybody's telemetry says. The connections must not be encrypted.
 *
 *     await using proxy = await PostgresProxy.start({ port: 5432, roundTripMs: 10 })
 *     const pool = new Pool({ host: '127.0.0.1', port: proxy.port })
 */
export class PostgresProxy implements AsyncDisposable {
  /** Texts that were sent to be run or prepared, in order; at most 100,000. */
  readonly texts: string[] = []
  /** Times that the application waited for the server: simple queries, and Syncs. */
  roundTrips = 0
  roundTripMs: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(options: ProxyOptions) {
    this.roundTripMs = options.roundTripMs ?? 0
    this.#server = createServer(client => this.#join(client, connect(options.port, '127.0.0.1')))
  }

  static async start(options: ProxyOptions): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(options)
    await new Promise<void>(resolve => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** The same database behind the proxy. */
  url(direct: string): string {
    const url = new URL(direct)
    url.host = `127.0.0.1:${this.port}`
    return url.href
  }

  /** Forgets what was counted. */
  reset(): void {
    this.texts.length = 0
    this.roundTrips = 0
  }

  /** Cuts every connection, as a network does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #join(client: Socket, server: Socket): void {
    const messages = new FrontendMessages((type, body) => this.#count(type, body))
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('data', chunk => {
        if (from === client) messages.add(chunk)
        this.#later(() => to.write(chunk))
      })
      from.on('error', () => to.destroy())
      from.on('end', () => this.#later(() => to.end()))
      from.on('close', () => {
        this.#sockets.delete(from)
        this.#later(() => to.destroy())
      })
    }
  }

  /** Timers of one length fire in the order in which they were set, so bytes keep theirs. */
  #later(pass: () => void): void {
    if (this.roundTripMs === 0) pass()
    else setTimeout(pass, this.roundTripMs / 2)
  }

  #count(type: string, body: Buffer): void {
    if (type === 'Q' || type === 'S') this.roundTrips++
    if (this.texts.length >= 100_000) return
    if (type === 'Q') this.texts.push(textAt(body, 0))
    if (type === 'P') this.texts.push(textAt(body, body.indexOf(0) + 1))
  }
}

function textAt(body: Buffer, start: number): string {
  return body.toString('utf8', start, body.indexOf(0, start))
}

/** Splits what an application sends into messages: a start-up without a type, then type, length, body. */
class FrontendMessages {
  #rest: Buffer = Buffer.alloc(0)
  #started = false

  constructor(private readonly see: (type: string, body: Buffer) => void) {}

  add(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (;;) {
      const head = this.#started ? 1 : 0
      if (this.#rest.length < head + 4) return
      const end = head + this.#rest.readInt32BE(head)
      if (this.#rest.length < end) return
      if (this.#started)
        this.see(String.fromCharCode(this.#rest[0] ?? 0), this.#rest.subarray(5, end))
      this.#started = true
      this.#rest = this.#rest.subarray(end)
    }
  }
}
