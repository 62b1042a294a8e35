import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** Where Debian puts it. */
const PROGRAM = '/usr/sbin/pgbouncer'

export interface PgBouncer {
  readonly port: number
  stop(): Promise<void>
}

/** Why there is no pgbouncer to test with; undefined when there is, or could be installed. */
export function missingPgBouncer(): string | undefined {
  if (existsSync(PROGRAM)) return undefined
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0)
    return 'pgbouncer is not installed (Debian: apt-get install pgbouncer)'
  const install = () =>
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'pgbouncer'], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  if (install().status !== 0) {
    spawnSync('apt-get', ['update'], { stdio: 'ignore' })
    install()
  }
  return existsSync(PROGRAM) ? undefined : 'pgbouncer could not be installed with apt-get'
}

/** A pgbouncer in transaction mode before the server on `port`, with two connections to it. */
export async function startPgBouncer(port: number): Promise<PgBouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-pgbouncer-'))
  const own = await freePort()
  const config = join(folder, 'pgbouncer.ini')
  const users = join(folder, 'users.txt')
  writeFileSync(users, '"postgres" ""\n')
  writeFileSync(
    config,
    `[databases]
* = host=127.0.0.1 port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = 2
`,
  )
  // It refuses to run as root.
  const account = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}
  if (account.uid !== undefined) {
    for (const path of [folder, config, users]) chownSync(path, account.uid, account.gid)
  }
  const child = spawn(PROGRAM, ['-q', config], { ...account, stdio: 'ignore', cwd: folder })
  await listening(own, child)
  return {
    port: own,
    async stop() {
      const exit = once(child, 'exit')
      child.kill('SIGINT')
      await exit
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const idOf = (flag: string): number =>
  Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await wait(20)) {
    if (child.exitCode !== null) break
    const socket = connect(port, '127.0.0.1')
    const answer = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (answer) return
  }
  throw new Error(`pgbouncer did not start (exit code ${child.exitCode})`)
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
