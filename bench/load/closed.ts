import { Connection, get } from './connection.js'

/**
 * Each connection sends as soon as its last answer is whole: finds the throughput at saturation. It
 * says nothing about latency, since it sends less when the app is slow.
 */
export interface ClosedBlock {
  readonly kind: 'closed'
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly ms: number
}

export interface ClosedResult {
  readonly requests: number
  readonly elapsedMs: number
}

export async function closedLoop(block: ClosedBlock): Promise<ClosedResult> {
  const request = get(block.port, block.path)
  const connections = Array.from({ length: block.connections }, () => new Connection(block.port))
  const startMs = performance.now()
  const endMs = startMs + block.ms
  try {
    const counts = await Promise.all(
      connections.map(connection => repeat(connection, request, endMs)),
    )
    const elapsedMs = performance.now() - startMs
    return { requests: counts.reduce((a, b) => a + b, 0), elapsedMs }
  } finally {
    for (const connection of connections) connection.close()
  }
}

async function repeat(connection: Connection, request: Buffer, endMs: number): Promise<number> {
  let count = 0
  while (performance.now() < endMs) {
    const status = await connection.request(request)
    if (status !== 200) throw new Error(`the app answered ${status}`)
    count++
  }
  return count
}
