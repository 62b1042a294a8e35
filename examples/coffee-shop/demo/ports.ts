import { once } from 'node:events'
import { createServer } from 'node:net'

/** `wanted` when nothing listens there, else a port that the system gives. On 127.0.0.1. */
export async function freePort(wanted = 0): Promise<number> {
  const probe = createServer()
  probe.listen(wanted, '127.0.0.1')
  try {
    await once(probe, 'listening')
  } catch {
    return freePort()
  }
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : freePort()
}
