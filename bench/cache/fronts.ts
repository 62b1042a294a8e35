import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { treeCpuUs } from '../measure/cpu.js'
import { freePort } from './redis-server.js'

/** A cache of others in front of an app, for the record. */
export interface Front {
  readonly port: number
  /** Of all its processes. */
  cpuUs(): number
  stop(): Promise<void>
}

interface Recipe {
  readonly program: string
  /** What it runs as where we are root. */
  readonly user: string
  args(at: { readonly folder: string; readonly port: number; readonly appPort: number }): string[]
}

const nginx: Recipe = {
  program: '/usr/sbin/nginx',
  user: 'www-data',
  args: ({ folder, port, appPort }) => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map(name => `${name}_temp_path ${folder};`)
      .join('\n')
    writeFileSync(
      join(folder, 'nginx.conf'),
      `pid ${folder}/pid; worker_processes 1; daemon off; error_log ${folder}/errors;
      events {}
      http {
        access_log off; keepalive_requests 100000000; ${temporary}
        proxy_cache_path ${folder}/kept keys_zone=kept:10m max_size=1g;
        server {
          listen 127.0.0.1:${port};
          location / { proxy_pass http://127.0.0.1:${appPort}; proxy_cache kept; proxy_cache_valid 200 1h; }
        }
      }`,
    )
    return ['-e', `${folder}/errors`, '-p', folder, '-c', join(folder, 'nginx.conf')]
  },
}

const varnish: Recipe = {
  program: '/usr/sbin/varnishd',
  user: 'vcache',
  args: ({ folder, port, appPort }) => {
    const at = ['-F', '-j', 'none', '-n', folder, '-a', `127.0.0.1:${port}`, '-T', 'none']
    return [...at, '-s', 'malloc,32m', '-t', '3600', '-b', `127.0.0.1:${appPort}`]
  },
}

/** nginx (one worker) and Varnish in front of an app, each with a plain cache; those that are installed. */
export async function startFronts(appPort: number): Promise<ReadonlyMap<string, Front>> {
  const fronts = new Map<string, Front>()
  for (const [name, recipe] of Object.entries({ nginx, varnish }))
    if (existsSync(recipe.program)) fronts.set(name, await start(recipe, appPort))
  return fronts
}

async function start({ program, user, args }: Recipe, appPort: number): Promise<Front> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-bench-front-'))
  const port = await freePort()
  const account = process.getuid?.() === 0 ? { uid: idOf('-u', user), gid: idOf('-g', user) } : {}
  const words = args({ folder, port, appPort })
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid)
  const child = spawn(program, words, { stdio: 'ignore', cwd: folder, ...account })
  await listening(child, port)
  return {
    port,
    cpuUs: () => treeCpuUs(child.pid ?? 0),
    async stop() {
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const idOf = (flag: string, user: string): number =>
  Number(execFileSync('id', [flag, user], { encoding: 'utf8' }))

async function listening(child: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`)
    const socket = connect(port, '127.0.0.1')
    const open = await new Promise<boolean>(resolve => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (open) return
    await wait(20)
  }
}
