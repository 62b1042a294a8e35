import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Account, databaseAccount } from './account.js'
import { type Binaries, findBinaries } from './binaries.js'
import { freePort } from './ports.js'
import { makeScratch } from './scratch.js'
import { Tail } from './tail.js'

/** How long PostgreSQL may take to stop before it is killed. */
const STOP_MS = 10_000

/** A demo's data need not outlive the machine: no fsync, no log for tables filled where made. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '256MB',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '2GB',
  autovacuum: 'off',
}

/** A private PostgreSQL in a temporary directory, on 127.0.0.1, with a password made for it. */
export class Cluster {
  readonly #account: Account = databaseAccount()
  readonly #folder = makeScratch(this.#account)
  #server: ChildProcess | undefined

  /** Resolves with the URL once it takes connections; whatever happens, call `remove` at the end. */
  async start(): Promise<string> {
    const binaries = findBinaries(this.#folder, this.#account)
    const password = randomBytes(16).toString('hex')
    await this.#initialise(binaries, password)
    const port = await freePort()
    await this.#serve(binaries, port)
    return `postgres://shop:${password}@127.0.0.1:${port}/postgres`
  }

  /** Stops the server and deletes its directory. */
  async remove(): Promise<void> {
    const server = this.#server
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      const ended = once(server, 'exit')
      // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
      server.kill('SIGINT')
      const overdue = setTimeout(() => server.kill('SIGKILL'), STOP_MS)
      await ended
      clearTimeout(overdue)
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async #initialise({ initdb }: Binaries, password: string): Promise<void> {
    const passwordFile = join(this.#folder, 'password')
    writeFileSync(passwordFile, password, { mode: 0o600 })
    const { uid, gid } = this.#account
    if (uid !== undefined && gid !== undefined) chownSync(passwordFile, uid, gid)
    const child = this.#spawn(initdb, [
      `--pgdata=${join(this.#folder, 'data')}`,
      '--username=shop',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ])
    const output = collect(child)
    const [code] = (await once(child, 'close')) as [number | null]
    rmSync(passwordFile, { force: true })
    if (code !== 0) throw new Error(`PostgreSQL's initdb failed: ${output}`)
  }

  async #serve({ postgres }: Binaries, port: number): Promise<void> {
    const options = Object.entries({ ...settings, port: String(port) })
    const server = this.#spawn(postgres, [
      '-D',
      join(this.#folder, 'data'),
      ...options.flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ])
    this.#server = server
    const output = collect(server)
    await new Promise<void>((resolve, reject) => {
      server.stderr?.on('data', () => {
        if (output.toString().includes('ready to accept connections')) resolve()
      })
      server.on('error', reject)
      server.on('exit', () => reject(new Error(`PostgreSQL did not start: ${output}`)))
    })
  }

  /** Messages in English, for the one line that we wait for. */
  #spawn(program: string, args: readonly string[]): ChildProcess {
    return spawn(program, args, {
      ...this.#account,
      cwd: this.#folder,
      env: { ...process.env, LC_ALL: 'C', LANGUAGE: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }
}

function collect(child: ChildProcess): Tail {
  const output = new Tail()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => output.add(chunk))
  }
  return output
}
