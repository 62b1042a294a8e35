import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Stands between an app and its server, and tells what went through. */
export interface Relay {
  readonly port: number
  /** What was sent towards the server. */
  readonly sent: () => string
  /** Connections that were opened so far. */
  readonly opened: () => number
  /** From now on nothing passes on the connections that are open; new ones work. */
  freeze(): void
  stop(): Promise<void>
}

export async function startRelay(target: number): Promise<Relay> {
  const chunks: Buffer[] = []
  const sockets = new Set<Socket>()
  let opened = 0
  const server = createServer(near => {
    opened++
    const far = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', chunk => {
        if (from === near) chunks.push(chunk)
        to.write(chunk)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.on('end', () => to.end())
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => Buffer.concat(chunks).toString('latin1'),
    opened: () => opened,
    freeze() {
      for (const socket of sockets) socket.removeAllListeners('data').pause()
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
