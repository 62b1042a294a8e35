import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { missing } from '../pool/server.js'

const REDIS = '/usr/bin/redis-server'
const MEMCACHED = '/usr/bin/memcached'

/** Why there is none to test with; undefined when there is, or could be installed. */
export const missingRedis = (): string | undefined => missing(REDIS, 'redis-server')
export const missingMemcached = (): string | undefined => missing(MEMCACHED, 'memcached')

/** A server of the test's own, which can be treated badly. */
export interface Server {
  readonly port: number
  /** SIGSTOP: connections stay, nothing is answered. */
  pause(): void
  resume(): void
  /** SIGKILL: connections are cut, and what it had is lost. */
  kill(): Promise<void>
  /** After `kill`: empty unless it keeps its data, on the same port. */
  start(): Promise<void>
  /** After `kill`: what it has written to its folder is gone. */
  forget(): void
  stop(): Promise<void>
}

/** A Redis without persistence. */
export function startRedis(...more: string[]): Promise<Server> {
  return startProgram(REDIS, port => [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    ...more,
  ])
}

export function startMemcached(): Promise<Server> {
  return startProgram(MEMCACHED, port => [
    '-p',
    String(port),
    '-l',
    '127.0.0.1',
    '-U',
    '0',
    '-m',
    '64',
    ...(process.getuid?.() === 0 ? ['-u', 'root'] : []),
  ])
}

/** Three masters. */
export async function startRedisCluster(): Promise<{ ports: number[]; stop(): Promise<void> }> {
  const mode = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']
  const servers = await Promise.all([1, 2, 3].map(() => startRedis(...mode)))
  const ports = servers.map(server => server.port)
  const addresses = ports.map(port => `127.0.0.1:${port}`)
  const cli = (...args: string[]) => execFileSync('redis-cli', args, { encoding: 'utf8' })
  cli('--cluster', 'create', ...addresses, '--cluster-yes')
  const ready = () =>
    ports.every(port => cli('-p', String(port), 'cluster', 'info').includes('cluster_state:ok'))
  await until(ready, 'the cluster to agree')
  return {
    ports,
    stop: async () => void (await Promise.all(servers.map(server => server.stop()))),
  }
}

/** A Redis with a replica, and one sentinel that puts the replica in its place when it dies. */
export async function startRedisSentinel(): Promise<{
  readonly port: number
  readonly master: Server
  readonly replica: Server
  stop(): Promise<void>
}> {
  const master = await startRedis()
  const replica = await startRedis('--replicaof', '127.0.0.1', String(master.port))
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-sentinel-'))
  const file = join(folder, 'sentinel.conf')
  const sentinel = await startProgram(REDIS, port => {
    // It writes into it what it learns.
    writeFileSync(
      file,
      `port ${port}
bind 127.0.0.1
sentinel monitor main 127.0.0.1 ${master.port} 1
sentinel down-after-milliseconds main 1000
sentinel failover-timeout main 5000
`,
    )
    return [file, '--sentinel']
  })
  const info = () =>
    execFileSync('redis-cli', ['-p', String(sentinel.port), 'sentinel', 'master', 'main'], {
      encoding: 'utf8',
    })
  await until(() => /num-slaves\n1\n/.test(info()), 'the sentinel to know the replica')
  return {
    port: sentinel.port,
    master,
    replica,
    async stop() {
      for (const server of [sentinel, replica, master]) await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startProgram(
  program: string,
  args: (port: number) => readonly string[],
): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-cache-'))
  const port = await freePort()
  let child: ChildProcess
  const start = async () => {
    child = spawn(program, args(port), { cwd: folder, stdio: 'ignore' })
    await until(() => accepts(port), `${program} to start`)
  }
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  await start()
  return {
    port,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill,
    start,
    forget() {
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder)
    },
    async stop() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function until(
  done: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = 30_000,
): Promise<void> {
  for (const end = Date.now() + deadlineMs; Date.now() < end; await wait(10))
    if (await done()) return
  throw new Error(`waited in vain for ${what}`)
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const accepted = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return accepted
}

/** A cluster talks on `port + 10,000` too, which must be below 65,536. */
async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    if (port <= 55_535) return port
  }
}

/** For programs that a test runs to look at a server. */
export const redisCli = (port: number, ...args: string[]): string =>
  spawnSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8' }).stdout.trim()
