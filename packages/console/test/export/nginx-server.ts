import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PROGRAM = '/usr/sbin/nginx'

/** Why there is no nginx here; undefined: there is. `npm test` installs it first. */
export const nginxMissing = (): string | undefined =>
  existsSync(PROGRAM) ? undefined : 'nginx is not installed (Debian: apt-get install nginx)'

/** Where an nginx of its own listens, and where it may keep answers. */
export interface NginxPlace {
  readonly listen: string
  readonly cachePath: string
}

/** Runs `use` with a real nginx that has this in its http block. */
export async function withNginx<T>(
  http: (place: NginxPlace) => string,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-nginx-'))
  const listen = `127.0.0.1:${await freePort()}`
  mkdirSync(join(folder, 'kept'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${folder};`)
    .join('\n')
  // Its worker runs as who started it, so that the folder is its own.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `${user} pid ${folder}/pid; worker_processes 1; daemon off; error_log ${folder}/errors;
events {}
http {
access_log off; ${temporary}
${http({ listen, cachePath: join(folder, 'kept') })}
}`,
  )
  const child = spawn(PROGRAM, ['-e', `${folder}/errors`, '-p', folder, '-c', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', chunk => (said += String(chunk)))
  const ended = once(child, 'exit')
  try {
    for (const endMs = performance.now() + 10_000; !(await answers(listen)); await sleep(20))
      if (child.exitCode !== null || performance.now() > endMs)
        throw new Error(`nginx does not listen: ${said}`)
    return await use(`http://${listen}`)
  } finally {
    child.kill('SIGQUIT')
    const timer = setTimeout(() => child.kill('SIGTERM'), 1_000)
    await ended
    clearTimeout(timer)
    rmSync(folder, { recursive: true })
  }
}

function answers(address: string): Promise<boolean> {
  const [host = '', port] = address.split(':')
  return new Promise(resolve => {
    const socket = connect(Number(port), host)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
