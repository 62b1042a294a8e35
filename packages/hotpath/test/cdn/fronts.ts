import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { missing, type Place, type Server, startServer } from '../pool/server.js'

/** docs/cdn.md, whose configurations these servers run with: what it says is what is tested. */
const page = readFileSync(new URL('../../../../docs/cdn.md', import.meta.url), 'utf8')

function snippet(language: string): string {
  const [, text] = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page) ?? []
  if (text === undefined) throw new Error(`docs/cdn.md has no ${language}`)
  return text
}

/** A text with a part replaced that must be there. */
function replaced(text: string, part: string, by: string): string {
  if (!text.includes(part)) throw new Error(`docs/cdn.md has no ${part}`)
  return text.replace(part, by)
}

/** A cache in front of an app, with what an operator would do to it. */
export interface Front {
  readonly url: string
  /** It ends and begins again, at the same address, with nothing in it. */
  restart(): Promise<void>
  /** Nobody can reach it, and it keeps what it has. */
  pause(): Promise<void>
  resume(): Promise<void>
  stop(): Promise<void>
}

/** Why they cannot be tested here; undefined: they can. */
export const noVarnish = (): string | undefined =>
  missing('/usr/sbin/varnishd', 'varnish') ??
  missing(`/usr/lib/${arch()}-linux-gnu/varnish/vmods/libvmod_xkey.so`, 'varnish-modules')
export const noNginx = (): string | undefined =>
  missing('/usr/sbin/nginx', 'nginx') ?? missing(PURGE_MODULE, 'libnginx-mod-http-cache-purge')

const PURGE_MODULE = '/usr/lib/nginx/modules/ngx_http_cache_purge_module.so'
const arch = (): string => (process.arch === 'arm64' ? 'aarch64' : 'x86_64')

/** Varnish with the VCL of the docs. */
export function startVarnish(appPort: number): Promise<Front> {
  return start('/usr/sbin/varnishd', 'vcache', ({ port, folder, write }) => {
    const vcl = replaced(snippet('vcl'), '.port = "3000"', `.port = "${appPort}"`)
    const at = ['-n', folder, '-a', `127.0.0.1:${port}`, '-T', 'none']
    return ['-F', '-j', 'none', ...at, '-s', 'malloc,32m', '-f', write('app.vcl', vcl)]
  })
}

/** nginx with the configuration of the docs. */
export function startNginx(appPort: number): Promise<Front> {
  return start('/usr/sbin/nginx', 'www-data', ({ port, folder, write }) => {
    let server = replaced(snippet('nginx'), 'listen 80', `listen 127.0.0.1:${port}`)
    server = replaced(server, '/var/cache/nginx/hotpath', join(folder, 'kept'))
    server = replaced(server, '127.0.0.1:3000', `127.0.0.1:${appPort}`)
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map(name => `${name}_temp_path ${folder};`)
      .join('\n')
    const text = `load_module ${PURGE_MODULE};
      pid ${folder}/pid; worker_processes 1; daemon off; error_log ${folder}/errors;
      events {}
      http { access_log off; ${temporary} ${server} }`
    return ['-e', `${folder}/errors`, '-p', folder, '-c', write('nginx.conf', text)]
  })
}

async function start(
  program: string,
  user: string,
  prepare: (place: Place) => readonly string[],
): Promise<Front> {
  const recipe = { program, user, stopSignal: 'SIGTERM', prepare } as const
  let server: Server = await startServer(recipe)
  const { port } = server
  const gate = await Gate.before(port)
  return {
    url: gate.url,
    async restart() {
      await server.stop()
      server = await startServer(recipe, port)
    },
    pause: () => gate.shut(),
    resume: () => gate.open(),
    async stop() {
      await gate.shut()
      await server.stop()
    },
  }
}

/** What connections pass through, so that a server can be away without being stopped. */
class Gate {
  readonly #sockets = new Set<Socket>()
  #server = createServer()
  #port = 0

  private constructor(private readonly target: number) {}

  static async before(target: number): Promise<Gate> {
    const gate = new Gate(target)
    await gate.open()
    return gate
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async open(): Promise<void> {
    this.#server = createServer(near => {
      const far = connect(this.target, '127.0.0.1')
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from)
        from.pipe(to)
        from.on('error', () => to.destroy())
        from.on('close', () => {
          this.#sockets.delete(from)
          to.destroy()
        })
      }
    })
    await new Promise<void>(resolve => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async shut(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (this.#server.listening) await new Promise(resolve => this.#server.close(resolve))
  }
}
