import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { fileURLToPath } from 'node:url'

/** What is attached to the app: undefined nothing, else the recorder with this config. */
export type Contestant = object | undefined

/** What can be switched in a process. */
export type Switch = 'statements' | 'pool'

interface Used {
  readonly cpuUs: number
}

/** The app of this benchmark in a process of its own. */
export class QueriesApp implements AsyncDisposable {
  readonly #agent = new Agent({ keepAlive: true })

  private constructor(
    private readonly child: ChildProcess,
    private readonly port: number,
  ) {}

  static async start(databaseUrl: string, config: Contestant): Promise<QueriesApp> {
    const app = fileURLToPath(new URL('../../queries/app/app.cjs', import.meta.url))
    const register = import.meta.resolve('hotpath/register')
    const child = fork(app, {
      execArgv: config === undefined ? [] : ['--import', register],
      env: {
        ...process.env,
        NODE_ENV: 'production',
        NODE_OPTIONS: '',
        DATABASE_URL: databaseUrl,
        BENCH_CONFIG: JSON.stringify(config ?? {}),
        // Nobody listens: what is measured is the app, and not how fast somebody takes its telemetry.
        HOTPATH_ENDPOINT: 'http://127.0.0.1:1',
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    return new QueriesApp(child, port)
  }

  /** The answer to one request, and how long it took. */
  async request(page: string): Promise<{ readonly text: string; readonly ms: number }> {
    const startMs = performance.now()
    const text = await new Promise<string>((resolve, reject) => {
      const url = `http://127.0.0.1:${this.port}/${page}`
      const request = get(url, { agent: this.#agent }, response => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk
        })
        response.on('end', () => {
          if (response.statusCode === 200) resolve(body)
          else reject(new Error(`${page} answered ${response.statusCode}: ${body}`))
        })
      })
      request.on('error', reject)
    })
    return { text, ms: performance.now() - startMs }
  }

  /** Requests a second, and processor time of each, with `clients` that ask one after another. */
  async block(page: string, clients: number, ms: number): Promise<{ rate: number; cpuUs: number }> {
    const [startUs, startMs] = [await this.cpuUs(), performance.now()]
    let requests = 0
    const client = async () => {
      while (performance.now() - startMs < ms) {
        await this.request(page)
        requests++
      }
    }
    await Promise.all(Array.from({ length: clients }, client))
    const seconds = (performance.now() - startMs) / 1000
    return { rate: requests / seconds, cpuUs: ((await this.cpuUs()) - startUs) / requests }
  }

  /** Resolves when the process has done next to nothing for a while. */
  async idle(): Promise<void> {
    for (let beforeUs = await this.cpuUs(); ; ) {
      await new Promise(resolve => setTimeout(resolve, 200))
      const nowUs = await this.cpuUs()
      if (nowUs - beforeUs < 5_000) return
      beforeUs = nowUs
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
    const ended = once(this.child, 'exit')
    this.child.disconnect()
    await ended
  }

  /** Switches what is done with statements, or with pools, in a process that has it. No request may be under way. */
  async turn(what: Switch, on: boolean): Promise<void> {
    await this.ask({ ask: 'turn', what, on })
  }

  private async cpuUs(): Promise<number> {
    return (await this.ask({ ask: 'cpu' })).cpuUs
  }

  private async ask(
    what: { ask: 'cpu' } | { ask: 'turn'; what: Switch; on: boolean },
  ): Promise<Used> {
    const over = new AbortController()
    const { signal } = over
    const answer = once(this.child, 'message', { signal }) as Promise<[Used]>
    const ended = once(this.child, 'exit', { signal }).then(() => {
      throw new Error('the app of the benchmark ended')
    })
    this.child.send(what)
    try {
      return (await Promise.race([answer, ended]))[0]
    } finally {
      over.abort()
      await Promise.allSettled([answer, ended])
    }
  }
}
