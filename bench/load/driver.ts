import { Connection } from './connection.js'

/** One block of load: closed loop, so each connection sends as soon as its last answer is whole. */
export interface Block {
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly ms: number
}

export interface Driven {
  readonly requests: number
  readonly elapsedMs: number
}

/** The load's own process: it takes a `Block` from its parent and answers with `Driven`. */
process.on('message', (block: Block) => {
  drive(block).then(
    driven => process.send?.({ driven }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})

async function drive(block: Block): Promise<Driven> {
  const connections = Array.from(
    { length: block.connections },
    () => new Connection(block.port, block.path),
  )
  const startMs = performance.now()
  const endMs = startMs + block.ms
  const counts = await Promise.all(connections.map(connection => repeat(connection, endMs)))
  const elapsedMs = performance.now() - startMs
  for (const connection of connections) connection.close()
  return { requests: counts.reduce((a, b) => a + b, 0), elapsedMs }
}

async function repeat(connection: Connection, endMs: number): Promise<number> {
  let count = 0
  while (performance.now() < endMs) {
    const status = await connection.request()
    if (status !== 200) throw new Error(`the app answered ${status}`)
    count++
  }
  return count
}
