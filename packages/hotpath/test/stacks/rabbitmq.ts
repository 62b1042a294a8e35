import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort, missing } from '../pool/server.js'

/** Where Debian puts it; the script of the same name in /usr/sbin changes the user by itself. */
const PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server'

export const missingRabbitMq = (): string | undefined => missing(PROGRAM, 'rabbitmq-server')

export interface RabbitMq {
  readonly url: string
  stop(): Promise<void>
}

/** A RabbitMQ of the test's own, with a mapper of Erlang's ports of its own: neither outlives the test. */
export async function startRabbitMq(): Promise<RabbitMq> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-rabbitmq-'))
  const [port, mapperPort, innerPort] = await Promise.all([freePort(), freePort(), freePort()])
  const account = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}
  const own = (path: string) => {
    if (account.uid !== undefined) chownSync(path, account.uid, account.gid)
    return path
  }
  const within = (name: string) => {
    const path = join(folder, name)
    mkdirSync(path)
    return own(path)
  }
  own(folder)
  const config = join(folder, 'rabbitmq.conf')
  writeFileSync(config, 'loopback_users = none\n')
  own(config)
  writeFileSync(join(folder, 'plugins'), '[].\n')
  own(join(folder, 'plugins'))
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    ERL_EPMD_PORT: String(mapperPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `hotpath${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(innerPort),
    RABBITMQ_MNESIA_BASE: within('data'),
    RABBITMQ_LOG_BASE: within('log'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
  }
  const options = { ...account, cwd: folder, env, stdio: 'ignore' } as const
  const mapper = spawn('epmd', ['-port', String(mapperPort), '-address', '127.0.0.1'], options)
  await until(() => answers(mapperPort))
  const server = spawn(PROGRAM, [], { ...options, detached: true })
  await until(() => {
    if (server.exitCode !== null) throw new Error(`RabbitMQ ended with ${server.exitCode}`)
    return speaks(port)
  })
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    async stop() {
      const ended = [once(server, 'exit'), once(mapper, 'exit')]
      // The script and the Erlang that it started are one group.
      process.kill(-(server.pid as number), 'SIGKILL')
      mapper.kill('SIGKILL')
      await Promise.all(ended)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const idOf = (flag: string): number =>
  existsSync(PROGRAM) ? Number(execFileSync('id', [flag, 'rabbitmq']).toString()) : 0

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 90_000; Date.now() < deadline; await wait(50))
    if (await holds()) return
  throw new Error('RabbitMQ did not start')
}

const answers = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

/** It listens before it is ready, and then answers the first eight bytes of AMQP. */
const speaks = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write('AMQP\0\0\u0009\u0001'))
    socket.setTimeout(2_000, () => socket.destroy())
    socket.once('data', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
