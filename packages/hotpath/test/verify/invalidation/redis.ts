import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TagChannel } from '../../../dist/config/tag-channel.js'

/** A Redis of the test's own; undefined where the machine has none. */
export async function startRedis(): Promise<{ port: number; stop(): Promise<void> } | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'hotpath-redis-'))
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory]
  const child: ChildProcess = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const started = await new Promise<boolean>(resolve => {
    child.once('error', () => resolve(false))
    child.once('exit', () => resolve(false))
    child.stdout?.on('data', data => {
      if (String(data).includes('Ready to accept')) resolve(true)
    })
  })
  const clean = () => rmSync(directory, { recursive: true, force: true })
  if (!started) {
    clean()
    return undefined
  }
  return {
    port,
    async stop() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
      clean()
    },
  }
}

/** Publish and subscribe in the least of Redis's protocol: the drivers' own clients are tested with them. */
export class RedisChannel implements TagChannel {
  private readonly sockets = new Set<Socket>()

  constructor(private readonly port: number) {}

  private publisher: Socket | undefined

  publish(message: string): Promise<void> {
    this.publisher ??= this.open()
    const socket = this.publisher
    return new Promise((resolve, reject) => {
      if (socket.destroyed) {
        this.publisher = undefined
        reject(new Error('the connection was lost'))
        return
      }
      socket.write(command('PUBLISH', 'hotpath', message), error =>
        error ? reject(error) : resolve(),
      )
    })
  }

  async subscribe(
    onMessage: (message: string) => void,
    onGap: () => void,
  ): Promise<() => Promise<void>> {
    const socket = this.open()
    let buffered = Buffer.alloc(0)
    let ready: () => void = () => {}
    const subscribed = new Promise<void>(resolve => {
      ready = resolve
    })
    socket.on('data', data => {
      buffered = Buffer.concat([buffered, data])
      for (;;) {
        const parsed = parts(buffered)
        if (parsed === undefined) return
        buffered = buffered.subarray(parsed.end)
        if (parsed.texts[0] === 'subscribe') ready()
        else if (parsed.texts[0] === 'message') onMessage(parsed.texts[2] ?? '')
      }
    })
    socket.on('close', onGap)
    socket.write(command('SUBSCRIBE', 'hotpath'))
    await subscribed
    return () => Promise.resolve(void socket.destroy())
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  private open(): Socket {
    const socket = connect(this.port, '127.0.0.1')
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => this.sockets.delete(socket))
    this.sockets.add(socket)
    return socket
  }
}

function command(...words: readonly string[]): string {
  const bulk = words.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
  return `*${words.length}\r\n${bulk.join('')}`
}

/** One push of Redis: a list of texts and numbers; undefined while it is not complete. */
function parts(buffer: Buffer): { texts: string[]; end: number } | undefined {
  let at = 0
  const line = (): string | undefined => {
    const end = buffer.indexOf('\r\n', at)
    if (end < 0) return undefined
    const text = buffer.toString('utf8', at, end)
    at = end + 2
    return text
  }
  const head = line()
  if (head === undefined) return undefined
  const texts: string[] = []
  for (let n = Number(head.slice(1)); n > 0; n--) {
    const kind = line()
    if (kind === undefined) return undefined
    if (kind.startsWith(':')) {
      texts.push(kind.slice(1))
      continue
    }
    const length = Number(kind.slice(1))
    if (buffer.length < at + length + 2) return undefined
    texts.push(buffer.toString('utf8', at, at + length))
    at += length + 2
  }
  return { texts, end: at }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
