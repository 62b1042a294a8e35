import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { createClient } from 'redis'

export interface RedisServer {
  readonly url: string
  stop(): Promise<void>
}

/** A Redis of the benchmark's own, without persistence, on a free port of 127.0.0.1. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', args, { stdio: 'ignore', cwd: tmpdir() })
  const failed = once(child, 'error').then(([error]) => {
    throw new Error(`redis-server did not start: ${String(error)}`)
  })
  const url = `redis://127.0.0.1:${port}`
  // The client tries again until the server listens.
  const client = createClient({ url, socket: { reconnectStrategy: 20 } }).on('error', () => {})
  await Promise.race([client.connect(), failed])
  failed.catch(() => {})
  client.destroy()
  return {
    url,
    async stop() {
      const exit = once(child, 'exit')
      child.kill()
      await exit
    },
  }
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
