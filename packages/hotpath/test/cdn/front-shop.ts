import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { outsideTriggers } from '../../dist/config.js'
import { type Relay, startRelay } from '../pool/relay.js'
import { freePort } from '../pool/server.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { until } from '../serve/cached-server.js'
import { type Front, startNginx, startVarnish } from './fronts.js'

const app = (name: string): string =>
  fileURLToPath(new URL(`../../test/apps/${name}`, import.meta.url))

/** As many equal answers as a policy needs, and some to compile the code. */
const EARNS = 22

/** What came through the front, or past it. */
export interface Seen {
  readonly price: number
  readonly headers: Headers
}

/** The shop of test/apps in a process of its own with `hotpath/register`, a database, and a real cache in front. */
export class FrontShop {
  stderr = ''
  #child: ChildProcess | undefined

  private constructor(
    readonly postgres: Postgres,
    readonly front: Front,
    readonly port: number,
    private readonly kind: 'varnish' | 'nginx',
    /** Between front and app. */
    private readonly relay: Relay,
  ) {}

  static async start(kind: 'varnish' | 'nginx'): Promise<FrontShop> {
    const postgres = await startPostgres()
    const port = await freePort()
    const relay = await startRelay(port)
    const front = await (kind === 'nginx' ? startNginx : startVarnish)(relay.port)
    const shop = new FrontShop(postgres, front, port, kind, relay)
    await shop.sql('create table menu (id int primary key, price int)')
    await shop.sql('insert into menu select n, 1 from generate_series(1, 20) n')
    await shop.sql('create table specials (id int primary key, price int)')
    await shop.sql('insert into specials values (1, 1)')
    await shop.sql(outsideTriggers(['specials']))
    await shop.launch()
    return shop
  }

  /** Begins the app; the policy of a dish earns that it serves. */
  async launch(): Promise<void> {
    const child = spawn(process.execPath, ['--import', 'hotpath/register', app('front-shop.mjs')], {
      env: {
        ...process.env,
        PORT: String(this.port),
        DATABASE_URL: this.postgres.url,
        FRONT: this.kind,
        FRONT_URL: this.front.url,
        LISTEN: 'yes',
        HOTPATH_CONFIG: app('front-shop.config.mjs'),
        HOTPATH_ENDPOINT: 'http://127.0.0.1:1',
      },
    })
    this.#child = child
    child.stderr?.on('data', chunk => void (this.stderr += String(chunk)))
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    await this.earn('/dishes/1')
  }

  /** The policy of this path earns that it serves. */
  async earn(path: string): Promise<void> {
    await until(async () => {
      for (let n = 0; n < EARNS; n++) await this.direct(path)
      return (await this.direct(path)).headers.get('cdn-cache-control') !== 'no-store'
    }, `${path} to be for a CDN: ${this.stderr}`)
  }

  /** How often the front has asked the app for this. */
  asked(path: string): number {
    return this.relay.sent().split(`GET ${path} `).length - 1
  }

  /** Through the front. */
  async read(path: string, headers: Record<string, string> = {}): Promise<Seen> {
    return seen(await fetch(`${this.front.url}${path}`, { headers }))
  }

  /** Past the front, with what it would have been told. */
  async direct(path: string, headers: Record<string, string> = {}): Promise<Seen> {
    return seen(await fetch(`http://127.0.0.1:${this.port}${path}`, { headers }))
  }

  /** By the API, acknowledged; not waiting for any purge. */
  async write(id: number, price: number, options = ''): Promise<void> {
    const response = await this.#post(`/dishes/${id}/${price}${options}`)
    if (response.status !== 200) throw new Error(`POST answered ${response.status}`)
  }

  /** Whether all that was written before was purged, or given up. */
  async purged(): Promise<boolean> {
    return ((await (await this.#post('/purged')).json()) as { purged: boolean }).purged
  }

  async sql(text: string): Promise<void> {
    const client = new pg.Client(this.postgres.url)
    await client.connect()
    try {
      await client.query(text)
    } finally {
      await client.end()
    }
  }

  /** The process has done its work; resolves when it has ended. */
  async end(): Promise<number> {
    const { exitCode } = this.#child as ChildProcess
    if (exitCode !== null) return exitCode
    const exit = once(this.#child as ChildProcess, 'exit')
    await this.#post('/end')
    const [code] = (await exit) as [number]
    return code
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  async stop(): Promise<void> {
    await this.kill()
    await this.front.stop()
    await this.relay.stop()
    await this.postgres.stop()
  }

  #post(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, { method: 'POST' })
  }
}

async function seen(response: Response): Promise<Seen> {
  const body = (await response.json()) as { price?: number } | { id: number; price: number }[]
  const price = Array.isArray(body) ? body.find(({ id }) => id === 1)?.price : body.price
  return { price: price ?? Number.NaN, headers: response.headers }
}
