import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** Up is towards the server. */
export type Way = 'up' | 'down'

interface Pipe {
  readonly near: Socket
  readonly far: Socket
}

/** What PostgreSQL says when a transaction has been committed. */
const COMMITTED = Buffer.from('COMMIT\0')

/** Stands between a process and its server, and treats its connections badly: cut, or deaf on one side. */
export class Relay {
  /** Is called in place of passing on that a COMMIT was done. True: the answer is not passed on. */
  onCommit: (() => boolean) | undefined
  private readonly pipes = new Set<Pipe>()
  private readonly held = new Map<Way, Buffer[]>()
  private readonly waiting: [Socket, Buffer][] = []

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', near => this.join(near))
  }

  static async start(target: number): Promise<Relay> {
    const relay = new Relay(createServer(), target)
    await new Promise<void>(resolve => relay.server.listen(0, '127.0.0.1', resolve))
    return relay
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** What goes this way arrives when it is released, or never. */
  hold(way: Way): void {
    if (!this.held.has(way)) this.held.set(way, [])
  }

  /** @param arrives What was held arrives now, late; else its connections are cut. */
  release(arrives: boolean): void {
    const late = this.waiting.splice(0)
    this.held.clear()
    if (!arrives) this.cut()
    else for (const [to, chunk] of late) if (!to.destroyed) to.write(chunk)
  }

  cut(): void {
    for (const { near, far } of this.pipes) {
      near.destroy()
      far.destroy()
    }
  }

  async stop(): Promise<void> {
    this.cut()
    await new Promise(resolve => this.server.close(resolve))
  }

  private join(near: Socket): void {
    const far = connect(this.target, '127.0.0.1')
    const pipe = { near, far }
    this.pipes.add(pipe)
    this.pass(near, far, 'up')
    this.pass(far, near, 'down')
    const end = () => {
      this.pipes.delete(pipe)
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) {
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', end)
    }
  }

  private pass(from: Socket, to: Socket, way: Way): void {
    from.on('data', chunk => {
      if (way === 'down' && this.onCommit !== undefined && chunk.includes(COMMITTED)) {
        if (this.onCommit()) return
      }
      if (this.held.has(way)) this.waiting.push([to, chunk])
      else to.write(chunk)
    })
  }
}
