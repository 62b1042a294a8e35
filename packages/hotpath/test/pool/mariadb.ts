import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** Where Debian puts it. */
const PROGRAM = '/usr/sbin/mariadbd'

export interface MariaDb {
  readonly port: number
  /** `mysql://app@127.0.0.1:PORT/app`, no password. */
  readonly url: string
  stop(): Promise<void>
}

/** Why there is no MariaDB to test with; undefined when there is, or could be installed. */
export function missingMariaDb(): string | undefined {
  if (existsSync(PROGRAM)) return undefined
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0)
    return 'MariaDB is not installed (Debian: apt-get install mariadb-server)'
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['install', '-y', '--no-install-recommends', 'mariadb-server']
  if (spawnSync('apt-get', install, { stdio: 'ignore', env }).status !== 0) {
    spawnSync('apt-get', ['update'], { stdio: 'ignore' })
    spawnSync('apt-get', install, { stdio: 'ignore', env })
  }
  return existsSync(PROGRAM) ? undefined : 'MariaDB could not be installed with apt-get'
}

/** A MariaDB of the test's own, on a free port, with its data in a directory that goes with it. */
export async function startMariaDb(): Promise<MariaDb> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-mariadb-'))
  const data = join(folder, 'data')
  const account = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid)
  execFileSync(
    'mariadb-install-db',
    [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ],
    { ...account, stdio: 'ignore', cwd: folder },
  )
  const port = await freePort()
  const start = join(folder, 'start.sql')
  execFileSync('/bin/sh', ['-c', `cat > ${start}`], {
    ...account,
    // One statement a line.
    input: `create database if not exists app;
create user app@'127.0.0.1';
grant all on app.* to app@'127.0.0.1';
`,
  })
  const child = spawn(
    PROGRAM,
    [
      '--no-defaults',
      `--datadir=${data}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      `--socket=${join(folder, 'socket')}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--init-file=${start}`,
      '--innodb-flush-log-at-trx-commit=0',
    ],
    { ...account, stdio: 'ignore', cwd: folder },
  )
  for (const deadline = Date.now() + 60_000; !(await listens(port)); await wait(50)) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error('MariaDB did not start')
  }
  return {
    port,
    url: `mysql://app@127.0.0.1:${port}/app`,
    async stop() {
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const idOf = (flag: string): number =>
  Number(spawnSync('id', [flag, 'mysql'], { encoding: 'utf8' }).stdout)

/** The server says hello first: accepting alone is not yet serving. */
function listens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
    socket.once('data', () => {
      socket.destroy()
      resolve(true)
    })
  })
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
