import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** A server of Debian's that a test starts for itself. */
export interface Server {
  readonly port: number
  stop(): Promise<void>
}

export interface Recipe {
  readonly program: string
  /** Servers refuse to run as root: they run as this user then. */
  readonly user: string
  readonly stopSignal: NodeJS.Signals
  /** Waits for the server's greeting, where it speaks first: to accept alone is not yet to serve. */
  readonly greets?: boolean
  /** Arguments of the program; what is written to the folder belongs to the user. */
  prepare(place: Place): readonly string[]
}

export interface Place {
  readonly port: number
  readonly folder: string
  /** Writes a file into the folder and gives its path. */
  write(name: string, text: string): string
  /** What runs another program as the same user, in the folder. */
  readonly options: { readonly cwd: string; readonly uid?: number; readonly gid?: number }
}

/** Why a program of a Debian package cannot be run; undefined when it can. `npm test` installs it first. */
export const missing = (program: string, debianPackage: string): string | undefined =>
  existsSync(program)
    ? undefined
    : `${program} is not installed (Debian: apt-get install ${debianPackage})`

/**
 * Starts a server, with its files in a folder that goes with it.
 *
 * @param at The port; by default a free one.
 */
export async function startServer(recipe: Recipe, at?: number): Promise<Server> {
  const { program, user, stopSignal } = recipe
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-server-'))
  const account = process.getuid?.() === 0 ? { uid: idOf('-u', user), gid: idOf('-g', user) } : {}
  const own = (path: string) => {
    if (account.uid !== undefined) chownSync(path, account.uid, account.gid)
    return path
  }
  own(folder)
  const port = at ?? (await freePort())
  const options = { ...account, cwd: folder }
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return own(join(folder, name))
  }
  const args = recipe.prepare({ port, folder, write, options })
  const child = spawn(program, args, { ...options, stdio: 'ignore' })
  await serving(port, child, recipe.greets === true ? 'data' : 'connect')
  return {
    port,
    async stop() {
      const exit = once(child, 'exit')
      child.kill(stopSignal)
      await exit
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const idOf = (flag: string, user: string): number =>
  Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout)

async function serving(port: number, child: ChildProcess, sign: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await wait(20)) {
    if (child.exitCode !== null) break
    const socket = connect(port, '127.0.0.1')
    const answered = await Promise.race([
      once(socket, sign).then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (answered) return
  }
  throw new Error(`${child.spawnfile} did not start (exit code ${child.exitCode})`)
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
