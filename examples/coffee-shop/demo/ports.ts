import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * `wanted` when nothing listens there, else another that is free. On 127.0.0.1. Not one that the system
 * gives: it gives the same ones to connections, and one of those may have it by the time it is used.
 */
export async function freePort(wanted = drawn()): Promise<number> {
  const probe = createServer()
  probe.listen(wanted, '127.0.0.1')
  try {
    await once(probe, 'listening')
  } catch {
    return freePort()
  }
  probe.close()
  await once(probe, 'close')
  return wanted
}

/** Below those that Linux (32768), macOS and Windows (49152) give to connections. */
const drawn = (): number => 20_000 + Math.floor(Math.random() * 12_000)
