import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Express } from 'express'
import { pool } from './db.js'

/** How long requests under way may take once the process was told to stop. */
const GRACE_MS = 5_000

/** Listens on loopback; on SIGTERM, SIGINT or the end of the parent: finishes what is under way, then ends. */
export async function serveUntilStopped(
  app: Express,
  port: number,
  label: string,
): Promise<Server> {
  const server = app.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const actual = typeof address === 'object' && address ? address.port : port
  console.log(`${label} listens on http://127.0.0.1:${actual}`)

  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    void finishAndEnd(server)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('disconnect', stop)
  return server
}

async function finishAndEnd(server: Server): Promise<void> {
  const overdue = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  // A connection that falls idle after close() would be kept for its next request.
  const idle = setInterval(() => server.closeIdleConnections(), 50)
  await new Promise(resolve => server.close(resolve))
  clearInterval(idle)
  clearTimeout(overdue)
  await pool.end()
  // The channel to the parent would keep the process alive.
  if (process.connected) process.disconnect()
}
