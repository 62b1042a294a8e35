import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initialise } from '@hotpath/test/postgres'
import pg from 'pg'

/** A PostgreSQL of Debian's with hypopg, for a suite of databases. */
export interface IndexServer {
  /** The address of a database of it. */
  urlOf(database: string, user?: string): string
  /** Runs SQL in a database, statement by statement. */
  run(database: string, ...statements: readonly string[]): Promise<void>
  /** Whether a question of one truth is answered with it, in the database `postgres`. */
  holds(question: string): Promise<boolean>
  stop(): Promise<void>
}

const root = '/usr/lib/postgresql'
const bin = (): string | undefined =>
  existsSync(root)
    ? readdirSync(root)
        .sort((a, b) => Number(b) - Number(a))
        .map(version => join(root, version, 'bin'))
        .find(path => existsSync(join(path, 'initdb')))
    : undefined

/** Why there is no such server on this machine; undefined where there is. */
export function lacking(): string | undefined {
  const path = bin()
  if (path === undefined) return 'no PostgreSQL: apt-get install postgresql'
  const version = path.split('/').at(-2)
  return existsSync(`/usr/share/postgresql/${version}/extension/hypopg.control`)
    ? undefined
    : `no hypopg: apt-get install postgresql-${version}-hypopg`
}

export async function startIndexServer(settings: readonly string[] = []): Promise<IndexServer> {
  const directory = mkdtempSync(join(tmpdir(), 'hotpath-index-'))
  const account = postgresAccount()
  if (account.uid !== undefined) chownSync(directory, account.uid, account.gid ?? account.uid)
  const path = bin() ?? ''
  const data = join(directory, 'data')
  const how = { stdio: 'ignore', cwd: directory, ...account } as const
  mkdirSync(data, { mode: 0o700 })
  if (account.uid !== undefined) chownSync(data, account.uid, account.gid ?? account.uid)
  initialise(path, data, account, '--locale=C.UTF-8')
  const port = await freePort()
  const child = spawn(
    join(path, 'postgres'),
    [
      '-D',
      data,
      ...[
        `port=${port}`,
        'listen_addresses=127.0.0.1',
        'unix_socket_directories=',
        'fsync=off',
        'full_page_writes=off',
        'autovacuum=off',
        'max_wal_size=4GB',
        ...settings,
      ].flatMap(one => ['-c', one]),
    ],
    how,
  )
  const urlOf = (database: string, user = 'postgres'): string =>
    `postgres://${user}@127.0.0.1:${port}/${database}`
  const run = async (database: string, ...statements: readonly string[]): Promise<void> => {
    const client = new pg.Client({ connectionString: urlOf(database) })
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }
  await answering(child, () => run('postgres', 'select 1'))
  return {
    urlOf,
    run,
    holds: async question => {
      const client = new pg.Client({ connectionString: urlOf('postgres') })
      await client.connect()
      try {
        const { rows } = await client.query<boolean[]>({ text: question, rowMode: 'array' })
        return rows[0]?.[0] === true
      } finally {
        await client.end()
      }
    },
    stop: () =>
      new Promise(resolve => {
        child.once('exit', () => {
          rmSync(directory, { recursive: true, force: true })
          resolve()
        })
        child.kill('SIGINT')
      }),
  }
}

/** Whether such a statement waits for another transaction. */
export const isAtWork = (verb: string): string =>
  `select exists(select from pg_stat_activity where query like '${verb} INDEX%' and wait_event_type = 'Lock')`

export async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, 'it took too long')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

async function answering(child: ChildProcess, ask: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (child.exitCode !== null || Date.now() > deadline) throw error
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}

/** PostgreSQL refuses to run as root. */
function postgresAccount(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres']).toString())
  return { uid: id('-u'), gid: id('-g') }
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
